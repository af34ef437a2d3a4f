"""Convolution fused with normalisation, activation and pooling: maps for pooling never go to memory.

An image is a flat array of rows with the channels last, so a patch is a few runs of contiguous values and
the convolution copies no patches. What a tile computes is in ``_tiles.py``, which patches it takes and where
the results go in ``sites.py``.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from ._jit import kernel
from ._rules import ABSOLUTE, CELL, LINEAR, RELU, SINGLE, TWO_SIDED, pack, unpack
from ._tiles import FILTERS, PIXELS, Bank, Target, Work, copy, tile
from .sites import Sites, group_sites
from .windows import Window

__all__ = ["ABSOLUTE", "FILTERS", "LINEAR", "PIXELS", "RELU", "TWO_SIDED", "Bank", "Rule", "Sites"]
__all__ += ["convolve", "group_sites", "map_block", "pack_bank", "pool_block", "split_bank"]


class Rule(NamedTuple):
    """``activation``: LINEAR, RELU, ABSOLUTE or TWO_SIDED; ``maximum``: pool by it, not by the sum."""

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
    return Bank(np.ascontiguousarray(panels), np.ascontiguousarray(sides), count, 0)


def split_bank(bank: Bank, parts: int) -> list[Bank]:
    """At most ``parts`` banks of whole panels: each writes its own filters, with the same bits."""
    if parts == 1:
        return [bank]
    cuts = np.linspace(0, len(bank.panels), min(parts, len(bank.panels)) + 1).astype(int).tolist()
    return [
        Bank(bank.panels[a:b], bank.bias[a:b], bank.n_filters, bank.first + a)
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    ]


def pool_block(images, scales, sites, bank, rule, out):
    """Activations of a block of images, pooled over the cells of ``group_sites``.

    images (B, size), scales (B, n_scales) or (1, n_scales) for all, out (B * cells, channels), which is
    overwritten; all C-contiguous and of one floating type.
    """
    sites = sites._replace(target=np.arange(sites.start.size - 1) * out.shape[1])
    convolve(pack(rule.activation, CELL, rule.maximum))(
        images, scales, sites, bank, out.reshape(len(images), -1)
    )


def map_block(image, scales, sites, bank, rule, out, column):
    """Activations of one image at chosen patches, not pooled.

    image (size,), scales (n_scales,); row i of out (m, width) receives, from ``column`` on, the channels
    of the i-th of the first m patches of ``sites``, which ``group_sites`` made of one cell.
    """
    rows = np.minimum(np.arange(sites.offset.size), len(out) - 1)
    start = np.arange(rows.size // PIXELS + 1)
    sites = sites._replace(start=start, target=rows * out.shape[1] + column)
    convolve(pack(rule.activation, SINGLE, True))(image[None], scales[None], sites, bank, out.reshape(1, -1))


@cache
def convolve(what):
    """The kernel for one activation and way to join; each is compiled when it is first used."""
    signs = 2 if unpack(what)[0] == TWO_SIDED else 1

    @kernel()
    def run(images, scales, sites, bank, out):
        n_sets, n_panels = sites.start.size - 1, bank.panels.shape[0]
        at_once, width = sites.target.size // n_sets, (bank.first + n_panels) * FILTERS
        # The last panel may reach beyond the filters: as much of it as is wanted is copied from here.
        rest, places = np.empty(2 * at_once * width, images.dtype), np.arange(at_once) * 2 * width
        for b in range(images.shape[0]):
            work = Work(images[b], scales[min(b, scales.shape[0] - 1)], sites, bank)
            for k in range(n_panels):
                column = (bank.first + k) * FILTERS
                count = min(bank.n_filters - column, FILTERS)
                if count == FILTERS:
                    target, step = Target(out[b], sites.target, bank.n_filters, column), at_once
                else:
                    target, step = Target(rest, places, width, column), 0
                for s in range(n_sets):
                    for number in range(sites.start[s], sites.start[s + 1]):
                        tile(work, k, (number, s * step, number == sites.start[s]), target, what)
                    if step == 0:
                        for j in range(at_once):
                            for i in range(signs):
                                place = sites.target[s * at_once + j] + i * bank.n_filters + column
                                copy(rest, places[j] + i * width + column, out[b], place, count)

    return run
