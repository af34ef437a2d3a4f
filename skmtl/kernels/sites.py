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


def layer_sites(
    window: Window, image_shape: tuple[int, ...], pool: int, border: tuple[int, int], channels: int, dtype
) -> tuple[Sites, tuple[int, int, int]]:
    """Sites that pool over ``pool`` x ``pool`` patches, and the shape (h, w, channels) of the output.

    The output has ``border`` = (before, after) rows and columns around, which are not written; patches
    that make no whole cell are left out. Sums are weighted to means.
    """
    rows, columns = window.grid(image_shape)
    height, width = rows // pool, columns // pool
    y, x, i, j = np.ogrid[:height, :width, :pool, :pool]
    cells = ((y * pool + i) * columns + x * pool + j).reshape(height * width, pool * pool)
    shape = height + sum(border), width + sum(border), channels
    places = (np.arange(height)[:, None] + border[0]) * shape[1] + np.arange(width) + border[0]
    size = GROUPS[_group(pool)]
    at_once = PIXELS // size
    # What fills up the tiles comes first and counts nothing: the place it goes to is overwritten.
    missing = -len(cells) % at_once
    order = np.maximum(np.arange(-missing, len(cells)), 0)
    # tile by tile, in each place by place, of each ``size`` patches
    by_tile = (-1, at_once, pool * pool // size, size)
    index = cells[order].reshape(by_tile).transpose(0, 2, 1, 3).ravel()
    weight = np.full(cells[order].shape, 1 / (pool * pool), dtype)
    weight[:missing] = 0
    weight = weight.reshape(by_tile).transpose(0, 2, 1, 3).ravel()
    start = np.arange(len(order) // at_once + 1) * (pool * pool // size)
    taps, offset = window.taps(image_shape), window.offsets(index, image_shape)
    return Sites(taps, offset, index, weight, start, places.ravel()[order] * channels), shape


def _group(pool: int) -> int:
    return PAIR if pool % 2 == 0 else SINGLE
