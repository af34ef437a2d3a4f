"""Winograd's transforms, as plain loops and as emitted for each machine, against their matrices."""

import numpy as np
import pytest
from _tiles_tested import MACHINES, ROUNDING, WHATS, needs_jit

from skmtl.kernels import _emitted_squares, _tiles
from skmtl.kernels._jit import kernel
from skmtl.kernels._rules import ABSOLUTE, LINEAR, RELU, SINGLE, TWO_SIDED, pack
from skmtl.kernels._tiles import Bank

RNG = np.random.RandomState(0)
B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])
FOLDED = [name for name, what in WHATS.items() if what[:2] != (TWO_SIDED, SINGLE)]  # one sign or joined


def _check_spread(run, channels, dtype):
    image = RNG.normal(size=6 * 7 * channels).astype(dtype)
    into = np.full(16 * 3 * channels, 0.125, dtype)
    run(image, 8 * channels, (7 * channels, channels), into, channels, 3 * channels)
    pixels = image.reshape(6, 7, channels)[1:5, 1:5].astype(float)
    expected = np.full((16, 3, channels), 0.125)
    expected[:, 1] = np.einsum("ik,jm,kmc->ijc", B, B, pixels).reshape(16, channels)
    np.testing.assert_allclose(into.reshape(16, 3, channels), expected, **ROUNDING[dtype])


def _check_fold(run, filters, what, dtype):
    activation, group, maximum = what
    sums = RNG.normal(size=3 * 16 * filters).astype(dtype)
    bias = RNG.normal(size=(2, 2, filters)).astype(dtype)
    out = np.full(8 * filters, 0.125, dtype)
    run(sums, Bank(bias[:, None], bias, 2 * filters, 0), 1, (16 * filters, 3, 2 * filters), out)
    z = np.einsum("yi,xj,ijf->yxf", A, A, sums.reshape(3, 4, 4, filters)[1]).reshape(4, filters)
    above, below = z + bias[1, 0], bias[1, 1] - z
    positive, negative = np.maximum(above, 0), np.maximum(below, 0)
    sides = {
        LINEAR: [above],
        RELU: [positive],
        ABSOLUTE: [np.maximum(positive, negative)],
        TWO_SIDED: [positive, negative],
    }[activation]
    if group == SINGLE:
        results = sides[0]
    else:
        results = [values.max(axis=0) if maximum else values.mean(axis=0) for values in sides]
    expected = np.full(8 * filters, 0.125)
    for number, result in enumerate(results):
        start = 3 + number * 2 * filters
        expected[start : start + filters] = result
    np.testing.assert_allclose(out, expected, **ROUNDING[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_plain_spread(dtype):
    _check_spread(kernel(cache=False)(_tiles.spread_plain), 5, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FOLDED)
def test_plain_fold(name, dtype):
    run, code = kernel(cache=False)(_tiles.fold_plain), pack(*WHATS[name])
    _check_fold(lambda *args: run(*args, code), _tiles.FILTERS, WHATS[name], dtype)


@needs_jit
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MACHINES)
def test_emitted_spread(name, dtype):
    spread = _emitted_squares.spread(MACHINES[name])

    @kernel(cache=False)
    def run(image, place, steps, into, at, apart):
        spread(image, place, steps, into, at, apart)

    for channels in (16, 19, 47):  # one vector, one and a bit, several and a bit
        _check_spread(run, channels, dtype)


@needs_jit
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("what", FOLDED)
@pytest.mark.parametrize("name", MACHINES)
def test_emitted_fold(name, what, dtype):
    fold, code = _emitted_squares.fold(MACHINES[name]), pack(*WHATS[what])

    @kernel(cache=False)
    def run(sums, bank, panel, turn, out):
        fold(sums, bank, panel, turn, out, code)

    _check_fold(run, MACHINES[name].filters, WHATS[what], dtype)
