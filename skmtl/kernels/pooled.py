"""Convolution of 3 x 3, ReLU and the largest of 2 x 2 pixels as one layer that can be differentiated.

Of the maps only the largest of each square is kept, with a number that says which it was. On the way back at
most one of the four pixels of a square has a derivative, so the derivatives in filters and images are sums
over lists of (place, derivative), a quarter of the terms of the dense products.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from skmtl.utils._aligned import aligned

from ._jit import kernel
from ._sums import Strip, Terms, add, cut
from ._tiles import Bank, copy
from .sweeps import BLOCK_BYTES, Sweep, pack_filters, respond, sweep_patches, sweep_squares, takes_squares
from .windows import Window

DEAD = 4  # in place of the number of the largest pixel, where none is above 0
_WINDOW = Window((3, 3))
_SLOTS = DEAD + 1  # lists of a square's filters, by their largest pixel
_AT_ONCE = 32  # squares whose terms are in the first cache at a time


class Plan(NamedTuple):
    """Where patches are and results go; depends on shapes alone. ``grid`` is (rows, columns) of squares.

    ``offset`` (squares, 5) says where the patch of each pixel of a square begins in a flat image, zeros
    around it; the last column is of no pixel.
    """

    sweep: Sweep
    offset: np.ndarray
    strip: Strip
    grid: tuple[int, int]


@lru_cache(maxsize=64)
def plan(shape: tuple[int, int, int], n_filters: int, dtype) -> Plan:
    """For images of ``shape`` (h, w, c), zeros around them not counted."""
    height, width, channels = shape
    padded, grid = (height + 2, width + 2, channels), (height // 2, width // 2)
    number = np.arange(grid[0] * grid[1]).reshape(grid)
    # the maps have the four pixels of a square together: (squares, 4, n_filters)
    if takes_squares(_WINDOW, channels):
        sweep = sweep_squares(_WINDOW, padded, number * 4 * n_filters, dtype)
    else:
        i, j = np.ogrid[: 2 * grid[0], : 2 * grid[1]]
        place = number[i // 2, j // 2] * 4 + i % 2 * 2 + j % 2
        sweep = sweep_patches(_WINDOW, padded, place * n_filters, dtype)
    row = padded[1] * channels
    y, x = np.divmod(number.ravel(), grid[1])
    corner = (2 * y * row + 2 * x * channels)[:, None]
    offset = corner + np.array([0, channels, row, row + channels, 0])
    return Plan(sweep, offset, cut(3 * channels, 3, dtype), grid)


def pack_ahead(plan: Plan, filters: np.ndarray, bias: np.ndarray) -> Bank:
    """Filters (k, 3, 3, c) and bias (k,) as ``forward`` takes them."""
    return pack_filters(plan.sweep, filters, bias)


def pack_back(plan: Plan, filters: np.ndarray) -> np.ndarray:
    """Filters (k, 3, 3, c) as ``image_slopes`` takes them."""
    k, length, values = len(filters), plan.strip.length, 3 * filters.shape[3]
    laid = aligned(np.zeros, k * 3 * length, filters.dtype)
    laid.reshape(k, 3, length)[:, :, :values] = filters.reshape(k, 3, values)
    return laid


def forward(X, bank: Bank, plan: Plan, out, codes) -> None:
    """Write ``max(0, largest response of each square)`` to ``out`` (n, squares, k), and which pixel it was
    to ``codes``, uint8.

    X (n, h, w, c), of one floating type, C-contiguous. Zeros surround the images.
    """
    n, n_squares, k = out.shape
    step = max(1, min(n, BLOCK_BYTES // (4 * n_squares * k * X.itemsize)))
    padded = np.zeros((step, *plan.sweep.shape), X.dtype)
    maps = np.empty((step, 4 * n_squares * k), X.dtype)
    for first in range(0, n, step):
        block = slice(first, min(first + step, n))
        some = slice(block.stop - first)
        padded[some, 1:-1, 1:-1] = X[block]
        respond(plan.sweep, padded[some], bank, maps[some])
        choose(maps[some].reshape(-1, 4, k), out[block].reshape(-1, k), codes[block].reshape(-1, k))


@kernel()
def choose(maps, out, codes):
    """The largest of four numbers and 0, and which it was: maps (m, 4, k), out and codes (m, k).

    Of equal numbers it is the first, DEAD where none is above 0. NaN is larger than every number.
    """
    for i in range(maps.shape[0]):
        for k in range(maps.shape[2]):
            largest, code = maps[i, 0, k], 0
            for y in range(1, 4):
                value = maps[i, y, k]
                better = value > largest or value != value
                largest, code = (value, y) if better else (largest, code)
            dead = largest <= 0
            out[i, k] = largest * 0 if dead else largest
            codes[i, k] = DEAD if dead else code


def filter_slopes(X, codes, slopes, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives in filters (k, 3, 3, c) and bias (k,), from ``slopes`` in what ``forward`` made of X."""
    k, length = codes.shape[2], plan.strip.length
    out, bias = aligned(np.zeros, k * 3 * length, X.dtype), np.zeros(k, X.dtype)
    into_filters(plan.strip)(_rows(X), _canvas(plan, X.dtype), plan.offset, codes, slopes, out, bias)
    filters = out.reshape(k, 3, length)[:, :, : 3 * X.shape[3]]
    return filters.reshape(k, 3, 3, -1), bias


def image_slopes(laid, codes, slopes, plan: Plan, out) -> None:
    """Write derivatives in the images to ``out`` (n, h, w, c); ``laid`` is what ``pack_back`` has made."""
    into_images(plan.strip)(laid, _canvas(plan, out.dtype), plan.offset, codes, slopes, _rows(out))


def _rows(X: np.ndarray) -> np.ndarray:
    n, height, width, channels = X.shape
    return X.reshape(n, height, width * channels)


def _canvas(plan: Plan, dtype) -> np.ndarray:
    """One padded image of zeros and, as strips reach beyond patches, one strip."""
    return aligned(np.zeros, plan.sweep.size + plan.strip.length, dtype)


@cache
def into_filters(strip: Strip):
    """The kernel for one way to cut patches: for every filter, the patches of its largest pixels.

    X and out of ``into_images`` are (n, rows, values of a row); offset is that of ``Plan``.
    """
    rows, width, length = strip

    @kernel()
    def run(X, canvas, offset, codes, slopes, out, bias):
        row = offset[0, 2]
        channels = (row - X.shape[2]) // 2
        terms = Terms(np.empty(_AT_ONCE, np.int64), np.empty(_AT_ONCE, X.dtype))
        for b in range(X.shape[0]):
            for y in range(X.shape[1]):
                copy(X[b, y], 0, canvas, (y + 1) * row + channels, X.shape[2])
            for first in range(0, codes.shape[1], _AT_ONCE):
                last = min(first + _AT_ONCE, codes.shape[1])
                for k in range(codes.shape[2]):
                    n, total = 0, slopes[b, 0, k] * 0
                    for i in range(first, last):
                        code = codes[b, i, k]
                        terms.offset[n], terms.weight[n] = offset[i, code], slopes[b, i, k]
                        n += code != DEAD
                    for i in range(n):
                        total += terms.weight[i]
                    bias[k] += total
                    for r in range(0, 3, rows):
                        for left in range(0, length, width):
                            # the terms begin at the first value of a patch, those of a strip further on
                            turn = 0, n, (3 * k + r) * length + left, row, length
                            add(canvas[r * row + left :], terms, out, turn, rows, width)

    return run


@cache
def into_images(strip: Strip):
    """The kernel for one way to cut patches: for every pixel, the filters that it is the largest of."""
    rows, width, length = strip

    @kernel()
    def run(filters, canvas, offset, codes, slopes, out):
        row, n_filters = offset[0, 2], codes.shape[2]
        channels = (row - out.shape[2]) // 2
        count, most = np.empty(_AT_ONCE * _SLOTS, np.int64), _AT_ONCE * _SLOTS * n_filters
        terms = Terms(np.empty(most, np.int64), np.empty(most, filters.dtype))
        for b in range(out.shape[0]):
            canvas[:] = 0
            for first in range(0, codes.shape[1], _AT_ONCE):
                some = min(_AT_ONCE, codes.shape[1] - first)
                squares = slice(first, first + some)
                _sort(codes[b, squares], slopes[b, squares], 3 * length, terms, count)
                for r in range(0, 3, rows):
                    for left in range(0, length, width):
                        part = filters[r * length + left :]
                        for i in range(some):
                            for y in range(DEAD):
                                slot = i * _SLOTS + y
                                begin, place = slot * n_filters, offset[first + i, y] + r * row + left
                                turn = begin, begin + count[slot], place, length, row
                                add(part, terms, canvas, turn, rows, width)
            for y in range(out.shape[1]):
                copy(canvas, (y + 1) * row + channels, out[b, y], 0, out.shape[2])

    return run


@kernel()
def _sort(codes, slopes, apart, terms, count):
    """Lists of the filters, ``apart`` from each other, and slopes of each pixel of the squares (m, k).

    List ``_SLOTS * i + code`` begins at ``k`` times its number and has ``count`` terms.
    """
    n_filters = codes.shape[1]
    count[:] = 0
    for i in range(codes.shape[0]):
        for k in range(n_filters):
            slot = i * _SLOTS + int(codes[i, k])
            n = slot * n_filters + count[slot]
            terms.offset[n], terms.weight[n] = k * apart, slopes[i, k]
            count[slot] += 1
