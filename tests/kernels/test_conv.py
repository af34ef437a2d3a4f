"""The convolution kernels against their slow twins over shapes, strides, odd sizes and types."""

import naive
import numpy as np
import pytest

from skmtl.kernels import conv
from skmtl.kernels.images import patch_scales
from skmtl.kernels.windows import Window

ACTIVATIONS = {"two-sided": conv.TWO_SIDED, "relu": conv.RELU, "abs": conv.ABSOLUTE, "none": conv.LINEAR}
# Sums of some hundred rounded products of values near one.
ROUNDING = {np.float32: {"rtol": 2e-5, "atol": 2e-5}, np.float64: {"rtol": 1e-11, "atol": 1e-11}}
SHAPES = [  # image, window
    ((5, 6, 3), Window((2, 3))),
    ((4, 4, 1), Window((4, 4))),
    ((1, 1, 1), Window((1, 1))),
    ((1, 7, 2), Window((1, 3))),
    ((9, 2, 1), Window((3, 1))),
    ((7, 7, 5), Window((3, 3))),
    ((8, 9, 2), Window((3, 2), stride=(2, 3))),
    ((7, 8, 3), Window((2, 3), dilation=(3, 1))),
    ((6, 9, 2), Window((2, 3), stride=(1, 2), dilation=(2, 3))),
]


def _problem(shape, window, n_filters, dtype, contrast):
    rng = np.random.RandomState(n_filters)
    images = rng.normal(size=(2, *shape)).astype(dtype)
    filters, bias = rng.normal(size=(n_filters, *window.size, shape[2])), rng.normal(size=n_filters)
    scales = np.ones((2, *window.grid(shape)), dtype)
    if contrast is not None:
        patch_scales(images, contrast, window, scales)
    return images, filters, bias, scales.reshape(2, -1)


def _activations(image, filters, bias, contrast, window, activation, threshold):
    """Of all patches, one a row."""
    maps = naive.patch_responses(image, filters, bias, contrast, window.stride, window.dilation)
    maps = naive.activate(maps, activation, threshold)
    return maps.reshape(-1, maps.shape[2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("maximum", [False, True])
@pytest.mark.parametrize("activation", ["two-sided", "relu", "abs"])
@pytest.mark.parametrize(("shape", "window"), SHAPES)
def test_pool_block(shape, window, activation, maximum, dtype):
    contrast = 0.5 if shape[2] == 3 else None
    images, filters, bias, scales = _problem(shape, window, 3, dtype, contrast)
    places = np.arange(scales.shape[1])
    cells = [places[: len(places) // 2 + 1], places[len(places) // 2 :]]  # they may share a place
    bank = conv.pack_bank(filters, bias, 0.25, window, dtype)
    sites = conv.group_sites(cells, window, shape, dtype)
    channels = 6 if activation == "two-sided" else 3
    out = np.full((4, channels), np.nan, dtype)
    rule = conv.Rule(ACTIVATIONS[activation], maximum)
    conv.pool_block(images.reshape(2, -1), scales, sites, bank, rule, out)
    for image, rows in zip(images, out.reshape(2, 2, -1), strict=True):
        flat = _activations(image, filters, bias, contrast, window, activation, 0.25)
        expected = [(flat[cell].max if maximum else flat[cell].sum)(axis=0) for cell in cells]
        np.testing.assert_allclose(rows, expected, **ROUNDING[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_filters", [1, conv.FILTERS, conv.FILTERS + 1])
@pytest.mark.parametrize("activation", ["two-sided", "relu", "abs"])
def test_map_block(activation, n_filters, dtype):
    shape, window = (9, 11, 3), Window((2, 3), stride=(2, 1), dilation=(1, 2))
    images, filters, bias, scales = _problem(shape, window, n_filters, dtype, 0.5)
    places = np.array([3, 0, 15, 15, 7, 2, 27])
    bank = conv.pack_bank(filters, bias, 0.1, window, dtype)
    sites = conv.group_sites([places], window, shape, dtype)
    channels = n_filters * (2 if activation == "two-sided" else 1)
    out = np.full((len(places), channels + 2), -1, dtype)
    rule = conv.Rule(ACTIVATIONS[activation], False)
    conv.map_block(images[1].reshape(-1), scales[1], sites, bank, rule, out, 1)
    flat = _activations(images[1], filters, bias, 0.5, window, activation, 0.1)
    np.testing.assert_allclose(out[:, 1:-1], flat[places], **ROUNDING[dtype])
    np.testing.assert_array_equal(out[:, [0, -1]], -1)


def test_parts_of_a_bank_write_the_same_bits():
    shape, window, n_filters = (6, 7, 3), Window((2, 3)), 3 * conv.FILTERS + 1
    images, filters, bias, scales = _problem(shape, window, n_filters, np.float32, 0.5)
    bank = conv.pack_bank(filters, bias, 0.1, window, np.float32)
    sites = conv.group_sites([np.arange(13), np.arange(13, 25)], window, shape, np.float32)
    results = []
    for parts in (1, 2, 3, 9):
        out = np.full((4, 2 * n_filters), np.nan, np.float32)
        for part in conv.split_bank(bank, parts):
            rule = conv.Rule(conv.TWO_SIDED, False)
            conv.pool_block(images.reshape(2, -1), scales, sites, part, rule, out)
        results.append(out)
    for out in results[1:]:
        np.testing.assert_array_equal(out, results[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "window"), SHAPES)
def test_patch_scales(shape, window, dtype):
    images = np.random.RandomState(0).normal(size=(2, *shape)).astype(dtype)
    out = np.empty((2, *window.grid(shape)), dtype)
    patch_scales(images, 0.3, window, out)
    (rows, columns), (down, along), (apart, step) = window
    for b, y, x in np.ndindex(out.shape):
        patch = images[b, y * down :: apart, x * along :: step][:rows, :columns]
        variance = patch.astype(np.float64).var()
        np.testing.assert_allclose(out[b, y, x], 1 / np.sqrt(variance + 0.3), **ROUNDING[dtype])


def test_scales_of_bright_even_patches_are_not_rounding_error():
    images = np.full((1, 4, 4, 1), 60000, np.float32)
    images[0, 0, 0, 0] += 1
    out = np.empty((1, 1, 1), np.float32)
    patch_scales(images, 1e-3, Window((4, 4)), out)
    np.testing.assert_allclose(out[0, 0, 0], 1 / np.sqrt(15 / 256 + 1e-3), rtol=1e-5)


def test_scales_do_not_depend_on_where_the_image_begins():
    images, window = np.random.RandomState(0).normal(size=(1, 40, 50, 3)), Window((3, 4))
    whole, part = np.empty((1, 38, 47)), np.empty((1, 28, 37))
    patch_scales(images, 0.3, window, whole)
    patch_scales(np.ascontiguousarray(images[:, 10:, 10:]), 0.3, window, part)
    np.testing.assert_array_equal(part, whole[:, 10:, 10:])
