"""Where patches lie: padding, pooling cells, sampled positions, and the way from a reduced grid back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


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


def pad_same(image: np.ndarray, kernel: tuple[int, int], dtype) -> np.ndarray:
    """A float copy of ``image`` (h, w, c), reflected at its edges so that every pixel has its patch."""
    rows, columns = (reflected(length, size) for length, size in zip(image.shape, kernel, strict=False))
    return image[rows[:, None], columns].astype(dtype)


def reflected(length: int, size: int) -> np.ndarray:
    """Indices of an axis and ``size - 1`` more, mirrored about the first and last, which are not repeated."""
    before = (size - 1) // 2
    index = np.arange(-before, length + size - 1 - before)
    period = max(2 * (length - 1), 1)
    index = np.abs(index) % period
    return np.where(index < length, index, period - index)


def reduce_image(image: np.ndarray, factor: int, dtype) -> np.ndarray:
    """Means over ``factor`` x ``factor`` pixels of ``image`` (h, w, c); an incomplete last row or column
    of cells is completed with copies of the edge."""
    if factor == 1:
        return image
    height, width, channels = image.shape
    rows, columns = -(-height // factor), -(-width // factor)
    row = np.minimum(np.arange(rows * factor), height - 1)
    column = np.minimum(np.arange(columns * factor), width - 1)
    cells = image[row[:, None], column].reshape(rows, factor, columns, factor, channels)
    return cells.mean(axis=(1, 3), dtype=dtype)


def neighbours(rows, columns, factor: int, shape: tuple[int, int], dtype):
    """Bilinear interpolation at pixels (rows, columns) from the centres of a grid reduced by ``factor``.

    Returns four places (m, 4) in the grid of ``shape`` and their weights (m, 4); beyond the outermost
    centres the value stays constant.
    """
    top, bottom, down = _between(rows, factor, shape[0])
    left, right, along = _between(columns, factor, shape[1])
    places = [y * shape[1] + x for y in (top, bottom) for x in (left, right)]
    weights = [p * q for p in (1 - down, down) for q in (1 - along, along)]
    return np.stack(places, axis=1), np.stack(weights, axis=1).astype(dtype)


def _between(pixels, factor: int, length: int):
    """The two cells whose centres lie around each pixel's, and how far the pixel is from the first."""
    centre = np.clip((pixels + 0.5) / factor - 0.5, 0, length - 1)
    first = np.minimum(centre.astype(np.int64), length - 1)
    return first, np.minimum(first + 1, length - 1), centre - first


def padded_shape(shape, reach: tuple[int, int], padding: str) -> tuple[int, int]:
    """Rows and columns of an input of ``shape`` (h, w, ...) and of what lies around it."""
    around = (0, 0) if padding == "valid" else (reach[0] - 1, reach[1] - 1)
    return shape[0] + around[0], shape[1] + around[1]


def pad_images(images: np.ndarray, reach: tuple[int, int], padding: str, dtype) -> np.ndarray:
    """``images`` (n, h, w, c) as a contiguous array of ``dtype`` with what lies around them."""
    images = np.require(images, dtype, ["C", "A"])
    if padding == "valid" or reach == (1, 1):
        return images
    around = [((length - 1) // 2, length // 2) for length in reach]
    mode = "constant" if padding == "same" else "reflect"
    return np.pad(images, [(0, 0), *around, (0, 0)], mode=mode)
