"""Cells of pixels and interpolated maps against their slow twins."""

import naive
import naive_grids
import numpy as np
import pytest

from skmtl.feature_extraction._geometry import Between, between
from skmtl.kernels.grids import enlarge, pool_cells, shrink

ROUNDING = {np.float32: {"rtol": 1e-5, "atol": 1e-6}, np.float64: {"rtol": 1e-10, "atol": 1e-12}}
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def _random(shape, dtype):
    return np.random.RandomState(0).normal(size=shape).astype(dtype)


@DTYPES
@pytest.mark.parametrize("shape", [(7, 9, 2), (8, 4, 3), (1, 1, 1), (2, 5, 1)])
@pytest.mark.parametrize("factor", [1, 2, 3, 8])
def test_shrink(shape, factor, dtype):
    image = _random(shape, dtype)
    small = naive.reduce(image, factor)
    rows, columns = (np.arange(length)[::-1].repeat(2) for length in small.shape[:2])
    out = np.empty((len(rows), len(columns), shape[2]), dtype)
    shrink(image, factor, rows, columns, out)
    np.testing.assert_allclose(out, small[rows[:, None], columns], **ROUNDING[dtype])


def test_sums_of_many_large_pixels_are_exact():
    image = np.full((300, 300, 1), 65535, np.float32)
    image[0, 0] = 65535 - 45000
    out = np.empty((1, 1, 1), np.float32)
    shrink(image, 300, np.array([0]), np.array([0]), out)
    np.testing.assert_array_equal(out, np.float32(65534.5))


@DTYPES
@pytest.mark.parametrize("shape", [(7, 9), (8, 4), (1, 1), (2, 5)])
@pytest.mark.parametrize("factor", [1, 2, 3, 8])
def test_enlarge(shape, factor, dtype):
    cells = [-(-length // factor) for length in shape]
    maps = _random((*cells, 3), dtype)
    axes = [between(np.arange(length), factor, length, dtype) for length in shape]
    out = np.full((shape[0] + 3, shape[1] + 1, 6), 7, dtype)
    enlarge(maps, *axes, out, (2, 1, 2))
    inside = out[2:-1, 1:, 2:5]
    np.testing.assert_allclose(inside, naive.enlarge(maps, factor, shape), **ROUNDING[dtype])
    inside[:] = 7
    np.testing.assert_array_equal(out, 7)


def test_enlarge_by_hand():
    maps = np.array([[[0.0], [4.0]], [[8.0], [12.0]]])
    quarter = Between(np.array([0]), np.array([1]), np.array([0.25]))
    out = np.empty((1, 1, 1))
    enlarge(maps, quarter, quarter, out, (0, 0, 0))
    np.testing.assert_array_equal(out, 3.0)


@DTYPES
@pytest.mark.parametrize(
    ("shape", "cell"), [((7, 9), 2), ((8, 4), 4), ((1, 1), 3), ((5, 6), 1), ((3, 10), 8)]
)
def test_pool_cells(shape, cell, dtype):
    maps = _random((*shape, 5), dtype)
    expected = naive_grids.cell_means(maps, cell)
    out = np.full((expected.shape[0] + 2, expected.shape[1] + 1, 8), 7, dtype)
    pool_cells(maps, cell, out, (1, 1, 2))
    inside = out[1:-1, 1:, 2:7]
    np.testing.assert_allclose(inside, expected, **ROUNDING[dtype])
    inside[:] = 7
    np.testing.assert_array_equal(out, 7)
