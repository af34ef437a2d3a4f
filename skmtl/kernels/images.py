"""What surrounds the convolution: the contrast of every patch, and maps brought back to a finer grid."""

from __future__ import annotations

import numpy as np

from ._jit import kernel
from ._tiles import copy


@kernel()
def patch_scales(images, contrast, out):
    """``out[b, y, x] = 1 / sqrt(variance of the patch at (y, x) + contrast)``.

    images (B, H, W, C) and out (B, H - kh + 1, W - kw + 1), C-contiguous and floating; the size of the
    patches, kh x kw x C, follows from the two shapes. The sums are float64: with float32 the variance of a
    bright, even patch would be rounding error.
    """
    height, width, channels = images.shape[1:]
    n_rows, n_columns = height - out.shape[1] + 1, width - out.shape[2] + 1
    size = n_rows * n_columns * channels
    total, square = np.zeros(width * channels + 1), np.zeros(width * channels + 1)
    for b in range(images.shape[0]):
        for y in range(out.shape[1]):
            _running_sums(images[b, y : y + n_rows], total, square)
            for x in range(out.shape[2]):
                left, right = x * channels, (x + n_columns) * channels
                mean = (total[right] - total[left]) / size
                variance = (square[right] - square[left]) / size - mean * mean
                out[b, y, x] = 1 / np.sqrt(max(variance, 0.0) + contrast)


@kernel()
def _running_sums(rows, total, square):
    """Running sums along a row of the column sums of ``rows`` (r, W, C) and of their squares."""
    flat = rows.reshape(rows.shape[0], -1)
    total[1:] = 0
    square[1:] = 0
    for r in range(flat.shape[0]):
        for i in range(flat.shape[1]):
            value = np.float64(flat[r, i])
            total[i + 1] += value
            square[i + 1] += value * value
    for i in range(flat.shape[1]):
        total[i + 1] += total[i]
        square[i + 1] += square[i]


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
