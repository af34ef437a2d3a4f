"""Features of many images: what feeds the convolution kernels, block by block.

This is the only module of the package row that imports kernels, and the extractor imports it only
inside the methods that compute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from skmtl.kernels import conv
from skmtl.kernels.images import blend, patch_scales
from skmtl.utils._parallel import run_blocks

from . import _geometry

# Blocks of images for pooling and of pixels for maps: small enough for the cache, large enough to
# hide the calls, and the same for any number of threads.
BLOCK_VALUES = 2**15
BLOCK_PIXELS = 2**12

_ACTIVATIONS = {"two-sided": conv.TWO_SIDED, "relu": conv.RELU, "abs": conv.ABSOLUTE}


class Convolution:
    """Fitted filters (k, kh, kw, c) with their bias, contrast and activation, ready for one dtype."""

    def __init__(self, filters, bias, contrast, activation: str, threshold: float, dtype):
        self.kernel = filters.shape[1:3]
        self.contrast = contrast
        self.activation = _ACTIVATIONS[activation]
        self.dtype = np.dtype(dtype)
        self.bank = conv.pack_bank(filters, bias, threshold, dtype)
        self.n_channels = len(filters) * (2 if activation == "two-sided" else 1)

    def grid(self, shape) -> tuple[int, int]:
        """Rows and columns of the places where a filter fits into an image of ``shape``."""
        return shape[0] - self.kernel[0] + 1, shape[1] - self.kernel[1] + 1

    def scales(self, images: np.ndarray) -> np.ndarray:
        """What the responses of every patch of images (n, h, w, c) are multiplied by, (n, places)."""
        scales = np.ones((len(images), *self.grid(images.shape[1:])), self.dtype)
        if self.contrast is not None:
            patch_scales(images, self.contrast, scales)
        return scales.reshape(len(images), -1)

    def sites(self, cells: list[np.ndarray], shape) -> conv.Sites:
        return conv.group_sites(cells, self.grid(shape)[1], shape, self.dtype)


def pool_images(images, convolution: Convolution, stride: int, grid: Sequence[int], how: str, n_jobs):
    """Features (n, cells * channels) of images (n, h, w, c), by block of images."""
    shape, dtype, channels = images.shape[1:], convolution.dtype, convolution.n_channels
    pooling = _geometry.pooling_cells(convolution.grid(shape), stride, tuple(grid))
    rule = conv.Rule(convolution.activation, how == "max")
    sites = convolution.sites(pooling.atoms, shape)
    out = np.empty((len(images), len(pooling.members) * channels), dtype)

    def work(block: slice) -> None:
        some = np.require(images[block], dtype, ["C", "A", "W"])
        atoms = np.empty((len(some) * len(pooling.atoms), channels), dtype)
        flat, scales = some.reshape(len(some), -1), convolution.scales(some)
        conv.pool_block(flat, scales, sites, convolution.bank, rule, atoms)
        _join(atoms.reshape(len(some), -1, channels), pooling, how, out[block])

    run_blocks(work, _slices(len(images), BLOCK_VALUES // images[0].size), n_jobs)
    return out


def _join(atoms, pooling: _geometry.Pooling, how: str, out) -> None:
    """Make cells of atoms (n, atoms, channels): ``out`` (n, cells * channels)."""
    reduce = np.maximum.reduce if how == "max" else np.add.reduce
    cells = out.reshape(len(out), len(pooling.members), -1)
    for i, members in enumerate(pooling.members):
        reduce(atoms[:, members], axis=1, out=cells[:, i])
        if how == "mean":
            cells[:, i] /= sum(len(pooling.atoms[member]) for member in members)


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

            run_blocks(band, _slices(height * width, BLOCK_PIXELS), inner)

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
        self.image = np.ascontiguousarray(_geometry.pad_same(small, convolution.kernel, dtype))
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

        run_blocks(work, _slices(size, BLOCK_PIXELS), n_jobs)
        return out

    def _compute(self, places, out, column: int) -> None:
        bank, rule = self.convolution.bank, conv.Rule(self.convolution.activation, False)
        sites = self.convolution.sites([places], self.image.shape)
        conv.map_block(self.image.reshape(-1), self.scales, sites, bank, rule, out, column)


def _slices(length: int, step: int) -> list[slice]:
    step = max(step, 1)
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
