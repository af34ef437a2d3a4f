"""The convolution kernels against their slow twins over shapes, strides, odd sizes and types."""

import naive
import numpy as np
import pytest

from skmtl.kernels import conv
from skmtl.kernels.images import blend, patch_scales

ACTIVATIONS = {"two-sided": conv.TWO_SIDED, "relu": conv.RELU, "abs": conv.ABSOLUTE}
# Sums of some hundred rounded products of values near one.
ROUNDING = {np.float32: {"rtol": 2e-5, "atol": 2e-5}, np.float64: {"rtol": 1e-11, "atol": 1e-11}}
SHAPES = [  # image, kernel
    ((5, 6, 3), (2, 3)),
    ((4, 4, 1), (4, 4)),
    ((1, 1, 1), (1, 1)),
    ((1, 7, 2), (1, 3)),
    ((9, 2, 1), (3, 1)),
    ((7, 7, 5), (3, 3)),
]


def _problem(shape, kernel, n_filters, dtype, contrast):
    rng = np.random.RandomState(n_filters)
    images = rng.normal(size=(2, *shape)).astype(dtype)
    filters, bias = rng.normal(size=(n_filters, *kernel, shape[2])), rng.normal(size=n_filters)
    grid = shape[0] - kernel[0] + 1, shape[1] - kernel[1] + 1
    scales = np.ones((2, *grid), dtype)
    if contrast is not None:
        patch_scales(images, contrast, scales)
    return images, filters, bias, scales.reshape(2, -1), grid


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("maximum", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("shape", "kernel"), SHAPES)
def test_pool_block(shape, kernel, activation, maximum, dtype):
    contrast = 0.5 if shape[2] == 3 else None
    images, filters, bias, scales, grid = _problem(shape, kernel, 3, dtype, contrast)
    places = np.arange(grid[0] * grid[1])
    cells = [places[: len(places) // 2 + 1], places[len(places) // 2 :]]  # they may share a place
    bank = conv.pack_bank(filters, bias, 0.25, dtype)
    sites = conv.group_sites(cells, grid[1], shape, dtype)
    channels = 6 if activation == "two-sided" else 3
    out = np.full((4, channels), np.nan, dtype)
    rule = conv.Rule(ACTIVATIONS[activation], maximum)
    conv.pool_block(images.reshape(2, -1), scales, sites, bank, rule, out)
    for image, rows in zip(images, out.reshape(2, 2, -1), strict=True):
        maps = naive.activate(naive.patch_responses(image, filters, bias, contrast), activation, 0.25)
        flat = maps.reshape(-1, channels)
        expected = [(flat[cell].max if maximum else flat[cell].sum)(axis=0) for cell in cells]
        np.testing.assert_allclose(rows, expected, **ROUNDING[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_filters", [1, conv.FILTERS, conv.FILTERS + 1])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_map_block(activation, n_filters, dtype):
    shape, kernel = (5, 6, 3), (2, 3)
    images, filters, bias, scales, grid = _problem(shape, kernel, n_filters, dtype, 0.5)
    places = np.array([3, 0, 15, 15, 7, 2, 9])
    bank = conv.pack_bank(filters, bias, 0.1, dtype)
    sites = conv.group_sites([places], grid[1], shape, dtype)
    channels = n_filters * (2 if activation == "two-sided" else 1)
    out = np.full((len(places), channels + 2), -1, dtype)
    rule = conv.Rule(ACTIVATIONS[activation], False)
    conv.map_block(images[1].reshape(-1), scales[1], sites, bank, rule, out, 1)
    maps = naive.activate(naive.patch_responses(images[1], filters, bias, 0.5), activation, 0.1)
    np.testing.assert_allclose(out[:, 1:-1], maps.reshape(-1, channels)[places], **ROUNDING[dtype])
    np.testing.assert_array_equal(out[:, [0, -1]], -1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "kernel"), SHAPES)
def test_patch_scales(shape, kernel, dtype):
    images = np.random.RandomState(0).normal(size=(2, *shape)).astype(dtype)
    out = np.empty((2, shape[0] - kernel[0] + 1, shape[1] - kernel[1] + 1), dtype)
    patch_scales(images, 0.3, out)
    for b, y, x in np.ndindex(out.shape):
        variance = images[b, y : y + kernel[0], x : x + kernel[1]].astype(np.float64).var()
        np.testing.assert_allclose(out[b, y, x], 1 / np.sqrt(variance + 0.3), **ROUNDING[dtype])


def test_scales_of_bright_even_patches_are_not_rounding_error():
    images = np.full((1, 4, 4, 1), 60000, np.float32)
    images[0, 0, 0, 0] += 1
    out = np.empty((1, 1, 1), np.float32)
    patch_scales(images, 1e-3, out)
    np.testing.assert_allclose(out[0, 0, 0], 1 / np.sqrt(15 / 256 + 1e-3), rtol=1e-5)


def test_blend():
    rng = np.random.RandomState(0)
    maps, index, weight = rng.normal(size=(5, 3)), rng.randint(5, size=(7, 4)), rng.normal(size=(7, 4))
    out = np.zeros((7, 5))
    blend(maps, index, weight, out, 1)
    np.testing.assert_allclose(out[:, 1:4], np.einsum("ij,ijc->ic", weight, maps[index]), **ROUNDING[np.float64])
    np.testing.assert_array_equal(out[:, [0, 4]], 0)
