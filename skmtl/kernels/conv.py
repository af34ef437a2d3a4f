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
from ._tiles import BYTES, FILTERS, PIXELS, Bank, ByteBank, Target, Work, copy, tile
from .byte_filters import WORD, Rounded
from .sites import Sites, group_sites
from .windows import Window

__all__ = ["ABSOLUTE", "BYTES", "FILTERS", "LINEAR", "PIXELS", "RELU", "TWO_SIDED", "Bank", "ByteBank"]
__all__ += ["Rule", "Sites", "convolve", "flat_images", "group_sites", "map_block", "pack_bank", "pool_block"]
__all__ += ["split_bank"]


class Rule(NamedTuple):
    """``activation``: LINEAR, RELU, ABSOLUTE or TWO_SIDED; ``maximum``: pool by it, not by the sum."""

    activation: int
    maximum: bool


def pack_bank(filters: np.ndarray | Rounded, bias: np.ndarray, threshold: float, window: Window, dtype):
    """Lay ``filters`` (k, rows, columns, channels) and ``bias`` (k,) out in panels, zeros at the end.

    A `Bank`, or of `Rounded` filters with a `ByteWindow` a `ByteBank`, for images of bytes.
    """
    sides = _panels(np.stack([bias - threshold, -bias - threshold], axis=1).astype(dtype))
    if isinstance(filters, Rounded):
        panels = _panels(window.words(filters.numbers))
        return ByteBank(panels, sides, len(bias), 0, *map(_panels, filters.parts()))
    panels = _panels(filters.reshape(len(filters), *window.runs(filters.shape[3])).astype(dtype))
    return Bank(panels, sides, len(bias), 0)


def _panels(each: np.ndarray) -> np.ndarray:
    """``each`` (k, a, b, ...) of the filters as (panels, a, b, FILTERS, ...), zeros at the end."""
    full = np.pad(each, [(0, -len(each) % FILTERS)] + [(0, 0)] * (each.ndim - 1))
    panels = full.reshape(-1, FILTERS, *each.shape[1:])
    return np.ascontiguousarray(np.moveaxis(panels, 1, min(each.ndim, 3)))


def flat_images(images: np.ndarray) -> np.ndarray:
    """``images`` (n, h, w, c), C-contiguous, as rows; bytes with some behind them, for the last word."""
    flat = images.reshape(len(images), -1)
    if images.dtype != np.uint8:
        return flat
    longer = np.zeros((len(flat), flat.shape[1] + WORD - 1), np.uint8)
    longer[:, : flat.shape[1]] = flat
    return longer


def split_bank(bank: Bank, parts: int) -> list[Bank]:
    """At most ``parts`` banks of whole panels: each writes its own filters, with the same bits."""
    if parts == 1:
        return [bank]
    cuts = np.linspace(0, len(bank.panels), min(parts, len(bank.panels)) + 1).astype(int).tolist()
    arrays = {name: each for name, each in bank._asdict().items() if isinstance(each, np.ndarray)}
    return [
        bank._replace(first=bank.first + a, **{name: each[a:b] for name, each in arrays.items()})
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)
    ]


def pool_block(images, scales, sites, bank, rule, out):
    """Activations of a block of images, pooled over the cells of ``group_sites``.

    images (B, size), scales (B, n_scales) or (1, n_scales) for all, out (B * cells, channels), which is
    overwritten; all C-contiguous and of one floating type, or the images of bytes and float32.
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
        rest, places = np.empty(2 * at_once * width, out.dtype), np.arange(at_once) * 2 * width
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
