"""Convolution, ReLU and the largest of 2 x 2: values, codes and derivatives against their slow twins."""

import naive
import numpy as np
import pytest
from _tiles_tested import MACHINES, ROUNDING, needs_jit
from naive_layers import largest, pooled_slopes

from skmtl.kernels import _emitted_sums, _sums, pooled
from skmtl.kernels._jit import kernel
from skmtl.kernels._sums import Strip, Terms
from skmtl.kernels._tiles import FILTERS

RNG = np.random.RandomState(0)
SHAPES = [((2, 2, 1), 1), ((3, 5, 3), 2), ((9, 13, 2), 7), ((8, 10, 5), FILTERS + 1), ((5, 6, FILTERS), 3)]
SHAPES += [((7, 4, 2 * FILTERS + 3), FILTERS + 2)]
SUMS = {"float32": {"rtol": 3e-5, "atol": 3e-5}, "float64": {"rtol": 1e-11, "atol": 1e-11}}


def _check_add(run, rows, width, dtype):
    source, target = RNG.normal(size=200).astype(dtype), np.full(200, 0.125, dtype)
    terms = Terms(RNG.randint(0, 40, 9), RNG.normal(size=9).astype(dtype))
    for span in ((2, 9), (3, 3)):
        expected = target.astype(float)
        for i in range(*span):
            for r in range(rows):
                start = terms.offset[i] + r * 50
                expected[5 + r * 60 :][:width] += terms.weight[i] * source[start : start + width].astype(
                    float
                )
        run(source, terms, target, (*span, 5, 50, 60))
        np.testing.assert_allclose(target, expected, **ROUNDING[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_plain_sums(dtype):
    run = kernel(cache=False)(_sums.add_plain)
    for rows, width in ((3, 7), (1, 20)):
        _check_add(lambda *args, shape=(rows, width): run(*args, *shape), rows, width, dtype)


@needs_jit
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MACHINES)
def test_emitted_sums(name, dtype):
    add, lanes = _emitted_sums.add(MACHINES[name]), MACHINES[name].vector_bytes * 8 // int(dtype[-2:])
    for rows, width in ((3, lanes), (1, 3 * lanes)):
        _check_add(_fixed(add, rows, width), rows, width, dtype)


def _fixed(add, rows, width):
    @kernel(cache=False)
    def run(source, terms, target, turn):
        add(source, terms, target, turn, rows, width)

    return run


@pytest.mark.parametrize("values", [3, 9, 50, 96, 100, 300, 1000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_strips_cover_patches(values, dtype):
    strip = _sums.cut(values, 3, dtype)
    assert strip.length >= values
    assert strip.length % strip.width == 0
    assert strip.rows == 1 or strip == Strip(3, strip.length, strip.length)


def _forward(X, filters, bias, plan):
    out = np.empty((len(X), len(plan.offset), len(filters)), X.dtype)
    codes = np.empty(out.shape, np.uint8)
    pooled.forward(X, pooled.pack_ahead(plan, filters, bias), plan, out, codes)
    return out, codes


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "k"), SHAPES)
def test_values_and_slopes(shape, k, dtype):
    X = RNG.normal(size=(3, *shape)).astype(dtype)
    filters = (RNG.normal(size=(k, 3, 3, shape[2])) / np.sqrt(9 * shape[2])).astype(dtype)
    bias = RNG.normal(size=k).astype(dtype)
    plan = pooled.plan(shape, k, X.dtype)
    out, codes = _forward(X, filters, bias, plan)
    slopes = RNG.normal(size=out.shape).astype(dtype)
    dW, db = pooled.filter_slopes(X, codes, slopes, plan)
    dX = np.empty_like(X)
    pooled.image_slopes(pooled.pack_back(plan, filters), codes, slopes, plan, dX)
    total_W, total_b, grid = 0, 0, (*plan.grid, k)
    for b in range(3):
        padded = np.pad(X[b].astype(float), [(1, 1), (1, 1), (0, 0)])
        Y, expected = largest(naive.patch_responses(padded, filters, bias, None))
        np.testing.assert_allclose(out[b].reshape(grid), Y, **SUMS[dtype])
        np.testing.assert_array_equal(codes[b].reshape(grid), expected)
        more_W, more_b, one = pooled_slopes(X[b], filters, expected, slopes[b].reshape(grid))
        np.testing.assert_allclose(dX[b], one, **SUMS[dtype])
        total_W, total_b = total_W + more_W, total_b + more_b
    np.testing.assert_allclose(dW, total_W, **SUMS[dtype])
    np.testing.assert_allclose(db, total_b, **SUMS[dtype])


def test_the_first_of_equal_pixels_is_chosen_and_nan_is_not_hidden():
    maps = np.array([[2, 2, 1, 2], [0, 0, 0, 0], [-1, 3, 3, 0], [-1, -2, -3, -4], [1, 2, np.nan, 3]])
    out, codes = np.empty((5, 1)), np.empty((5, 1), np.uint8)
    pooled.choose(maps[:, :, None].copy(), out, codes)
    np.testing.assert_array_equal(out.ravel(), [2, 0, 3, 0, np.nan])
    np.testing.assert_array_equal(codes.ravel()[:4], [0, pooled.DEAD, 1, pooled.DEAD])


def test_many_images_go_in_blocks_with_the_bits_of_each_alone(monkeypatch):
    X, filters = RNG.normal(size=(5, 6, 7, FILTERS)), RNG.normal(size=(4, 3, 3, FILTERS))
    plan = pooled.plan(X.shape[1:], 4, X.dtype)
    whole = _forward(X, filters, np.zeros(4), plan)
    monkeypatch.setattr(pooled, "BLOCK_BYTES", 2 * 4 * 9 * 4 * 8)
    for got, expected in zip(_forward(X, filters, np.zeros(4), plan), whole, strict=True):
        np.testing.assert_array_equal(got, expected)
