"""Filters of integers: sums over bytes are exact whatever the pixels are, on every machine."""

import numpy as np
import pytest
from _tiles_tested import MACHINES

from skmtl.kernels import _emitted, _machine, conv
from skmtl.kernels._emitted_bytes import ByteTile
from skmtl.kernels._jit import kernel
from skmtl.kernels._rules import LINEAR, SINGLE, pack
from skmtl.kernels._tiles import ByteBank, Target, Work
from skmtl.kernels.byte_filters import ByteWindow, round_filters
from skmtl.kernels.sites import Sites
from skmtl.kernels.windows import Window

SHAPES = [  # image, window
    ((7, 9, 3), Window((6, 6))),
    ((5, 7, 1), Window((3, 3))),
    ((4, 4, 1), Window((1, 1))),
    ((9, 6, 5), Window((2, 3), stride=(2, 1))),
    ((9, 11, 2), Window((2, 3), stride=(1, 2), dilation=(3, 2))),
    ((13, 17, 3), Window((11, 11))),  # more blocks than two
    ((16, 17, 4), Window((16, 16))),  # numbers bounded by the sum over all blocks
]
TILES = [
    pytest.param(True, marks=pytest.mark.skipif(not conv.BYTES, reason="no tile of bytes here")),
    False,
]


def _filters(shape, window, n_filters=3):
    return np.random.RandomState(0).normal(size=(n_filters, *window.size, shape[2]))


def _sums(images, numbers, window):
    """(n, patches, filters) in int64, patch by patch."""
    out = np.empty((len(images), *window.grid(images.shape[1:]), len(numbers)), np.int64)
    (down, along), (apart, step), (rows, columns) = window.stride, window.dilation, window.size
    for y, x in np.ndindex(out.shape[1:3]):
        patch = images[:, y * down :: apart, x * along :: step][:, :rows, :columns].astype(np.int64)
        out[:, y, x] = np.einsum("nhwc,khwc->nk", patch, numbers.astype(np.int64))
    return out.reshape(len(images), -1, len(numbers))


def _responses(images, rounded, window, in_bytes):
    """What the tiles make of it, without activation and bias."""
    filters, window = (rounded, ByteWindow(*window)) if in_bytes else (rounded.values(), window)
    images = np.ascontiguousarray(images, np.uint8 if in_bytes else np.float32)
    bank = conv.pack_bank(filters, np.zeros(len(rounded.steps)), 0.0, window, np.float32)
    shape, rule = images.shape[1:], conv.Rule(conv.LINEAR, False)
    places = np.arange(np.prod(window.grid(shape)))
    sites = conv.group_sites([places], window, shape, np.float32)
    out = np.empty((len(images), places.size, len(rounded.steps)), np.float32)
    for image, rows in zip(conv.flat_images(images), out, strict=True):
        conv.map_block(image, np.ones(places.size, np.float32), sites, bank, rule, rows, 0)
    return out


@pytest.mark.parametrize("in_bytes", TILES)
@pytest.mark.parametrize(("shape", "window"), SHAPES)
def test_sums_are_exact(shape, window, in_bytes):
    rounded = round_filters(_filters(shape, window), ByteWindow(*window))
    images = np.random.RandomState(1).randint(0, 256, (2, *shape)).astype(np.uint8)
    expected = _sums(images, rounded.numbers, window).astype(np.float32) * rounded.steps
    np.testing.assert_array_equal(_responses(images, rounded, window, in_bytes), expected)


@pytest.mark.parametrize("in_bytes", TILES)
@pytest.mark.parametrize(("shape", "window"), SHAPES)
@pytest.mark.parametrize("sign", [1, -1])
def test_no_image_is_too_bright_for_the_sums(shape, window, sign, in_bytes):
    rounded = round_filters(_filters(shape, window, 20), ByteWindow(*window))
    images = 255 * (sign * rounded.numbers > 0).astype(np.uint8)  # of each filter the brightest patch
    whole = np.zeros((20, *window.reach(), shape[2]), np.uint8)
    whole[:, :: window.dilation[0], :: window.dilation[1]] = images
    expected = _sums(whole, rounded.numbers, window).astype(np.float32) * rounded.steps
    np.testing.assert_array_equal(_responses(whole, rounded, window, in_bytes), expected)


@pytest.mark.skipif((_machine.machine() or MACHINES["sse2"]).vector_bytes < 32, reason="needs AVX2")
def test_tile_of_avx2_on_later_machines_too():
    rng, machine, what = np.random.RandomState(0), MACHINES["avx2"], pack(LINEAR, SINGLE, True)
    tile, n, filters = _emitted.tile(machine, ByteTile), machine.pixels, machine.filters

    @kernel(cache=False)
    def run(work, target):
        tile(work, 1, (0, 0, True), target, what)

    image = rng.randint(0, 256, 99).astype(np.uint8)
    panels = rng.randint(-20, 21, (2, 2, 3, filters, 4)).astype(np.int8)  # two blocks of three words
    bias = rng.uniform(size=(2, 2, filters)).astype(np.float32)
    factors = rng.randint(8, 16, (2, filters)).astype(np.int32)
    units = np.exp2(rng.randint(-4, 4, (2, filters))).astype(np.float32)
    taps, offset = rng.permutation(30)[:6], rng.permutation(60)[:n]
    scales, order = np.exp2(rng.randint(-4, 4, n)).astype(np.float32), rng.permutation(n)
    sites = Sites(taps, offset, order, np.ones(n, np.float32), np.arange(2), np.arange(n) * filters)
    out = np.zeros(n * filters, np.float32)
    bank = ByteBank(panels, bias, filters, 0, factors, units)
    run(Work(image, scales, sites, bank), Target(out, sites.target, 0, 0))
    words = image[offset[:, None, None] + taps[:, None] + np.arange(4)].astype(np.int64)
    sums = np.einsum("pwi,wfi->pf", words, panels[1].reshape(6, filters, 4).astype(np.int64))
    expected = (sums * factors[1]).astype(np.float32) * units[1] * scales[order, None] + bias[1, 0]
    np.testing.assert_array_equal(out.reshape(n, filters), expected)


def test_whitened_filters_stay_blind_to_what_is_smooth():
    rng, window = np.random.RandomState(0), ByteWindow((5, 5))
    slope = np.linspace(0, 255, 36).reshape(6, 6)
    images = np.stack([slope, slope.T, np.full((6, 6), 200)])[..., None]
    smooth = np.stack([image[i : i + 5, j : j + 5] for image in images for i in (0, 1) for j in (0, 1)])
    blind = np.linalg.svd(smooth.reshape(len(smooth), -1))[2][4:]
    filters = (rng.normal(size=(40, len(blind))) @ blind).reshape(40, 5, 5, 1)
    rounded = round_filters(filters, window)
    nearest = np.rint(filters / rounded.steps[:, None, None, None]) * rounded.steps[:, None, None, None]
    error, plain = (
        np.sqrt(np.square(np.tensordot(smooth, some, ([1, 2, 3], [1, 2, 3]))).mean())
        for some in (rounded.values(), nearest)
    )
    assert error < plain / 5
    assert np.abs(rounded.values() - filters).max() < 5 * rounded.steps.max()


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_steps_do_not_depend_on_the_unit(scale):
    filters, window = _filters((6, 6, 3), Window((4, 4))), ByteWindow((4, 4))
    rounded, scaled = round_filters(filters, window), round_filters(filters * scale, window)
    assert np.abs(rounded.numbers).max() > 20
    np.testing.assert_allclose(scaled.values(), rounded.values() * scale, rtol=0.3, atol=scale / 8)


def test_a_filter_of_zeros():
    rounded = round_filters(np.zeros((2, 3, 3, 1)), ByteWindow((3, 3)))
    assert not rounded.numbers.any()
    assert np.isfinite(rounded.steps).all()
