"""Memory that one step of training leaves to the next."""

from __future__ import annotations

import math
from weakref import ref

import numpy as np

from ..utils._aligned import aligned

#: Arrays below so many bytes are made anew: the allocator keeps theirs by itself.
SMALL = 2**16


class Room:
    """Arrays whose memory is lent again when nothing refers to them any more.

    The system gives new memory page by page as it is first written, which took a quarter of a step.
    """

    def __init__(self):
        self._pieces: list[_Piece] = []

    def empty(self, shape: tuple[int, ...], dtype) -> np.ndarray:
        """An array with anything in it, in the smallest piece that is free and large enough, or a new one."""
        n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
        if n_bytes < SMALL:
            return np.empty(shape, dtype)
        fitting = [piece for piece in self._pieces if piece.memory.nbytes >= n_bytes and piece.is_free()]
        if not fitting:
            fitting.append(_Piece(n_bytes))
            self._pieces += fitting
        return min(fitting, key=lambda piece: piece.memory.nbytes).lend(shape, dtype)


class _Piece:
    """Memory that is lent to one array, and to the views of it, at a time."""

    def __init__(self, n_bytes: int):
        self.memory = memoryview(aligned(np.empty, n_bytes, np.uint8))
        self._lent = _nothing

    def is_free(self) -> bool:
        return self._lent() is None

    def lend(self, shape: tuple[int, ...], dtype) -> np.ndarray:
        # views of views refer to this array, since what it refers to is no array
        whole = np.frombuffer(self.memory, dtype, math.prod(shape))
        self._lent = ref(whole)
        return whole.reshape(shape)


def _nothing() -> None:
    """What a reference tells whose array is gone."""
