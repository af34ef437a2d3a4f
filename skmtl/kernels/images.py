"""What surrounds the convolution: the contrast of every patch."""

from __future__ import annotations

import numpy as np

from ._jit import kernel


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
    total, square = np.empty(width), np.empty(width)
    for b in range(images.shape[0]):
        for y in range(out.shape[1]):
            values[:] = 0
            squares[:] = 0
            for r in range(n_rows):
                _add_row(images[b, y * down + r * apart].reshape(-1), values, squares)
            _by_pixel(values, channels, total)
            _by_pixel(squares, channels, square)
            for x in range(out.shape[2]):
                # Added up anew: differences of running sums would depend on where the image begins.
                mean, variance = 0.0, 0.0
                for i in range(x * along, x * along + n_columns * step, step):
                    mean += total[i]
                    variance += square[i]
                mean /= size
                variance = variance / size - mean * mean
                out[b, y, x] = 1 / np.sqrt(max(variance, 0.0) + contrast)


@kernel()
def _add_row(row, values, squares):
    for i in range(row.size):
        value = np.float64(row[i])
        values[i] += value
        squares[i] += value * value


@kernel()
def _by_pixel(values, channels, sums):
    """``sums[x]``: the sum of the channels of pixel x in ``values`` (W * channels)."""
    for x in range(sums.size):
        total = 0.0
        for c in range(channels):
            total += values[x * channels + c]
        sums[x] = total
