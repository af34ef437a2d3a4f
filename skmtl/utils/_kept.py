"""What an estimator computes with, kept from one call to the next: making it takes longer than one image.

It is kept apart from the estimator, so that neither its attributes nor its pickles and clones know of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

# Images of so many pixels at most have their plan kept: that of larger ones takes memory, and little of their
# time.
KEPT_PIXELS = 2**16


class Kept:
    """One value an estimator, good as long as nothing differs that it was made from: plain ``values``, which
    are compared, and what ``arrays`` hold, which may have been written into. Looking at `locked` arrays takes
    no time."""

    def __init__(self):
        self._made: WeakKeyDictionary = WeakKeyDictionary()

    def get(self, estimator, values: tuple, arrays: Sequence[np.ndarray]) -> Any:
        """What was made of the same, or None."""
        made = self._made.get(estimator)
        if made is None or made[0] != values or len(made[1]) != len(arrays):
            return None
        for content, array in zip(made[1], arrays, strict=True):
            if not content.is_in(array):
                return None
        return made[2]

    def put(self, estimator, values: tuple, arrays: Sequence[np.ndarray], made: Any) -> None:
        """Keep what was made; neither it nor ``values`` may change any more."""
        self._made[estimator] = values, [_Content(array) for array in arrays], made

    def __contains__(self, estimator) -> bool:
        return estimator in self._made

    def __len__(self) -> int:
        return len(self._made)


def locked(array: np.ndarray) -> np.ndarray:
    """``array`` read-only and in memory of its own, so that nobody writes into it unseen."""
    if not _is_locked(array):
        array = np.array(array)
        array.flags.writeable = False
    return array


def _is_locked(array: np.ndarray) -> bool:
    return array.flags.owndata and not array.flags.writeable


class _Content:
    """What an array held. Bytes are compared as fast as memory is read."""

    __slots__ = ("array", "dtype", "held", "shape")

    def __init__(self, array: np.ndarray):
        self.shape, self.dtype = array.shape, array.dtype
        self.array = array if _is_locked(array) else None
        # A bytearray, unlike bytes, is compared with the buffer of a contiguous array in place.
        self.held = None if _is_locked(array) else bytearray(array.tobytes())

    def is_in(self, array: np.ndarray) -> bool:
        if self.held is None:
            return array is self.array and not array.flags.writeable
        if array.shape != self.shape or array.dtype != self.dtype:
            return False
        return self.held == (array if array.flags.c_contiguous else array.tobytes())
