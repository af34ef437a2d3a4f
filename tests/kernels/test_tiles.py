"""What the emitted vectors compute is what the plain loops and numpy compute, whatever the machine."""

import numpy as np
import pytest
from numba import config

from skmtl.kernels import _tiles, _vectors
from skmtl.kernels._jit import kernel
from skmtl.kernels._tiles import Bank, Patches

RNG = np.random.RandomState(0)
ROUNDING = {"float32": {"rtol": 1e-5, "atol": 1e-5}, "float64": {"rtol": 1e-12, "atol": 1e-12}}
MACHINES = {
    "avx512": _vectors.Machine(64, 32, True),
    "avx2": _vectors.Machine(32, 16, True),
    "sse2": _vectors.Machine(16, 16, False),
    "neon": _vectors.Machine(16, 32, True),
}
needs_jit = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="emits machine code")


def _problem(pixels, filters, dtype):
    """An image 9 wide with 2 channels, patches of 3 x 2 pixels, two panels of filters."""
    image = RNG.normal(size=9 * 9 * 2).astype(dtype)
    rows, columns = RNG.randint(7, size=2 * pixels), RNG.randint(8, size=2 * pixels)
    weight = RNG.randint(2, size=2 * pixels).astype(dtype)
    patches = Patches(rows * 18 + columns * 2, RNG.uniform(0.5, 2, 2 * pixels).astype(dtype), weight)
    panels = RNG.normal(size=(2, 3, 4, filters)).astype(dtype)
    bank = Bank(panels, RNG.normal(size=(2, 2, filters)).astype(dtype), 2 * filters)
    return image, np.arange(3) * 18, patches, bank


def _expected(finish, problem, pixels, start):
    """u and v of the second tile and the second panel, by numpy."""
    image, _, patches, bank = problem
    grid = image.reshape(9, 9, 2).astype(float)
    chosen = slice(pixels, 2 * pixels)
    places = [divmod(offset // 2, 9) for offset in patches.offset[chosen]]
    flat = np.stack([grid[y : y + 3, x : x + 2].ravel() for y, x in places])
    z = flat @ bank.panels[1].reshape(12, -1) * patches.scale[chosen, None]
    sides = np.maximum([z + bank.bias[1, 0], bank.bias[1, 1] - z], 0)
    if finish == "keep":
        return sides.transpose(1, 0, 2)
    if finish == "maximum":
        return np.maximum(start, sides.max(axis=1))
    return start + (sides * patches.weight[chosen, None]).sum(axis=1)


def _check(run, finish, pixels, filters, dtype):
    problem = _problem(pixels, filters, dtype)
    shape = (pixels, 2, 2 * filters) if finish == "keep" else (2, 2 * filters)
    into = np.full(shape, 0.125, dtype)
    run(problem[0], problem[1], problem[2], pixels, problem[3], 1, into)
    expected = _expected(finish, problem, pixels, 0.125)
    np.testing.assert_allclose(into[..., filters:], expected, **ROUNDING[dtype])
    np.testing.assert_array_equal(into[..., :filters], 0.125)  # the other panel is not touched


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("finish", ["add", "maximum", "keep"])
def test_plain_tile(finish, dtype):
    run = kernel(cache=False)(getattr(_tiles, f"{finish}_plain"))
    _check(run, finish, _tiles.PIXELS, _tiles.FILTERS, dtype)


@needs_jit
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MACHINES)
def test_emitted_tile(name, dtype):
    machine = MACHINES[name]
    add, maximum, keep = (_vectors.emitted(machine, finish) for finish in ("add", "maximum", "keep"))

    @kernel(cache=False)
    def run(image, taps, patches, first, bank, panel, into):
        add(image, taps, patches, first, bank, panel, into[0, 0])
        maximum(image, taps, patches, first, bank, panel, into[0, 1])
        keep(image, taps, patches, first, bank, panel, into[1:].reshape(-1, 2, into.shape[-1]))

    pixels, filters = machine.pixels, machine.filters
    image, taps, patches, bank = problem = _problem(pixels, filters, dtype)
    into = np.full((1 + pixels, 2, 2, 2 * filters), 0.125, dtype)
    run(image, taps, patches, pixels, bank, 1, into)
    for got, finish in ((into[0, 0], "add"), (into[0, 1], "maximum")):
        expected = _expected(finish, problem, pixels, 0.125)
        np.testing.assert_allclose(got[:, filters:], expected, **ROUNDING[dtype])
    kept = into[1:].reshape(-1, 2, 2 * filters)
    np.testing.assert_allclose(
        kept[:pixels, :, filters:], _expected("keep", problem, pixels, 0), **ROUNDING[dtype]
    )
    np.testing.assert_array_equal(kept[pixels:], 0.125)


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
    assert _vectors.describe(triple, set(features.split(","))) == expected
