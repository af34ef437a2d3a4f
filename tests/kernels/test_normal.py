"""Passes over a batch that is normalised, against the formulas in numpy."""

import numpy as np
import pytest

from skmtl.kernels import normal

RNG = np.random.RandomState(0)
CLOSE = {"float32": {"rtol": 2e-5, "atol": 2e-5}, "float64": {"rtol": 1e-12, "atol": 1e-12}}


def _batch(dtype, rectified, n=70, width=6):
    """More rows than are added up at once, far from 0."""
    rows, slopes = (RNG.normal(size=(n, width)).astype(dtype) for _ in range(2))
    numbers = RNG.normal(size=(3, width)).astype(dtype)
    return rows + 5, slopes, normal.Scaling(numbers[0] + 5, numbers[1], numbers[2], rectified)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_moments(dtype):
    rows, _, scaling = _batch(dtype, False)
    out = np.ones((2, 6))
    normal.moments(rows, scaling.centre, out)
    away = rows.astype(float) - scaling.centre
    np.testing.assert_allclose(out, 1 + np.stack([away.sum(axis=0), (away**2).sum(axis=0)]), **CLOSE[dtype])


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scaling_and_its_way_back(dtype, rectified):
    rows, slopes, scaling = _batch(dtype, rectified)
    away = rows.astype(float) - scaling.centre
    expected = away * scaling.scale + scaling.shift
    slope = slopes * (expected > 0) if rectified else slopes
    out = np.empty_like(rows)
    normal.scaled(rows, scaling, out)
    np.testing.assert_allclose(out, np.maximum(expected, 0) if rectified else expected, **CLOSE[dtype])
    sums = np.ones((2, 6))
    normal.slope_sums(slopes, rows, scaling, sums)
    np.testing.assert_allclose(
        sums, 1 + np.stack([slope.sum(axis=0), (slope * away).sum(axis=0)]), **CLOSE[dtype]
    )
    means = RNG.normal(size=(2, 6)).astype(dtype)
    normal.slopes_back(slopes, rows, scaling, means, out)
    np.testing.assert_allclose(out, scaling.scale * (slope - means[0] - means[1] * away), **CLOSE[dtype])
