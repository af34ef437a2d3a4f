"""What surrounds the convolution: the contrast of every patch, and maps brought back to a finer grid."""

from __future__ import annotations

import numpy as np

from ._jit import kernel


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
    """``out[i, column + c] = sum over j of weight[i, j] * maps[index[i, j], c]``.

    maps (n, C), index (m, J) int64, weight (m, J), out (m, width), all C-contiguous.
    """
    channels = maps.shape[1]
    for i in range(out.shape[0]):
        row = out[i, column : column + channels]
        row[:] = 0
        for j in range(index.shape[1]):
            source, factor = maps[index[i, j]], weight[i, j]
            for c in range(channels):
                row[c] += factor * source[c]
