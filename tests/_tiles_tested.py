"""The machines that tiles are emitted for in tests, and what the tiles do there."""

import pytest
from numba import config

from skmtl.kernels import _machine
from skmtl.kernels._rules import ABSOLUTE, CELL, LINEAR, PAIR, RELU, SINGLE, TWO_SIDED

ROUNDING = {"float32": {"rtol": 1e-5, "atol": 1e-5}, "float64": {"rtol": 1e-12, "atol": 1e-12}}
MACHINES = {
    "avx512": _machine.Machine(64, 32, True),
    "avx2": _machine.Machine(32, 16, True),
    "sse2": _machine.Machine(16, 16, False),
    "neon": _machine.Machine(16, 32, True),
}
WHATS = {  # every activation and every way to join at least twice
    "maximum of nothing": (LINEAR, PAIR, True),
    "mean of nothing": (LINEAR, SINGLE, False),
    "maximum of relu": (RELU, PAIR, True),
    "mean of relu": (RELU, PAIR, False),
    "single absolute": (ABSOLUTE, SINGLE, True),
    "sum of absolute": (ABSOLUTE, CELL, False),
    "maximum of both sides": (TWO_SIDED, CELL, True),
    "sum of both sides": (TWO_SIDED, CELL, False),
    "single both sides": (TWO_SIDED, SINGLE, True),
}
needs_jit = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="emits machine code")
