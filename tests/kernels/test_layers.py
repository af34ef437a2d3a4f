"""Layers against their slow twins: both ways to convolve, odd sizes, borders, every activation."""

import naive
import numpy as np
import pytest
from naive_layers import shrink

from skmtl.kernels import conv, shares, squares
from skmtl.kernels._rules import PAIR, pack
from skmtl.kernels._tiles import EMITTED
from skmtl.kernels.layers import Form, plan_layer, run_layer
from skmtl.kernels.sites import square_places
from skmtl.kernels.windows import Window

ACTIVATIONS = {"two-sided": conv.TWO_SIDED, "relu": conv.RELU, "abs": conv.ABSOLUTE, "none": conv.LINEAR}
# Sums of some hundred rounded products of values near one.
ROUNDING = {"float32": {"rtol": 2e-5, "atol": 2e-5}, "float64": {"rtol": 1e-11, "atol": 1e-11}}
BORDER = (1, 2)


def _problem(shape, size, n_filters, dtype):
    rng = np.random.RandomState(n_filters)
    images = rng.normal(size=(3, *shape)).astype(dtype)
    filters = rng.normal(size=(n_filters, *size, shape[2])) / np.sqrt(shape[2])
    return images, filters, rng.normal(size=n_filters)


def _expected(image, filters, bias, window, activation):
    maps = naive.patch_responses(image, filters, bias, None, window.stride, window.dilation)
    return maps if activation == "none" else naive.activate(maps, activation, 0)


def _check(images, filters, bias, window, activation, pool, out, how, around=0):
    (before, after), dtype = BORDER, images.dtype.name
    for image, got in zip(images, out, strict=True):
        expected = shrink(_expected(image, filters, bias, window, activation), pool, how)
        np.testing.assert_allclose(got[before:-after, before:-after], expected, **ROUNDING[dtype])
        assert (got[:before] == around).all() and (got[-after:] == around).all()
        assert (got[:, :before] == around).all() and (got[:, -after:] == around).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pool", [1, 2, 3])
@pytest.mark.parametrize("maximum", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layer_block(activation, maximum, pool, dtype):
    window = Window((3, 2), dilation=(1, 2)) if pool == 1 else Window((3, 2))
    images, filters, bias = _problem((9, 11, 3), window.size, conv.FILTERS + 3, dtype)
    rule, form = conv.Rule(ACTIVATIONS[activation], maximum), Form(window, pool, BORDER)
    layer = plan_layer(filters, bias, rule, form, images.shape[1:], dtype)
    out = run_layer(layer, images)
    _check(images, filters, bias, window, activation, pool, out, "max" if maximum else "mean")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("maximum", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    ("shape", "n_filters"),
    [((13, 15, 16), 3), ((4, 4, 19), conv.FILTERS), ((9, 5, 33), conv.FILTERS + 3), ((5, 24, 40), 1)],
)
def test_squares(shape, n_filters, activation, maximum, dtype):
    window, code = Window((3, 3)), pack(ACTIVATIONS[activation], PAIR, maximum)
    images, filters, bias = _problem(shape, window.size, n_filters, dtype)
    channels = n_filters * (2 if activation == "two-sided" else 1)
    places, out_shape = square_places(window.grid(shape), 2, BORDER, channels)
    bank = conv.pack_bank(squares.transform_filters(filters), bias, 0.0, squares.WINDOW, dtype)
    out = np.full((len(images), *out_shape), -7, dtype)
    flat = images.reshape(3, -1), squares.square_sites(shape, places, dtype), bank, out.reshape(3, -1)
    squares.convolve_squares(code)(*flat)
    _check(images, filters, bias, window, activation, 2, out, "max" if maximum else "mean", -7)


@pytest.mark.parametrize("shape", [(4, 4, 40), (5, 5, 3), (14, 3, 2), (9, 8, 1), (3, 3, 1)])
@pytest.mark.parametrize("pool", [1, 2, 4])
def test_few_or_odd_places_take_whole_squares(shape, pool):
    images, filters, bias = _problem(shape, (1, 2), 2, "float64")
    for maximum, how in ((True, "max"), (False, "mean")):
        form = Form(Window((1, 2)), pool, BORDER)
        layer = plan_layer(filters, bias, conv.Rule(conv.RELU, maximum), form, shape, "float64")
        if layer.sites.target.size:
            _check(images, filters, bias, form.window, "relu", pool, run_layer(layer, images), how)


def test_scales_multiply_the_responses():
    images, filters, bias = _problem((6, 5, conv.FILTERS), (3, 3), 4, "float64")
    scales = np.random.RandomState(0).uniform(0.5, 2, (3, 12))
    rule, form = conv.Rule(conv.LINEAR, True), Form(Window((3, 3)), 2)
    layer = plan_layer(filters, bias, rule, form, images.shape[1:], "float64", scaled=True)
    for image, got, scale in zip(images, run_layer(layer, images, scales), scales, strict=True):
        maps = naive.patch_responses(image, filters, 0 * bias, None) * scale.reshape(4, 3, 1) + bias
        np.testing.assert_allclose(got, shrink(maps, 2, "max"), **ROUNDING["float64"])


@pytest.mark.parametrize("channels", [1, 2 * conv.FILTERS])
def test_threads_write_the_same_bits_and_an_image_those_of_the_batch(channels, monkeypatch):
    images, filters, bias = _problem((12, 9, channels), (3, 3), 3 * conv.FILTERS + 1, "float32")
    rule, form = conv.Rule(conv.TWO_SIDED, True), Form(Window((3, 3)), 2, BORDER)
    layer = plan_layer(filters, bias, rule, form, images.shape[1:], "float32")
    whole, parts = run_layer(layer, images), []
    np.testing.assert_array_equal(run_layer(layer, images[1:2]), whole[1:2])
    monkeypatch.setattr(shares, "WORTH_A_THREAD", 1)
    run = shares.run_blocks
    monkeypatch.setattr(shares, "run_blocks", lambda *args: parts.append(len(args[1])) or run(*args))
    for n_jobs in (2, 3, 9):
        np.testing.assert_array_equal(run_layer(layer, images, n_jobs=n_jobs), whole)
    assert parts == [2, 3, 4]


@pytest.mark.parametrize("channels", [1, conv.FILTERS])
def test_threads_start_where_each_has_enough_to_do(channels, monkeypatch):
    images, filters, bias = _problem((6, 6, channels), (3, 3), 2 * conv.FILTERS, "float32")
    form = Form(Window((3, 3)), 2)
    layer = plan_layer(filters, bias, conv.Rule(conv.RELU, True), form, images.shape[1:], "float32")
    run, parts = shares.run_blocks, []
    monkeypatch.setattr(shares, "run_blocks", lambda *args: parts.append(len(args[1])) or run(*args))
    half = layer.bank.panels.size * layer.sites.offset.size // 2
    for worth, expected in ((half + 1, []), (half, [2])):
        monkeypatch.setattr(shares, "WORTH_A_THREAD", worth)
        run_layer(layer, images[:1], n_jobs=4)
        assert parts == expected


def test_deep_narrow_filters_of_pooled_layers_take_winograds_way():
    rule = conv.Rule(conv.RELU, True)
    for channels, pool, size, scaled, expected in (
        (2 * conv.FILTERS, 2, 3, False, EMITTED),
        (2, 2, 3, False, False),
        (2 * conv.FILTERS, 1, 3, False, False),
        (2 * conv.FILTERS, 2, 2, False, False),
        (2 * conv.FILTERS, 2, 3, True, False),
    ):
        filters, form = np.ones((1, size, size, channels)), Form(Window((size, size)), pool)
        layer = plan_layer(filters, np.zeros(1), rule, form, (6, 6, channels), "float32", scaled)
        assert isinstance(layer.sites, squares.Squares) == expected
