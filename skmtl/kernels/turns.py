"""Images looked at along slanted rows, as those of turned images are.

Pixel (i, j) of new image b is what lies at the place ``down[:, b, i] + along[:, b, j]``, y and x, of the old
one; the middle of the first pixel is at 1/2. down (2, n, h) and along (2, n, w) are float64. Beyond its edges
an image goes on as it is there. Nothing may be reordered or fused (``fastmath=False``): an angle of 0 gives
the image itself, to the bit.
"""

from __future__ import annotations

import numpy as np

from ._jit import kernel


@kernel(fastmath=False)
def bilinear(images, down, along, out):
    """``out``: between the middles of the four nearest pixels, in proportion to the distances from them.

    images and out (n, h, w, C), C-contiguous and of one floating type.
    """
    n, height, width, channels = images.shape
    source, target, real = images.reshape(-1), out.reshape(-1), images.dtype.type
    bottom, right = height - 1.0, width - 1.0
    # Unsigned places: they are not tested for Python's negative ones.
    end = np.uint64(0)
    for b in range(n):
        for i in range(height):
            first_y, first_x = down[0, b, i] - 0.5, down[1, b, i] - 0.5
            for j in range(width):
                y = min(max(first_y + along[0, b, j], 0.0), bottom)
                x = min(max(first_x + along[1, b, j], 0.0), right)
                row, column = int(y), int(x)
                low, far = real(y - row), real(x - column)
                near = np.uint64(((b * height + row) * width + column) * channels)
                below = near + np.uint64(width * channels if row < height - 1 else 0)
                aside = np.uint64(channels if column < width - 1 else 0)
                for c in range(np.uint64(channels)):
                    upper, lower = source[near + c], source[below + c]
                    upper += far * (source[near + aside + c] - upper)
                    lower += far * (source[below + aside + c] - lower)
                    target[end] = upper + low * (lower - upper)
                    end += np.uint64(1)


@kernel(fastmath=False)
def nearest(down, along, places, beyond):
    """``places`` (n, h, w) int64: the nearest pixel of the image, counted over the pixels of all images.

    ``beyond`` (n, h, w) bool: whether the place lies outside the image.
    """
    n, height, width = places.shape
    for b in range(n):
        for i in range(height):
            for j in range(width):
                y, x = down[0, b, i] + along[0, b, j], down[1, b, i] + along[1, b, j]
                beyond[b, i, j] = y < 0 or y >= height or x < 0 or x >= width
                row, column = min(max(int(y), 0), height - 1), min(max(int(x), 0), width - 1)
                places[b, i, j] = (b * height + row) * width + column
