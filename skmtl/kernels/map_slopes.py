"""Derivatives in the filters of a convolution whose maps are kept: products of pixels and slopes, by tiles.

In the place of patches stand the entries of a filter: for each, the pixels that it has met, channel by
channel, so that they follow each other in memory. In the place of filters stand the slopes of the maps.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ._jit import kernel
from ._rules import DOT, SINGLE, pack
from ._tiles import FILTERS, PIXELS, Bank, Target, Work, tile
from .sites import Sites
from .windows import Window

_AT_ONCE = 256  # pixels that are summed over at once: their slopes of one panel fit into the first cache
_SUM = pack(DOT, SINGLE, False)


class Planes(NamedTuple):
    """Images channel by channel, and within a channel by the remainders of row and column by the stride.

    ``down`` (h,) and ``across`` (w,) say where a pixel is; from image to image it is ``image`` values, from
    row to row of the maps ``row``, from channel to channel ``channel``. There are ``together`` images, of
    whose maps ``strip`` rows are summed over at once. ``sites`` are of the filters' entries.
    """

    down: np.ndarray
    across: np.ndarray
    image: int
    row: int
    channel: int
    together: int
    strip: int
    n_entries: int
    sites: Sites


@lru_cache(maxsize=64)
def planes(n: int, shape: tuple[int, int, int], grid: tuple[int, int], window: Window, dtype) -> Planes:
    """For n images of ``shape`` (h, w, c), a square ``window`` on them, and maps of ``grid``."""
    (rows, columns), (size, _), (stride, _) = grid, window.size, window.stride
    together = max(1, min(n, _AT_ONCE // (rows * columns)))
    strip = -(-rows // -(-(rows * columns) // _AT_ONCE))
    high, wide = (-(-(length + 2 * (size // 2)) // stride) for length in shape[:2])
    image = high * wide
    phase = together * image
    y, x = (np.arange(length) + size // 2 for length in shape[:2])
    down = y % stride * stride * phase + y // stride * wide
    across = x % stride * phase + x // stride
    channel = stride * stride * phase
    i, j, c = (index.ravel() for index in np.mgrid[:size, :size, : shape[2]])
    offset = c * channel + (i % stride * stride + j % stride) * phase + i // stride * wide + j // stride
    filled = np.append(offset, np.zeros(-offset.size % PIXELS, np.int64))
    b, r = (index.ravel() for index in np.mgrid[:together, :strip])
    n = filled.size
    zeros, ones = np.zeros(n, np.int64), np.ones(n, dtype)
    sites = Sites(b * image + r * wide, filled, zeros, ones, np.arange(2), np.arange(n))
    return Planes(down, across, image, wide, channel, together, strip, offset.size, sites)


def filter_slopes(X: np.ndarray, slopes: np.ndarray, planes: Planes) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives in filters (entries, k), in the order (row, column, channel), and in bias (k,).

    X (n, h, w, c) and slopes (n, rows, columns, k), C-contiguous.
    """
    k, n_entries = slopes.shape[3], planes.n_entries
    width = -(-k // FILTERS) * FILTERS
    filters, bias = np.zeros((planes.sites.offset.size, width), X.dtype), np.zeros(width, X.dtype)
    sites = planes.sites._replace(target=planes.sites.target * width)
    _add_products(X, slopes, planes._replace(sites=sites), filters.reshape(-1), bias)
    return filters[:n_entries, :k], bias[:k]


@kernel()
def _add_products(X, slopes, planes, out, bias):
    n, rows = slopes.shape[:2]
    n_panels, n_tiles = bias.size // FILTERS, planes.sites.offset.size // PIXELS
    # the last strip may reach beyond the last row, where slopes are 0
    pixels = np.zeros(X.shape[3] * planes.channel + planes.strip * planes.row, X.dtype)
    panels = np.zeros((n_panels, planes.together * planes.strip, slopes.shape[2], FILTERS), X.dtype)
    bank = Bank(panels, np.zeros((n_panels, 2, FILTERS), X.dtype), bias.size, 0)
    scales = np.ones(1, X.dtype)
    for first in range(0, n, planes.together):
        some = min(planes.together, n - first)
        for b in range(some):
            _spread(X[first + b], planes, b * planes.image, pixels)
        for top in range(0, rows, planes.strip):
            panels[:] = 0
            high = min(planes.strip, rows - top)
            for b in range(some):
                for r in range(high):
                    _lay(slopes[first + b, top + r], b * planes.strip + r, panels)
            for k in range(n_panels):
                _sum(panels[k].reshape(-1), bias[k * FILTERS : (k + 1) * FILTERS])
            work = Work(pixels[top * planes.row :], scales, planes.sites, bank)
            for k in range(n_panels):
                target = Target(out, planes.sites.target, 0, k * FILTERS)
                for t in range(n_tiles):
                    tile(work, k, (t, t * PIXELS, False), target, _SUM)


@kernel()
def _spread(image, planes, start, pixels):
    height, width, channels = image.shape
    for y in range(height):
        for c in range(channels):
            place = start + c * planes.channel + planes.down[y]
            for x in range(width):
                pixels[place + planes.across[x]] = image[y, x, c]


@kernel()
def _lay(row, place, panels):
    """A row of slopes (columns, k) as a row of each panel."""
    width, k = row.shape
    for x in range(width):
        for first in range(0, k, FILTERS):
            for f in range(min(FILTERS, k - first)):
                panels[first // FILTERS, place, x, f] = row[x, first + f]


@kernel()
def _sum(values, total):
    """Add values, of FILTERS columns, to total (FILTERS,)."""
    part = np.zeros(FILTERS, values.dtype)
    for i in range(0, values.size, FILTERS):
        for f in range(FILTERS):
            part[f] += values[i + f]
    for f in range(FILTERS):
        total[f] += part[f]
