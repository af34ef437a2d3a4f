"""Where patches lie: padding, pooling cells, sampled positions, and the way from a reduced grid back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SQUARE = 2**7  # chosen pixels are computed together that lie in a square of this side


class Between(NamedTuple):
    """Where each place of a fine axis lies on a coarse one: between the cells ``first`` and ``second``
    (int64), ``share`` (floating) of the way from the one to the other."""

    first: np.ndarray
    second: np.ndarray
    share: np.ndarray

    def less(self, start: int) -> Between:
        """The same on an axis that begins at cell ``start``."""
        return Between(self.first - start, self.second - start, self.share)


class Pooling(NamedTuple):
    """Cells to pool over, made of atoms that no cell cuts: a pyramid costs one pass over the pixels.

    ``atoms[i]`` holds places in the grid of filter positions; cell j is ``levels[j]`` = (cells a side,
    row, column) and consists of the atoms ``members[j]``.
    """

    atoms: list[np.ndarray]
    members: list[np.ndarray]
    levels: list[tuple[int, int, int]]


def pooling_cells(shape: tuple[int, int], grid: tuple[int, ...]) -> Pooling:
    """The cells of every ``grid`` over patches in ``shape`` rows and columns."""
    rows, columns = (np.arange(length) for length in shape)
    row_cuts, column_cuts = (_cuts(len(axis), grid) for axis in (rows, columns))
    places = rows[:, None] * shape[1] + columns
    atoms = [
        places[top:bottom, left:right].ravel()
        for top, bottom in zip(row_cuts[:-1], row_cuts[1:], strict=True)
        for left, right in zip(column_cuts[:-1], column_cuts[1:], strict=True)
    ]
    number = np.arange(len(atoms)).reshape(len(row_cuts) - 1, -1)
    members, levels = [], []
    for cells in grid:
        row_edges = np.searchsorted(row_cuts, _edges(len(rows), cells))
        column_edges = np.searchsorted(column_cuts, _edges(len(columns), cells))
        for i in range(cells):
            for j in range(cells):
                box = number[row_edges[i] : row_edges[i + 1], column_edges[j] : column_edges[j + 1]]
                members.append(box.ravel())
                levels.append((cells, i, j))
    return Pooling(atoms, members, levels)


def _edges(length: int, cells: int) -> np.ndarray:
    return np.arange(cells + 1) * length // cells


def _cuts(length: int, grid: tuple[int, ...]) -> np.ndarray:
    return np.unique(np.concatenate([_edges(length, cells) for cells in grid]))


def reflected(length: int, size: int) -> np.ndarray:
    """Indices of an axis and ``size - 1`` more, mirrored about the first and last, which are not repeated."""
    before = (size - 1) // 2
    index = np.arange(-before, length + size - 1 - before)
    period = max(2 * (length - 1), 1)
    index = np.abs(index) % period
    return np.where(index < length, index, period - index)


def between(pixels: np.ndarray, factor: float, length: float, dtype) -> Between:
    """Where ``pixels`` of an axis of ``length`` lie between the centres of cells of ``factor`` pixels.

    Before the first centre and after the last one there is only this one.
    """
    cells = int(-(-length // factor))
    centre = np.clip((pixels + 0.5) / factor - 0.5, 0, cells - 1)
    first = centre.astype(np.int64)
    # A share of zero needs no second cell: pixels at a centre, or all of them with factor 1.
    second = np.minimum(first + (centre > first), cells - 1)
    return Between(first, second, (centre - first).astype(dtype))


def padded_shape(shape, reach: tuple[int, int], padding: str) -> tuple[int, int]:
    """Rows and columns of an input of ``shape`` (h, w, ...) and of what lies around it."""
    more = (0, 0) if padding == "valid" else (reach[0] - 1, reach[1] - 1)
    return shape[0] + more[0], shape[1] + more[1]


def around(reach: int) -> tuple[int, int]:
    """Pixels that patches spanning ``reach`` need before and after an axis, so that all of it are middles."""
    return (reach - 1) // 2, reach // 2


def pad_images(images: np.ndarray, reach: tuple[int, int], padding: str, dtype) -> np.ndarray:
    """``images`` (n, h, w, c) as a contiguous array of ``dtype`` with what lies around them."""
    if padding == "valid" or reach == (1, 1):
        return np.require(images, dtype, ["C", "A"])
    if padding == "reflect":
        images = np.require(images, dtype, ["C", "A"])
        return np.pad(images, [(0, 0), around(reach[0]), around(reach[1]), (0, 0)], mode="reflect")
    n, height, width, channels = images.shape
    (top, below), (left, right) = around(reach[0]), around(reach[1])
    out = np.zeros((n, top + height + below, left + width + right, channels), dtype)
    out[:, top : top + height, left : left + width] = images
    return out


def slices(length: int, step: int) -> list[slice]:
    """0 to ``length`` in steps of at least one: the same for any number of threads."""
    step = max(step, 1)
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]


def neighbours(image, row, column) -> list[np.ndarray]:
    """The numbers of the places that lie in one square of one image, square by square."""
    squares = np.stack([image, row // SQUARE, column // SQUARE])
    _, square = np.unique(squares, axis=1, return_inverse=True)
    ends = np.cumsum(np.bincount(square.ravel()))
    return np.split(np.argsort(square.ravel(), kind="stable"), ends[:-1]) if len(row) else []
