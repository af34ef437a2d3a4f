"""Grids of pixels, coarser and turned, slow and obvious: twins of ``skmtl.kernels.grids`` and ``turns``."""

import numpy as np


def cell_means(maps, cell):
    """Means (rows, columns, channels) over cells of cell x cell places; the last ones hold what is left."""
    starts = [range(0, length, cell) for length in maps.shape[:2]]
    return np.array(
        [[maps[y : y + cell, x : x + cell].mean(axis=(0, 1)) for x in starts[1]] for y in starts[0]]
    )


def between_pixels(image, y, x):
    """The values (C,) at a place of an image (h, w, C), bilinear; the middle of the first pixel is at 1/2."""
    height, width = image.shape[:2]
    y, x = np.clip(y, 0.5, height - 0.5), np.clip(x, 0.5, width - 0.5)
    total = 0.0
    for i in range(height):
        for j in range(width):
            total = total + max(0, 1 - abs(y - i - 0.5)) * max(0, 1 - abs(x - j - 0.5)) * image[i, j]
    return total


def lies_outside(image, y, x):
    """Whether a place lies in no pixel of an image (h, w)."""
    return not (0 <= y < image.shape[0] and 0 <= x < image.shape[1])
