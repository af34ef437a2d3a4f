"""What the processor that numba compiles for offers to the emitted inner loops."""

from __future__ import annotations

from typing import NamedTuple

import numba
from numba.core.registry import cpu_target

VECTORS = 2  # vectors of filters that are in flight at once


class Machine(NamedTuple):
    """Bytes of a vector register, how many of them, and whether there is a fused multiply-add."""

    vector_bytes: int
    registers: int
    fma: bool

    @property
    def pixels(self) -> int:
        """As many as leave registers for the vectors of filters and for the pixel in flight."""
        return 6 if self.registers == 16 else 12

    @property
    def bytes(self) -> bool:
        """Whether there is a tile for bytes: it is written with the instructions of AVX2."""
        return self.vector_bytes == 32

    @property
    def filters(self) -> int:
        return VECTORS * self.vector_bytes // 4


def machine() -> Machine | None:
    """The processor that numba compiles for; ``None`` where its vectors are not known."""
    if numba.config.DISABLE_JIT:
        return None
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    return describe(triple, set(features.split(",")))


def describe(triple: str, features: set[str]) -> Machine | None:
    """The registers behind an LLVM target triple and its set of ``+feature`` and ``-feature``."""
    if triple.startswith(("aarch64", "arm64")):
        return Machine(16, 32, True)
    if not triple.startswith("x86_64"):
        return None
    if "+avx512f" in features:
        return Machine(64, 32, True)
    return Machine(32 if "+avx2" in features else 16, 16, "+fma" in features)
