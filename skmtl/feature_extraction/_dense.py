"""Feature maps at every pixel, or at chosen ones, by bands of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skmtl.kernels.images import blend
from skmtl.utils._parallel import run_blocks

from . import _geometry
from ._convolution import Convolution, slices

BLOCK_PIXELS = 2**12  # small enough for the cache, large enough to hide the calls


def map_images(images, convolution: Convolution, factors: Sequence[int], n_jobs):
    """Maps (n, h, w, channels * scales) of images (n, h, w, c), at every pixel."""
    n, height, width, _ = images.shape
    channels = convolution.n_channels
    out = np.empty((n, height, width, len(factors) * channels), convolution.dtype)
    # Threads over images, or over the rows of a single one.
    outer, inner = (None, n_jobs) if n == 1 else (n_jobs, None)

    def work(i: int) -> None:
        flat = out[i].reshape(height * width, -1)
        for scale, factor in enumerate(factors):
            maps = _Maps(images[i], convolution, factor)
            source = None if factor == 1 else maps.everywhere(inner)

            def band(block: slice, maps=maps, source=source, column=scale * channels) -> None:
                pixels = np.arange(block.start, block.stop)
                maps.write(pixels // width, pixels % width, source, flat[block], column)

            run_blocks(band, slices(height * width, BLOCK_PIXELS), inner)

    run_blocks(work, range(n), outer)
    return out


def map_pixels(images, at, convolution: Convolution, factors: Sequence[int], n_jobs):
    """Rows (m, channels * scales) of the maps at ``at`` = (image, row, column), three arrays (m,)."""
    image, row, column = at
    channels = convolution.n_channels
    out = np.empty((len(image), len(factors) * channels), convolution.dtype)

    def work(i: int) -> None:
        chosen = np.flatnonzero(image == i)
        some = np.empty((len(chosen), out.shape[1]), out.dtype)
        for scale, factor in enumerate(factors):
            maps = _Maps(images[i], convolution, factor)
            maps.write(row[chosen], column[chosen], None, some, scale * channels)
        out[chosen] = some

    run_blocks(work, np.unique(image).tolist(), n_jobs)
    return out


class _Maps:
    """The maps of one image at one scale, computed where they are asked for."""

    def __init__(self, image, convolution: Convolution, factor: int):
        dtype = convolution.dtype
        small = _geometry.reduce_image(image, factor, dtype)
        self.shape, self.factor, self.convolution = small.shape[:2], factor, convolution
        self.image = np.ascontiguousarray(_geometry.pad_same(small, convolution.window.reach(), dtype))
        self.scales = convolution.scales(self.image[None])[0]

    def write(self, rows, columns, source, out, column: int) -> None:
        """Put the maps at pixels (rows, columns) into ``out`` (m, width) from ``column`` on.

        ``source`` is what ``everywhere`` returned, or None to compute what is needed.
        """
        if self.factor == 1:
            self._compute(rows * self.shape[1] + columns, out, column)
            return
        dtype, channels = self.convolution.dtype, self.convolution.n_channels
        index, weight = _geometry.neighbours(rows, columns, self.factor, self.shape, dtype)
        if source is None:
            places, index = np.unique(index, return_inverse=True)
            index = index.reshape(len(rows), 4)
            source = np.empty((len(places), channels), dtype)
            self._compute(places, source, 0)
        blend(source, index, weight, out, column)

    def everywhere(self, n_jobs) -> np.ndarray:
        """The maps at every pixel of the reduced image, (pixels, channels)."""
        size = self.shape[0] * self.shape[1]
        out = np.empty((size, self.convolution.n_channels), self.convolution.dtype)

        def work(block: slice) -> None:
            self._compute(np.arange(block.start, block.stop), out[block], 0)

        run_blocks(work, slices(size, BLOCK_PIXELS), n_jobs)
        return out

    def _compute(self, places, out, column: int) -> None:
        sites = self.convolution.sites([places], self.image.shape)
        self.convolution.write(self.image.reshape(-1), self.scales, sites, out, column)
