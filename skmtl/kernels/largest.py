"""The largest of squares of pixels, and the way back to the pixel that it was."""

from __future__ import annotations

from ._jit import kernel


@kernel()
def largest(X, size, out, codes):
    """Write the largest of each ``size`` x ``size`` square of X (n, h, w, c) to ``out``, and which it was.

    out and codes are (n, h // size, w // size, c); ``codes`` count the pixels of a square row by row. Of
    equal ones it is the first; NaN is larger than every number.
    """
    n, rows, columns, channels = out.shape
    for b in range(n):
        for y in range(rows):
            for x in range(columns):
                best, which = out[b, y, x], codes[b, y, x]
                for number in range(size * size):
                    pixel = X[b, y * size + number // size, x * size + number % size]
                    for c in range(channels):
                        better = number == 0 or pixel[c] > best[c] or pixel[c] != pixel[c]
                        best[c] = pixel[c] if better else best[c]
                        which[c] = number if better else which[c]


@kernel()
def slopes_of_largest(slopes, codes, size, out):
    """Write ``slopes`` to the pixels of ``out`` (n, h, w, c) that were the largest, 0 to others of theirs."""
    n, rows, columns, channels = slopes.shape
    for b in range(n):
        for y in range(rows):
            for x in range(columns):
                slope, which = slopes[b, y, x], codes[b, y, x]
                for number in range(size * size):
                    pixel = out[b, y * size + number // size, x * size + number % size]
                    for c in range(channels):
                        pixel[c] = slope[c] if which[c] == number else slope[c] * 0
