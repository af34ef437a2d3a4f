"""Which patches the tiles of a convolution take, and where their results go."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._rules import PAIR, SINGLE
from ._tiles import GROUPS, PIXELS
from .windows import Window


class Sites(NamedTuple):
    """Which patches to take, in tiles of PIXELS, and where the results go.

    A set of tiles makes ``PIXELS // group`` places of the output at once, each from ``group`` patches of
    every tile: set s consists of the tiles ``start[s]`` to ``start[s + 1]``, and place j of it is
    ``target[s * (PIXELS // group) + j]``, in values of the flat output. ``offset`` says where a patch
    begins in the flat image, ``index`` which scale is its own, ``weight`` what it counts in a sum (0 where
    it only fills up a tile); ``taps`` how far each of a patch's runs of contiguous values is from its
    first value. All int64 but for weight.
    """

    taps: np.ndarray
    offset: np.ndarray
    index: np.ndarray
    weight: np.ndarray
    start: np.ndarray
    target: np.ndarray


def group_sites(cells: list[np.ndarray], window: Window, image_shape: tuple[int, ...], dtype) -> Sites:
    """Sites whose places are ``cells``, arbitrary and not empty, filled up to whole tiles.

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
    targets = np.zeros(len(cells), np.int64)
    return Sites(taps, offset, chosen, np.concatenate(weight), np.array(start, np.int64), targets)


def square_places(grid: tuple[int, int], pool: int, border: tuple[int, int], channels: int):
    """Where the first channel of every whole square of ``pool`` x ``pool`` patches goes: (rows, columns).

    Also the shape (h, w, channels) of the output, with ``border`` = (before, after) rows and columns around.
    """
    height, width = grid[0] // pool, grid[1] // pool
    shape = height + sum(border), width + sum(border), channels
    rows, columns = np.arange(height) + border[0], np.arange(width) + border[0]
    return (rows[:, None] * shape[1] + columns) * channels, shape


def joined_patches(pool: int) -> int:
    """Which patches of a tile are joined at once where squares of ``pool`` x ``pool`` are pooled."""
    return PAIR if pool % 2 == 0 else SINGLE


def layer_sites(window: Window, image_shape: tuple[int, ...], pool: int, places: np.ndarray, dtype) -> Sites:
    """Sites whose places are squares of ``pool`` x ``pool`` patches; sums are weighted to means."""
    height, width = places.shape
    y, x, i, j = np.ogrid[:height, :width, :pool, :pool]
    cells = (y * pool + i) * window.grid(image_shape)[1] + x * pool + j
    size = GROUPS[joined_patches(pool)]
    at_once = PIXELS // size
    # What fills up the tiles comes first and counts nothing: the place it goes to is overwritten.
    missing = -places.size % at_once
    order = np.maximum(np.arange(-missing, places.size), 0)
    index = cells.reshape(places.size, pool * pool)[order]
    weight = np.full(index.shape, 1 / (pool * pool), dtype)
    weight[:missing] = 0
    passes = pool * pool // size
    # tile by tile, in a tile place by place, of a place ``size`` patches
    index, weight = (
        each.reshape(-1, at_once, passes, size).transpose(0, 2, 1, 3).ravel() for each in (index, weight)
    )
    taps, offset = window.taps(image_shape), window.offsets(index, image_shape)
    start = np.arange(order.size // at_once + 1) * passes
    return Sites(taps, offset, index, weight, start, places.ravel()[order])
