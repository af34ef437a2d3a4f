"""Bare responses to filters that are swept over images, for layers that can be differentiated."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._rules import LINEAR, SINGLE, pack
from ._tiles import EMITTED, FILTERS, Bank
from .conv import convolve, pack_bank
from .sites import Sites, layer_sites
from .squares import WINDOW, Squares, convolve_squares, square_sites, transform_filters
from .windows import Window

BLOCK_BYTES = 2**19  # maps of a few images, which stay in the cache until they are used
_WHAT = pack(LINEAR, SINGLE, True)


class Sweep(NamedTuple):
    """Filters of ``window`` over images of ``shape`` (h, w, c), the zeros around them included.

    ``scales`` are ones, for all patches of such an image.
    """

    window: Window
    shape: tuple[int, int, int]
    sites: Sites | Squares
    scales: np.ndarray

    @property
    def size(self) -> int:
        """Values of an image."""
        return int(np.prod(self.shape))


def takes_squares(window: Window, channels: int) -> bool:
    """Whether Winograd's way is open, which makes squares of 2 x 2 responses."""
    return EMITTED and channels >= FILTERS and window == Window((3, 3))


def sweep_squares(window: Window, shape: tuple[int, int, int], places: np.ndarray, dtype) -> Sweep:
    """Patches in squares of 2 x 2, row by row; square (y, x) writes its four one after another.

    The first of them goes to ``places`` (rows, columns), in values of the output.
    """
    return _sweep(window, shape, square_sites(shape, places, dtype), dtype)


def sweep_patches(window: Window, shape: tuple[int, int, int], places: np.ndarray, dtype) -> Sweep:
    """Patches one by one, each to its own of ``places`` (rows, columns), in values of the output."""
    return _sweep(window, shape, layer_sites(window, shape, 1, places, dtype), dtype)


def _sweep(window, shape, sites, dtype) -> Sweep:
    return Sweep(window, shape, sites, np.ones((1, shape[0] * shape[1]), dtype))


def begin_at(sweep: Sweep, row: int, column: int) -> Sweep:
    """The sweep whose first patch is not at the corner of the images."""
    shift = (row * sweep.shape[1] + column) * sweep.shape[2]
    return sweep._replace(sites=sweep.sites._replace(offset=sweep.sites.offset + shift))


def pack_filters(sweep: Sweep, filters: np.ndarray, bias: np.ndarray) -> Bank:
    """Filters (k, rows, columns, c) and bias (k,) as ``respond`` takes them."""
    if isinstance(sweep.sites, Squares):
        return pack_bank(transform_filters(filters), bias, 0.0, WINDOW, sweep.scales.dtype)
    return pack_bank(filters, bias, 0.0, sweep.window, sweep.scales.dtype)


def respond(sweep: Sweep, images: np.ndarray, bank: Bank, out: np.ndarray) -> None:
    """Write responses plus bias of images (m, h, w, c) to ``out`` (m, values); both are C-contiguous."""
    flat = images.reshape(len(images), -1)
    if isinstance(sweep.sites, Squares):
        convolve_squares(_WHAT)(flat, sweep.sites, bank, out)
    else:
        convolve(_WHAT)(flat, sweep.scales, sweep.sites, bank, out)
