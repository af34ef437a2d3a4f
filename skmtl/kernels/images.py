"""What surrounds the convolution: the contrast of every patch, and maps brought back to a finer grid."""

from __future__ import annotations

import numpy as np

from ._jit import kernel
from ._tiles import copy


@kernel()
def patch_scales(images, contrast, window, out):
    """``out[b, y, x] = 1 / sqrt(variance of patch (y, x) of the window's grid + contrast)``.

    images (B, H, W, C) and out (B, rows, columns), C-contiguous and floating. The sums are float64: with
    float32 the variance of a bright, even patch would be rounding error.
    """
    width, channels = images.shape[2:]
    (n_rows, n_columns), (down, along), (apart, step) = window.size, window.stride, window.dilation
    size = n_rows * n_columns * channels
    values, squares = np.empty(width * channels), np.empty(width * channels)
    total, square = np.zeros(width + step), np.zeros(width + step)
    for b in range(images.shape[0]):
        for y in range(out.shape[1]):
            values[:] = 0
            squares[:] = 0
            for r in range(n_rows):
                _add_row(images[b, y * down + r * apart].reshape(-1), values, squares)
            _running_sums(values, channels, step, total)
            _running_sums(squares, channels, step, square)
            for x in range(out.shape[2]):
                left, right = x * along, x * along + n_columns * step
                mean = (total[right] - total[left]) / size
                variance = (square[right] - square[left]) / size - mean * mean
                out[b, y, x] = 1 / np.sqrt(max(variance, 0.0) + contrast)


@kernel()
def _add_row(row, values, squares):
    for i in range(row.size):
        value = np.float64(row[i])
        values[i] += value
        squares[i] += value * value


@kernel()
def _running_sums(values, channels, step, total):
    """``total[x + step]``: the sum of ``values`` (W * channels) at x, x - step, x - 2 step, ..."""
    for x in range(total.size - step):
        total[x + step] = total[x]
        for c in range(channels):
            total[x + step] += values[x * channels + c]


@kernel()
def blend(maps, index, weight, out, column):
    """``out[i, column + c] = sum over four j of weight[i, j] * maps[index[i, j], c]``.

    maps (n, C), index (m, 4) int64, weight (m, 4), out (m, width), all C-contiguous.
    """
    channels, width = maps.shape[1], out.shape[1]
    target = out.reshape(-1)
    row = np.empty(channels, maps.dtype)
    for i in range(out.shape[0]):
        # Four at a time and by name: a loop over them would read and write the row four times.
        a, b, c, d = index[i, 0], index[i, 1], index[i, 2], index[i, 3]
        p, q, r, s = weight[i, 0], weight[i, 1], weight[i, 2], weight[i, 3]
        for j in range(channels):
            row[j] = p * maps[a, j] + q * maps[b, j] + r * maps[c, j] + s * maps[d, j]
        copy(row, 0, target, i * width + column, channels)
