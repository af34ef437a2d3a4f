"""Convolution of any size and stride as one layer that can be differentiated; zeros surround the images.

Derivatives in the images are responses to the turned filters: where the stride is s, pixels of s^2 kinds are
reached by entries of their own. Derivatives in the filters are in ``map_slopes.py``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ._jit import kernel
from ._tiles import Bank, copy
from .sweeps import (
    BLOCK_BYTES,
    Sweep,
    begin_at,
    pack_filters,
    respond,
    sweep_patches,
    sweep_squares,
    takes_squares,
)
from .windows import Window


class Line(NamedTuple):
    """One axis of a part: pixels ``first``, ``first + write``, ... of the output, ``count`` of them.

    Pixel j of them is a sum over ``reach`` pixels of the input from ``start + read * j`` on, which may lie in
    the zeros before it, with ``entries`` of the filters.
    """

    entries: slice
    reach: int
    start: int
    read: int
    first: int
    write: int
    count: int


class Part(NamedTuple):
    """Responses to the ``entries`` (rows, columns) of the filters, and where they go.

    A sweep in squares writes to a place of its own; from there its responses go to ``places`` of the
    output, in values, -1 for those that are of no pixel. Else ``places`` is empty.
    """

    entries: tuple[slice, slice]
    sweep: Sweep
    places: np.ndarray


class Way(NamedTuple):
    """Parts that fill an output together, from images in the middle of zeros.

    ``shape`` (h, w) has the zeros in it, ``before`` (rows, columns) are those above and on the left.
    """

    parts: list[Part]
    shape: tuple[int, int]
    before: tuple[int, int]


class Plan(NamedTuple):
    """What depends on shapes alone; ``grid`` (rows, columns) is that of the maps, ``window`` the filters'."""

    window: Window
    grid: tuple[int, int]
    ahead: Way
    back: Way


@lru_cache(maxsize=64)
def plan(shape: tuple[int, int, int], n_filters: int, size: int, stride: int, dtype) -> Plan:
    """For images of ``shape`` (h, w, c) and filters of ``size`` x ``size``."""
    pad = size // 2
    grid = tuple((side + 2 * pad - size) // stride + 1 for side in shape[:2])
    ahead = [[Line(slice(None), size, -pad, stride, 0, 1, count)] for count in grid]
    back = [_lines_back(side, size, stride) for side in shape[:2]]
    maps = (*grid, n_filters)
    window = Window((size, size), (stride, stride))
    return Plan(window, grid, _way(ahead, shape, maps, dtype), _way(back, maps, shape, dtype))


def _lines_back(side: int, size: int, stride: int) -> list[Line]:
    """The kinds of pixels along an axis of ``side``, by the remainder of their place, zeros counted."""
    pad, lines = size // 2, []
    for entry in range(min(stride, size)):
        first = (entry - pad) % stride
        reach, last = -((entry - size) // stride), (first + pad - entry) // stride
        entries, count = slice(entry, None, stride), -((first - side) // stride)
        if count > 0:
            lines.append(Line(entries, reach, last - reach + 1, 1, first, stride, count))
    return lines


def _way(axes: list[list[Line]], image: tuple[int, ...], out: tuple[int, ...], dtype) -> Way:
    """The parts, one for each pair of lines, from images (h, w, c) to an output (h, w, c)."""
    before = tuple(max(0, *(-line.start for line in axis), 0) for axis in axes)
    # squares may reach one pixel further than there are
    ends = (max(line.start + line.count * line.read + line.reach for line in axis) for axis in axes)
    shape = tuple(zeros + max(*pair) for zeros, *pair in zip(before, ends, image[:2], strict=True))
    parts = []
    for down in axes[0]:
        for across in axes[1]:
            y, x = (line.first + line.write * np.arange(line.count) for line in (down, across))
            window = Window((down.reach, across.reach), (down.read, across.read))
            places = (y[:, None] * out[1] + x) * out[2]
            part = _part(window, (*shape, image[2]), places, out[2], dtype)
            start = down.start + before[0], across.start + before[1]
            entries = down.entries, across.entries
            parts.append(part._replace(entries=entries, sweep=begin_at(part.sweep, *start)))
    return Way(parts, shape, before)


def _part(window: Window, shape: tuple[int, int, int], places: np.ndarray, n_results: int, dtype) -> Part:
    """Sweep from the corner on, to ``places`` (rows, columns)."""
    if not takes_squares(window, shape[2]):
        return Part((), sweep_patches(window, shape, places, dtype), np.empty(0, np.int64))
    rows, columns = (-(-length // 2) for length in places.shape)
    around = np.full((2 * rows, 2 * columns), -1)
    around[: places.shape[0], : places.shape[1]] = places
    squared = around.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3)
    number = np.arange(rows * columns).reshape(rows, columns)
    return Part((), sweep_squares(window, shape, number * 4 * n_results, dtype), squared.ravel())


def pack_ahead(plan: Plan, W: np.ndarray, bias: np.ndarray) -> list[Bank]:
    """Filters W (size, size, c, k) and bias (k,) as ``answer`` takes them on the way ahead."""
    (part,) = plan.ahead.parts
    return [pack_filters(part.sweep, W.transpose(3, 0, 1, 2), bias)]


def pack_back(plan: Plan, W: np.ndarray) -> list[Bank]:
    """Filters W (size, size, c, k) as ``answer`` takes them on the way back."""
    none = np.zeros(W.shape[2], W.dtype)
    turned = [W[part.entries][::-1, ::-1].transpose(2, 0, 1, 3) for part in plan.back.parts]
    return [pack_filters(part.sweep, own, none) for part, own in zip(plan.back.parts, turned, strict=True)]


def answer(way: Way, X: np.ndarray, banks: list[Bank], out: np.ndarray) -> None:
    """Write maps (n, rows, columns, k) of images (n, h, w, c), or on the way back slopes in images of maps'.

    Pixels that no filter reaches are left as they are. ``out`` is C-contiguous.
    """
    n, height, width, channels = X.shape
    (top, left), most = way.before, max(X[:1].nbytes, out[:1].nbytes)
    step = max(1, min(n, BLOCK_BYTES // max(most, 1)))
    padded = np.zeros((step, *way.shape, channels), X.dtype)
    for first in range(0, n, step):
        block = slice(first, min(first + step, n))
        images = padded[: block.stop - first]
        images[:, top : top + height, left : left + width] = X[block]
        flat = out[block].reshape(len(images), -1)
        for part, bank in zip(way.parts, banks, strict=True):
            _write(part, bank, images, flat)


def _write(part: Part, bank: Bank, images: np.ndarray, out: np.ndarray) -> None:
    if not part.places.size:
        respond(part.sweep, images, bank, out)
        return
    maps = np.empty((len(images), part.places.size * bank.n_filters), out.dtype)
    respond(part.sweep, images, bank, maps)
    lay_out(maps, part.places, bank.n_filters, out)


@kernel()
def lay_out(maps, places, count, out):
    """Copy the i-th ``count`` values of each of maps (m, values) to ``places[i]`` of its out (m, values).

    Those whose place is negative go nowhere.
    """
    source, target = maps.reshape(-1), out.reshape(-1)
    for b in range(maps.shape[0]):
        for i in range(places.size):
            if places[i] >= 0:
                copy(source, b * maps.shape[1] + i * count, target, b * out.shape[1] + places[i], count)
