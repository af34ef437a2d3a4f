"""The class of every pixel of an image, stored as runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

IGNORE = 255


@dataclass(frozen=True, eq=False)
class LabelMap:
    """An image of class numbers, uint8, kept as runs along the rows because it is mostly constant.

    Parameters
    ----------
    size : (int, int)
        Height and width.
    values : array of uint8, shape (n_runs,)
        The class of each run: 0 is background, 255 is not known.
    lengths : array of int64, shape (n_runs,)
        Pixels of each run; they add up to height * width.
    names : tuple of str
        The name of class number i; empty where nobody said.
    """

    size: tuple[int, int]
    values: np.ndarray
    lengths: np.ndarray
    names: tuple[str, ...] = ()

    @classmethod
    def encode(cls, numbers: np.ndarray, names: tuple[str, ...] = ()) -> LabelMap:
        """The runs of a uint8 array of shape (height, width)."""
        numbers = np.asarray(numbers)
        if numbers.ndim != 2 or not numbers.size or numbers.dtype != np.uint8:
            raise ValueError(
                f"a label map is uint8 of shape (height, width), got {numbers.dtype} {numbers.shape}"
            )
        flat = numbers.ravel()
        starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
        return cls(numbers.shape, flat[starts], np.diff(starts, append=flat.size), tuple(names))

    def decode(self) -> np.ndarray:
        """The class numbers, uint8 of shape (height, width)."""
        return np.repeat(self.values, self.lengths).reshape(self.size)

    def __eq__(self, other) -> bool:
        if not isinstance(other, LabelMap):
            return NotImplemented
        same = np.array_equal(self.values, other.values) and np.array_equal(self.lengths, other.lengths)
        return same and self.size == other.size and self.names == other.names

    __hash__ = None
