"""Convolution fused with normalisation, rectification and pooling: maps for pooling never go to memory.

An image is a flat array of rows with the channels last, so a row of a patch is contiguous and the
convolution copies no patches. What a tile computes is in ``_tiles.py``: from the response z of each
filter come u = max(z - threshold, 0) and v = max(-z - threshold, 0), and every activation is made of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._jit import kernel
from ._tiles import FILTERS, PIXELS, Patches, add, keep, maximum

TWO_SIDED, RELU, ABSOLUTE = 0, 1, 2


class Bank(NamedTuple):
    """Filters as the tiles take them: ``panels`` (n, rows, row_length, FILTERS), ``bias`` (n, 2, FILTERS).

    Zeros fill up the last panel; ``n_filters`` says how many are real.
    """

    panels: np.ndarray
    bias: np.ndarray
    n_filters: int


class Sites(NamedTuple):
    """Which patches to take, in tiles: ``offset`` in the flat image, ``index`` among the scales, ``weight``.

    ``row_stride`` is the number of values from one row of the image to the next; the tiles ``start[i]``
    to ``start[i + 1]`` make cell i.
    """

    row_stride: int
    offset: np.ndarray
    index: np.ndarray
    weight: np.ndarray
    start: np.ndarray


class Rule(NamedTuple):
    """``activation``: TWO_SIDED, RELU or ABSOLUTE; ``maximum``: pool by the maximum, not by the sum."""

    activation: int
    maximum: bool


def pack_bank(filters: np.ndarray, bias: np.ndarray, threshold: float, dtype) -> Bank:
    """Lay ``filters`` (k, rows, columns, channels) and ``bias`` (k,) out in panels, zeros at the end."""
    count, rows = filters.shape[:2]
    n_panels = -(-count // FILTERS)
    flat = np.zeros((n_panels * FILTERS, rows, filters[0, 0].size), dtype)
    flat[:count] = filters.reshape(count, rows, -1)
    panels = flat.reshape(n_panels, FILTERS, rows, -1).transpose(0, 2, 3, 1)
    sides = np.zeros((2, n_panels * FILTERS), dtype)
    sides[:, :count] = bias - threshold, -bias - threshold
    sides = sides.reshape(2, n_panels, FILTERS).transpose(1, 0, 2)
    return Bank(np.ascontiguousarray(panels), np.ascontiguousarray(sides), count)


def group_sites(cells: list[np.ndarray], offset: np.ndarray, row_stride: int, dtype) -> Sites:
    """Fill up the patches of each cell, given as indices into ``offset``, to whole tiles."""
    index, weight, start = [], [], [0]
    for cell in cells:
        missing = -len(cell) % PIXELS
        index += [cell, np.repeat(cell[-1:], missing)]
        weight += [np.ones(len(cell), dtype), np.zeros(missing, dtype)]
        start.append(start[-1] + (len(cell) + missing) // PIXELS)
    chosen = np.concatenate(index).astype(np.int64)
    place = offset.astype(np.int64)[chosen]
    return Sites(row_stride, place, chosen, np.concatenate(weight), np.array(start, np.int64))


@kernel()
def _pick(scales, index):
    picked = np.empty(index.size, scales.dtype)
    for i in range(index.size):
        picked[i] = scales[index[i]]
    return picked


@kernel()
def _write(positive, negative, rule, first, n_filters, out):
    """Put FILTERS responses into one row of features; for TWO_SIDED the signs go into two halves."""
    for f in range(min(FILTERS, n_filters - first)):
        u, v = positive[f], negative[f]
        if rule.activation == TWO_SIDED:
            out[n_filters + first + f] = v
        elif rule.activation == ABSOLUTE:
            u = max(u, v) if rule.maximum else u + v
        out[first + f] = u


@kernel()
def pool_block(images, scales, sites, bank, rule, out):
    """Activations of a block of images, pooled over cells.

    images (B, size), scales (B, n_scales), out (B, cells, channels), which is overwritten; all
    C-contiguous and of one floating type.
    """
    sides = np.empty((2, FILTERS), images.dtype)
    stride = sites.row_stride
    for b in range(images.shape[0]):
        patches = Patches(sites.offset, _pick(scales[b], sites.index), sites.weight)
        for k in range(bank.panels.shape[0]):
            panel, bias = bank.panels[k], bank.bias[k]
            for cell in range(out.shape[1]):
                sides[:] = 0
                for tile in range(sites.start[cell], sites.start[cell + 1]):
                    if rule.maximum:
                        maximum(images[b], stride, patches, tile * PIXELS, panel, bias, sides)
                    else:
                        add(images[b], stride, patches, tile * PIXELS, panel, bias, sides)
                _write(sides[0], sides[1], rule, k * FILTERS, bank.n_filters, out[b, cell])


@kernel()
def map_block(image, scales, sites, bank, rule, out, column):
    """Activations of one image at chosen places, not pooled.

    image (size,), scales (n_scales,); row i of out (m, width) receives, from ``column`` on, the channels
    of the i-th of the first m patches of ``sites``.
    """
    sides = np.empty((2, PIXELS, FILTERS), image.dtype)
    patches = Patches(sites.offset, _pick(scales, sites.index), sites.weight)
    for first in range(0, sites.offset.size, PIXELS):
        for k in range(bank.panels.shape[0]):
            keep(image, sites.row_stride, patches, first, bank.panels[k], bank.bias[k], sides)
            for p in range(min(PIXELS, out.shape[0] - first)):
                row = out[first + p, column:]
                _write(sides[0, p], sides[1, p], rule, k * FILTERS, bank.n_filters, row)
