"""Normalised maps, rectified, of which the largest of each 2 x 2 square is kept: all in one pass, and back.

X is (n, h, w, c); out, codes and slopes are (n, h // 2, w // 2, c). ``scaling`` is ``normal.Scaling`` with
one number a channel. ``codes`` say which pixel of its square was the largest, DEAD where none is above 0.
"""

from __future__ import annotations

import numpy as np

from ._jit import kernel
from .pooled import DEAD


@kernel()
def largest_scaled(X, scaling, out, codes):
    """Write the largest scaled pixel of each square, or 0, and which it was; of equal ones it is the first.

    NaN is larger than every number.
    """
    centre, scale, shift, _ = scaling
    n, rows, columns, channels = out.shape
    for b in range(n):
        for y in range(rows):
            for x in range(columns):
                for c in range(channels):
                    largest, code = (X[b, 2 * y, 2 * x, c] - centre[c]) * scale[c] + shift[c], 0
                    for p in range(1, 4):
                        pixel = X[b, 2 * y + p // 2, 2 * x + p % 2, c]
                        value = (pixel - centre[c]) * scale[c] + shift[c]
                        better = value > largest or value != value
                        largest, code = (value, p) if better else (largest, code)
                    dead = largest <= 0
                    out[b, y, x, c] = largest * 0 if dead else largest
                    codes[b, y, x, c] = DEAD if dead else code


@kernel()
def slope_sums(slopes, codes, X, centre, out):
    """Add the sums of slopes, and of slope times ``x - centre`` of its pixel, to ``out`` (2, c), float64."""
    n, rows, columns, channels = slopes.shape
    some = np.empty((2, channels), X.dtype)
    for b in range(n):
        for y in range(rows):
            some[:] = 0
            for x in range(columns):
                for c in range(channels):
                    code, slope = codes[b, y, x, c], slopes[b, y, x, c]
                    pixel = X[b, 2 * y, 2 * x, c]
                    for p in range(1, 4):
                        other = X[b, 2 * y + p // 2, 2 * x + p % 2, c]
                        pixel = other if code == p else pixel
                    slope = slope * 0 if code == DEAD else slope
                    some[0, c] += slope
                    some[1, c] += slope * (pixel - centre[c])
            out += some


@kernel()
def slopes_back(slopes, codes, X, scaling, means, out):
    """Write the slopes in X to ``out``: ``scale * (slope - means[0] - means[1] * (x - centre))``.

    The slope is that of a square at its largest pixel, and 0 elsewhere.
    """
    centre, scale, _, _ = scaling
    n, rows, columns, channels = slopes.shape
    for b in range(n):
        for y in range(X.shape[1]):
            for x in range(X.shape[2]):
                p = y % 2 * 2 + x % 2 if y < 2 * rows and x < 2 * columns else DEAD + 1
                i, j = min(y // 2, rows - 1), min(x // 2, columns - 1)
                for c in range(channels):
                    slope = slopes[b, i, j, c]
                    slope = slope if codes[b, i, j, c] == p else slope * 0
                    away = X[b, y, x, c] - centre[c]
                    out[b, y, x, c] = scale[c] * (slope - means[0, c] - means[1, c] * away)
