"""Passes over a batch that is normalised: its moments, what it becomes, and the way back.

All take samples as wide rows (n, width), each some samples side by side, and numbers of the same width for
each entry. The derivative of a rectified result is 0 where the result is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._jit import kernel

WIDTH = 512  # values of a wide row, about: long enough for vectors, and sums stay in the first cache
_AT_ONCE = 64  # rows that are added up in the type of the batch before they go to float64


class Scaling(NamedTuple):
    """``(X - centre) * scale + shift``, all (width,), and whether the larger of it and 0 is taken."""

    centre: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    rectified: bool


@kernel()
def moments(rows, near, out):
    """Add the sums of ``x - near`` and of its square to ``out`` (2, width), float64.

    With ``near`` (width,) not far from the mean, the variance is a difference of numbers of its own size.
    """
    some = np.empty((2, rows.shape[1]), rows.dtype)
    for first in range(0, rows.shape[0], _AT_ONCE):
        some[:] = 0
        for i in range(first, min(first + _AT_ONCE, rows.shape[0])):
            for j in range(rows.shape[1]):
                away = rows[i, j] - near[j]
                some[0, j] += away
                some[1, j] += away * away
        out += some


@kernel()
def scaled(rows, scaling, out):
    """Write the scaled rows to ``out``."""
    centre, scale, shift, rectified = scaling
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            value = (rows[i, j] - centre[j]) * scale[j] + shift[j]
            out[i, j] = max(value, value * 0) if rectified else value


@kernel()
def slope_sums(slopes, rows, scaling, out):
    """Add the sums of slopes in what ``scaled`` wrote, and of slope times ``x - centre``, to ``out``."""
    centre, scale, shift, rectified = scaling
    some = np.empty((2, rows.shape[1]), rows.dtype)
    for first in range(0, rows.shape[0], _AT_ONCE):
        some[:] = 0
        for i in range(first, min(first + _AT_ONCE, rows.shape[0])):
            for j in range(rows.shape[1]):
                away = rows[i, j] - centre[j]
                dead = rectified and away * scale[j] + shift[j] <= 0
                slope = slopes[i, j] * 0 if dead else slopes[i, j]
                some[0, j] += slope
                some[1, j] += slope * away
        out += some


@kernel()
def slopes_back(slopes, rows, scaling, means, out):
    """Write the slopes in the rows to ``out``: ``scale * (slope - means[0] - means[1] * (x - centre))``."""
    centre, scale, shift, rectified = scaling
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            away = rows[i, j] - centre[j]
            dead = rectified and away * scale[j] + shift[j] <= 0
            slope = slopes[i, j] * 0 if dead else slopes[i, j]
            out[i, j] = scale[j] * (slope - means[0, j] - means[1, j] * away)
