"""Convolution whose maps are kept: values and derivatives against their slow twins."""

import numpy as np
import pytest
from naive_layers import map_slopes as naive_slopes
from naive_layers import padded_maps

from skmtl.kernels import map_slopes, maps
from skmtl.kernels._tiles import FILTERS

RNG = np.random.RandomState(0)
SUMS = {"float32": {"rtol": 3e-5, "atol": 3e-5}, "float64": {"rtol": 1e-11, "atol": 1e-11}}
# (h, w, c), filters, size, stride: Winograd's way both ways, one way, none; strides beyond the size; odd
CASES = [
    ((4, 5, FILTERS), FILTERS, 3, 1),
    ((3, 4, FILTERS + 1), 2, 3, 1),
    ((5, 6, 2), FILTERS + 3, 3, 2),
    ((6, 4, 3), 2, 4, 3),
    ((5, 3, 2), 3, 1, 2),
    ((7, 6, 2), 2, 2, 3),
    ((1, 1, 1), 1, 3, 1),
    ((4, 4, 1), 2, 5, 2),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "k", "size", "stride"), CASES)
def test_values_and_slopes(shape, k, size, stride, dtype, monkeypatch):
    monkeypatch.setattr(maps, "BLOCK_BYTES", 2 * np.dtype(dtype).itemsize * int(np.prod(shape)))
    X = RNG.normal(size=(3, *shape)).astype(dtype)
    W = (RNG.normal(size=(size, size, shape[2], k)) / np.sqrt(size**2 * shape[2])).astype(dtype)
    bias = RNG.normal(size=k).astype(dtype)
    plan = maps.plan(shape, k, size, stride, X.dtype)
    out = np.empty((3, *plan.grid, k), dtype)
    maps.answer(plan.ahead, X, maps.pack_ahead(plan, W, bias), out)
    expected = np.stack([padded_maps(image, W, bias, stride) for image in X])
    np.testing.assert_allclose(out, expected, **SUMS[dtype])

    slopes, dX = RNG.normal(size=out.shape).astype(dtype), np.zeros_like(X)
    maps.answer(plan.back, slopes, maps.pack_back(plan, W), dX)
    twins = [naive_slopes(image, W, stride, slope) for image, slope in zip(X, slopes, strict=True)]
    dW, db, images = (np.stack(each) for each in zip(*twins, strict=True))
    np.testing.assert_allclose(dX, images, **SUMS[dtype])
    _check_filters(X, slopes, plan, dW.sum(axis=0), db.sum(axis=0), dtype)


def _check_filters(X, slopes, plan, expected, bias, dtype):
    """With images together and one by one, whose slopes are in one strip or in several."""
    for n in (2, 1):
        planes = map_slopes.planes(n, X.shape[1:], plan.grid, plan.window, X.dtype)
        assert planes.together == n
        dW, db = map_slopes.filter_slopes(X, slopes, planes)
        np.testing.assert_allclose(dW.reshape(expected.shape), expected, **SUMS[dtype])
        np.testing.assert_allclose(db, bias, **SUMS[dtype])


def test_a_strip_may_be_part_of_a_map(monkeypatch):
    shape, W = (7, 4, 2), np.zeros((3, 3, 2, 3))
    X, slopes = RNG.normal(size=(2, *shape)), RNG.normal(size=(2, *shape[:2], 3))
    monkeypatch.setattr(map_slopes, "_AT_ONCE", 12)
    map_slopes.planes.cache_clear()
    plan = maps.plan(shape, 3, 3, 1, X.dtype)
    planes = map_slopes.planes(2, shape, plan.grid, plan.window, X.dtype)
    map_slopes.planes.cache_clear()
    assert (planes.together, planes.strip) == (1, 3)
    expected = sum(naive_slopes(image, W, 1, slope)[0] for image, slope in zip(X, slopes, strict=True))
    got, _ = map_slopes.filter_slopes(X, slopes, planes)
    np.testing.assert_allclose(got.reshape(W.shape), expected, **SUMS["float64"])
