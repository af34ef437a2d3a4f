"""numpy: the four pixels around each place, taken from a list of all pixels."""

from __future__ import annotations

import numpy as np

PACKAGE = "numpy"


def prepare(data, threads):
    return data.X, data.angle


def run(state):
    X, angle = state
    n, height, width, channels = X.shape
    rows, columns = (np.arange(side) - (side - 1) / 2 for side in (height, width))
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    y = np.clip((height - 1) / 2 + cos * rows[:, None] + sin * columns, 0, height - 1)
    x = np.clip((width - 1) / 2 - sin * rows[:, None] + cos * columns, 0, width - 1)
    row, column = y.astype(np.intp), x.astype(np.intp)
    low, far = ((part[..., None]).astype(X.dtype) for part in (y - row, x - column))
    near = (np.arange(n)[:, None, None] * height + row) * width + column
    aside, below = column < width - 1, np.where(row < height - 1, width, 0)
    pixels = X.reshape(-1, channels)
    upper = _between(pixels, near, near + aside, far)
    return upper + low * (_between(pixels, near + below, near + below + aside, far) - upper)


def _between(pixels, first, second, share):
    first, second = (pixels.take(part, axis=0) for part in (first, second))
    return first + share * (second - first)


def result(state, output):
    return output
