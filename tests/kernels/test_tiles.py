"""What the emitted vectors compute is what the plain loops and numpy compute, whatever the machine."""

import numpy as np
import pytest
from _tiles_tested import MACHINES, ROUNDING, WHATS, needs_jit

from skmtl.kernels import _emitted, _machine, _tiles
from skmtl.kernels._jit import kernel
from skmtl.kernels._rules import ABSOLUTE, LINEAR, RELU, TWO_SIDED, pack
from skmtl.kernels._tiles import Bank, Target, Work
from skmtl.kernels.sites import Sites

RNG = np.random.RandomState(0)


def _problem(pixels, filters, group, dtype):
    """An image 9 wide with 2 channels, two tiles of patches of 3 x 2 pixels, two panels of a larger bank."""
    image = RNG.normal(size=9 * 9 * 2).astype(dtype)
    n = 2 * pixels
    offset = RNG.randint(7, size=n) * 18 + RNG.randint(8, size=n) * 2
    at_once = (1, pixels // 2, pixels)[group]
    target = RNG.permutation(at_once) * 8 * filters + 5
    weight, start = RNG.randint(3, size=n).astype(dtype), np.array([0, 2])
    sites = Sites(np.arange(3) * 18, offset, RNG.permutation(n), weight, start, target)
    panels = RNG.normal(size=(2, 3, 4, filters)).astype(dtype)
    bank = Bank(panels, RNG.normal(size=(2, 2, filters)).astype(dtype), 4 * filters, 1)
    values = np.full(at_once * 8 * filters + 10, 0.125, dtype)
    return Work(image, RNG.uniform(0.5, 2, n).astype(dtype), sites, bank), Target(
        values, target, 4 * filters, 2 * filters
    )


def _sides(work, pixels, activation):
    """(signs, pixels, filters) of the second tile and the second panel, by numpy."""
    sites, bank = work.sites, work.bank
    chosen = slice(pixels, 2 * pixels)
    places = sites.offset[chosen, None, None] + sites.taps[:, None] + np.arange(4)
    flat = work.image.astype(float)[places].reshape(pixels, 12)
    z = flat @ bank.panels[1].reshape(12, -1) * work.scales[sites.index[chosen], None]
    above, below = z + bank.bias[1, 0], bank.bias[1, 1] - z
    positive, negative = np.maximum(above, 0), np.maximum(below, 0)
    return {
        LINEAR: [above],
        RELU: [positive],
        ABSOLUTE: [np.maximum(positive, negative)],
        TWO_SIDED: [positive, negative],
    }[activation]


def _expected(work, target, pixels, first, what):
    activation, group, maximum = what
    values, filters = target.values.copy(), work.bank.panels.shape[-1]
    weight = work.sites.weight[pixels:, None]
    for side, maps in enumerate(_sides(work, pixels, activation)):
        for j, place in enumerate(target.places):
            size = pixels // len(target.places)
            chosen = slice(j * size, (j + 1) * size)
            start = place + side * target.side + target.column
            into = values[start : start + filters]
            if maximum:
                into[:] = np.maximum(maps[chosen].max(axis=0), -np.inf if first else into)
            else:
                into[:] = (maps * weight)[chosen].sum(axis=0) + (0 if first else into)
    return values


def _check(run, pixels, filters, what, dtype):
    for first in (True, False):
        work, target = _problem(pixels, filters, what[1], dtype)
        expected = _expected(work, target, pixels, first, what)
        run(work, 1, (1, 0, first), target)
        np.testing.assert_allclose(target.values, expected, **ROUNDING[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", WHATS)
def test_plain_tile(name, dtype):
    what = pack(*WHATS[name])
    run = kernel(cache=False)(_tiles.tile_plain)
    _check(lambda *args: run(*args, what), _tiles.PIXELS, _tiles.FILTERS, WHATS[name], dtype)


@needs_jit
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("name", MACHINES)
def test_emitted_tile(name, what, dtype):
    machine, code = MACHINES[name], pack(*WHATS[what])
    tile = _emitted.tile(machine)

    @kernel(cache=False)
    def run(work, panel, turn, target):
        tile(work, panel, turn, target, code)

    _check(run, machine.pixels, machine.filters, WHATS[what], dtype)


def test_copy_moves_exactly_the_values_asked_for():
    @kernel(cache=False)
    def run(source, target):
        _tiles.copy(source, 2, target, 1, 3)

    target = np.zeros(6)
    run(np.arange(8.0), target)
    np.testing.assert_array_equal(target, [0, 2, 3, 4, 0, 0])


@pytest.mark.parametrize(
    ("triple", "features", "expected"),
    [
        ("x86_64-unknown-linux-gnu", "+avx512f,+avx2,+fma", (64, 32, True)),
        ("x86_64-pc-windows-msvc", "+avx2,+fma,-avx512f", (32, 16, True)),
        ("x86_64-apple-darwin", "+avx2,-fma", (32, 16, False)),
        ("x86_64-unknown-linux-gnu", "", (16, 16, False)),
        ("aarch64-unknown-linux-gnu", "+neon", (16, 32, True)),
        ("arm64-apple-darwin", "", (16, 32, True)),
        ("riscv64-unknown-linux-gnu", "+v", None),
    ],
)
def test_machines_are_recognised(triple, features, expected):
    assert _machine.describe(triple, set(features.split(","))) == expected
