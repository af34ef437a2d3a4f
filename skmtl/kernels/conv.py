"""Convolution fused with normalisation, rectification and pooling: maps for pooling never go to memory.

An image is a flat array of rows with the channels last, so a patch is a few runs of contiguous values and
the convolution copies no patches. What a tile computes is in ``_tiles.py``: from the response z of each
filter come u = max(z - threshold, 0) and v = max(-z - threshold, 0), and every activation is made of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._jit import kernel
from ._tiles import FILTERS, PIXELS, Bank, Patches, add, copy, keep, maximum
from .windows import Window

TWO_SIDED, RELU, ABSOLUTE = 0, 1, 2


class Sites(NamedTuple):
    """Which patches to take, in tiles: ``offset`` in the flat image, ``index`` among the scales, ``weight``.

    ``taps`` says how far each run of a patch is from its first value; the tiles ``start[i]`` to
    ``start[i + 1]`` make cell i.
    """

    taps: np.ndarray
    offset: np.ndarray
    index: np.ndarray
    weight: np.ndarray
    start: np.ndarray


class Rule(NamedTuple):
    """``activation``: TWO_SIDED, RELU or ABSOLUTE; ``maximum``: pool by the maximum, not by the sum."""

    activation: int
    maximum: bool


def pack_bank(filters: np.ndarray, bias: np.ndarray, threshold: float, window: Window, dtype) -> Bank:
    """Lay ``filters`` (k, rows, columns, channels) and ``bias`` (k,) out in panels, zeros at the end."""
    count, runs = len(filters), window.runs(filters.shape[3])
    n_panels = -(-count // FILTERS)
    flat = np.zeros((n_panels * FILTERS, *runs), dtype)
    flat[:count] = filters.reshape(count, *runs)
    panels = flat.reshape(n_panels, FILTERS, *runs).transpose(0, 2, 3, 1)
    sides = np.zeros((2, n_panels * FILTERS), dtype)
    sides[:, :count] = bias - threshold, -bias - threshold
    sides = sides.reshape(2, n_panels, FILTERS).transpose(1, 0, 2)
    return Bank(np.ascontiguousarray(panels), np.ascontiguousarray(sides), count)


def group_sites(cells: list[np.ndarray], window: Window, image_shape: tuple[int, ...], dtype) -> Sites:
    """Fill up the patches of each cell to whole tiles.

    A patch is named by its place in the row-major grid of all patches that ``window`` has in an image of
    ``image_shape`` (h, w, c); the scales that the kernels take are in that order.
    """
    index, weight, start = [], [], [0]
    for cell in cells:
        missing = -len(cell) % PIXELS
        index += [cell, np.repeat(cell[-1:], missing)]
        weight += [np.ones(len(cell), dtype), np.zeros(missing, dtype)]
        start.append(start[-1] + (len(cell) + missing) // PIXELS)
    chosen = np.concatenate(index).astype(np.int64)
    taps, offset = window.taps(image_shape), window.offsets(chosen, image_shape)
    return Sites(taps, offset, chosen, np.concatenate(weight), np.array(start, np.int64))


@kernel()
def _pick(scales, index):
    picked = np.empty(index.size, scales.dtype)
    for i in range(index.size):
        picked[i] = scales[index[i]]
    return picked


@kernel()
def _merge(sides, rule):
    """Where u and v make one activation, put it in the place of u; ``sides`` (rows, 2, n)."""
    if rule.activation == ABSOLUTE:
        for p in range(sides.shape[0]):
            for i in range(sides.shape[2]):
                u, v = sides[p, 0, i], sides[p, 1, i]
                sides[p, 0, i] = max(u, v) if rule.maximum else u + v


@kernel()
def _write(sides, count, two_sided, n_filters, out, place):
    """Copy the channels of the first ``count`` rows of ``sides`` (rows, 2, n) into ``out`` (m, width).

    ``place`` is the flat place in ``out`` of the first channel of the first row.
    """
    source, target = sides.reshape(-1), out.reshape(-1)
    row, side = 2 * sides.shape[2], sides.shape[2]
    for p in range(count):
        copy(source, p * row, target, place + p * out.shape[1], n_filters)
        if two_sided:
            copy(source, p * row + side, target, place + p * out.shape[1] + n_filters, n_filters)


@kernel()
def pool_block(images, scales, sites, bank, rule, out):
    """Activations of a block of images, pooled over cells.

    images (B, size), scales (B, n_scales), out (B * cells, channels), which is overwritten; all
    C-contiguous and of one floating type.
    """
    n_cells, n_panels = sites.start.size - 1, bank.panels.shape[0]
    sides = np.empty((n_cells, 2, n_panels * FILTERS), images.dtype)
    for b in range(images.shape[0]):
        image = images[b]
        patches = Patches(sites.offset, _pick(scales[b], sites.index), sites.weight)
        sides[:] = 0
        for k in range(n_panels):
            for cell in range(n_cells):
                into = sides[cell]
                for tile in range(sites.start[cell], sites.start[cell + 1]):
                    if rule.maximum:
                        maximum(image, sites.taps, patches, tile * PIXELS, bank, k, into)
                    else:
                        add(image, sites.taps, patches, tile * PIXELS, bank, k, into)
        _merge(sides, rule)
        two_sided = rule.activation == TWO_SIDED
        _write(sides, n_cells, two_sided, bank.n_filters, out, b * n_cells * out.shape[1])


@kernel()
def map_block(image, scales, sites, bank, rule, out, column):
    """Activations of one image at chosen places, not pooled.

    image (size,), scales (n_scales,); row i of out (m, width) receives, from ``column`` on, the channels
    of the i-th of the first m patches of ``sites``.
    """
    n_panels = bank.panels.shape[0]
    sides = np.empty((PIXELS, 2, n_panels * FILTERS), image.dtype)
    patches = Patches(sites.offset, _pick(scales, sites.index), sites.weight)
    two_sided = rule.activation == TWO_SIDED
    for first in range(0, sites.offset.size, PIXELS):
        for k in range(n_panels):
            keep(image, sites.taps, patches, first, bank, k, sides)
        _merge(sides, rule)
        count = min(PIXELS, out.shape[0] - first)
        _write(sides, count, two_sided, bank.n_filters, out, first * out.shape[1] + column)
