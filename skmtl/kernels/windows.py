"""Where a filter looks: its size, the step from patch to patch, and the step from pixel to pixel in one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Window(NamedTuple):
    """Patches of ``size`` pixels, ``stride`` apart, of pixels ``dilation`` apart; all (rows, columns)."""

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)

    def reach(self) -> tuple[int, int]:
        """Rows and columns of the image that one patch spans."""
        rows, columns = ((n - 1) * step + 1 for n, step in zip(self.size, self.dilation, strict=True))
        return rows, columns

    def grid(self, shape) -> tuple[int, int]:
        """Rows and columns of the patches that lie within an image of ``shape`` (h, w, ...)."""
        rows, columns = (
            (length - span) // step + 1
            for length, span, step in zip(shape[:2], self.reach(), self.stride, strict=True)
        )
        return rows, columns

    def runs(self, channels: int) -> tuple[int, int]:
        """How many runs of contiguous values a patch has with the channels last, and their length."""
        rows, columns = self.size
        return (rows, columns * channels) if self.dilation[1] == 1 else (rows * columns, channels)

    def taps(self, shape: tuple[int, int, int]) -> np.ndarray:
        """How far each run is from the first value of its patch in a flat image of ``shape`` (h, w, c)."""
        _, width, channels = shape
        rows = np.arange(self.size[0], dtype=np.int64) * self.dilation[0] * width * channels
        if self.dilation[1] == 1:
            return rows
        return (rows[:, None] + np.arange(self.size[1]) * self.dilation[1] * channels).ravel()

    def offsets(self, index: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
        """The places of the patches ``index`` of the row-major grid in a flat image of ``shape``."""
        _, width, channels = shape
        row, column = np.divmod(np.asarray(index, np.int64), self.grid(shape)[1])
        return (row * self.stride[0] * width + column * self.stride[1]) * channels
