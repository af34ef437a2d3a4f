"""Layers of 3 x 3 filters pooled over 2 x 2: Winograd's F(2 x 2, 3 x 3), whose squares are the pooling cells.

Four outputs take 16 products a channel instead of 36; sums and differences are all that the transforms add.
The result differs from the plain sum by rounding (a few units in the last place of the largest term).

Reference: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, section 4.1.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from ._jit import kernel
from ._rules import DOT, SINGLE, TWO_SIDED, pack, unpack
from ._tiles import FILTERS, PIXELS, Bank, Target, Work, copy, fold, spread, tile
from .sites import Sites
from .windows import Window

_FILTER = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])  # Winograd's G
_BOTH_WAYS = np.kron(_FILTER, _FILTER)
WINDOW = Window((4, 4), stride=(2, 2), dilation=(1, 2))  # dilated, so that every pixel is a run of its own
_AT_ONCE = 4 * PIXELS  # squares: their products and sums fit into the cache
_PRODUCTS = pack(DOT, SINGLE, True)


class Squares(NamedTuple):
    """``offset`` of every square's 4 x 4 pixels in the image, ``target`` of its results, in the output.

    From row to row of the image it is ``row`` values; ``products`` are the sites of the products of a block.
    """

    offset: np.ndarray
    target: np.ndarray
    row: int
    products: Sites


def transform_filters(filters: np.ndarray) -> np.ndarray:
    """``G f G'`` of filters (k, 3, 3, c): (k, 4, 4, c)."""
    k, _, _, channels = filters.shape
    return (_BOTH_WAYS @ filters.reshape(k, 9, channels)).reshape(k, 4, 4, channels)


def square_sites(image_shape: tuple[int, ...], places: np.ndarray, dtype) -> Squares:
    """Squares of an image of ``image_shape`` (h, w, c) whose results go to ``places`` (rows, columns)."""
    _, columns, channels = image_shape
    rows, across = (np.arange(length) * 2 for length in places.shape)
    offset = (rows[:, None] * columns + across) * channels
    n = 16 * _AT_ONCE
    number = np.arange(n)
    # value v of square s is read at v * _AT_ONCE + s and its sums go to s * 16 + v
    target = (number % _AT_ONCE * 16 + number // _AT_ONCE) * FILTERS
    zeros = np.zeros(n, np.int64)
    products = Sites(zeros[:1], number * channels, zeros, np.ones(n, dtype), np.arange(2), target)
    return Squares(offset.ravel(), places.ravel(), columns * channels, products)


@cache
def convolve_squares(what):
    """The kernel for one activation and way to join; each is compiled when it is first used."""
    activation, group, _ = unpack(what)
    results = 4 if group == SINGLE else 2 if activation == TWO_SIDED else 1

    @kernel()
    def run(images, squares, bank, out):
        size, channels = squares.offset.size, bank.panels.shape[2]
        image, output = images.reshape(-1), out.reshape(-1)
        values = np.zeros(16 * _AT_ONCE * channels, images.dtype)
        sums, rest = np.zeros(16 * _AT_ONCE * FILTERS, images.dtype), np.zeros(4 * FILTERS, images.dtype)
        # blocks do not end with an image: small ones would leave most of a tile empty
        for start in range(0, images.shape[0] * size, _AT_ONCE):
            count = min(_AT_ONCE, images.shape[0] * size - start)
            for s in range(count):
                b, i = divmod(start + s, size)
                place = b * images.shape[1] + squares.offset[i]
                spread(image, place, (squares.row, channels), values, s * channels, _AT_ONCE * channels)
            for k in range(bank.panels.shape[0]):
                _multiply(values, squares.products, bank.panels[k], count, sums)
                column = (bank.first + k) * FILTERS
                wanted = min(bank.n_filters - column, FILTERS)
                for s in range(count):
                    b, i = divmod(start + s, size)
                    at, place = s * 16 * FILTERS, b * out.shape[1] + squares.target[i] + column
                    if wanted == FILTERS:
                        fold(sums, bank, k, (at, place, bank.n_filters), output, what)
                    else:
                        fold(sums, bank, k, (at, 0, FILTERS), rest, what)
                        for i in range(results):
                            copy(rest, i * FILTERS, output, place + i * bank.n_filters, wanted)

    return run


@kernel()
def _multiply(values, products, panel, count, sums):
    """The 16 products of every filter of one panel (16, channels, FILTERS), of ``count`` squares."""
    bank = Bank(panel.reshape(16, 1, -1, FILTERS), np.zeros((16, 2, FILTERS), values.dtype), FILTERS, 0)
    work = Work(values, np.ones(1, values.dtype), products, bank)
    target = Target(sums, products.target, 0, 0)
    for v in range(16):
        for first in range(v * _AT_ONCE, v * _AT_ONCE + count, PIXELS):
            tile(work, v, (first // PIXELS, first, True), target, _PRODUCTS)
