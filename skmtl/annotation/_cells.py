"""An image as cells: which cell speaks for which object, and what a cell sees."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._places import place_planes

#: The share of a box's height and width, around its centre, whose cells speak for the object.
CORE = 0.5


class Grid(NamedTuple):
    """``rows`` x ``columns`` cells of ``size`` pixels of an image ``shape`` (h, w); the last ones may reach
    over its edge. Pixels are cells of size 1. An image looked at smaller is learned from in other pixels,
    each of ``scale`` x ``scale`` of its own."""

    rows: int
    columns: int
    size: float
    shape: tuple[int, int]
    scale: float = 1.0

    def __len__(self) -> int:
        return self.rows * self.columns

    def centres(self) -> np.ndarray:
        """x, y of every cell's centre in pixels, (rows * columns, 2), row by row."""
        x, y = ((np.arange(n) + 0.5) * self.size for n in (self.columns, self.rows))
        return np.stack(np.broadcast_arrays(x, y[:, None]), axis=-1).reshape(-1, 2)

    def places(self) -> np.ndarray:
        """How far down and to the right in the image every cell lies, (rows * columns, 2) float32."""
        rows, columns = np.arange(self.rows)[:, None], np.arange(self.columns)
        return place_planes(rows, columns, self.shape, self.size).reshape(2, -1).T


def grid_of(shape: tuple[int, ...], size: int) -> Grid:
    """The cells of an image of ``shape`` (h, w, ...)."""
    return Grid(-(-shape[0] // size), -(-shape[1] // size), size, tuple(shape[:2]))


def cell_targets(grid: Grid, boxes: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each cell is to say: a class code (cells,), -1 for none, and a place (cells, 4), NaN for none.

    The cells in the core of a box speak for it, at least the one nearest to its centre; where cores
    meet, the smaller box has the cell. A place is the way to the box's centre, in cells, and the logarithms
    of its width and height.
    """
    centres = grid.centres()
    said, places = np.full(len(centres), -1), np.full((len(centres), 4), np.nan)
    middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    for i in np.argsort(-sides.prod(axis=1), kind="stable"):
        away = np.abs(centres - middles[i])
        cells = np.flatnonzero((away < CORE * sides[i] / 2).all(axis=1))
        cells = np.union1d(cells, [away.max(axis=1).argmin()])
        said[cells] = codes[i]
        places[cells, :2] = (middles[i] - centres[cells]) / grid.size
        places[cells, 2:] = np.log(sides[i])
    return said, places


def boxes_at(grid: Grid, cells: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The boxes (m, 4) that ``places`` (m, 4) of ``cells`` (m,) mean, cut at the edges of the image."""
    limit = np.array(grid.shape[::-1], dtype=np.float64)
    middle = grid.centres()[cells] + places[:, :2] * grid.size
    # A side beyond the image's diagonal is cut off in any case, and its exponential could overflow.
    half = np.exp(np.minimum(places[:, 2:], np.log(2 * limit.sum()))) * (grid.scale / 2)
    return np.concatenate([np.clip(middle - half, 0, limit), np.clip(middle + half, 0, limit)], axis=1)


def with_surroundings(cells: np.ndarray, reach: int, wanted: np.ndarray | None = None) -> np.ndarray:
    """Features of cells (rows, columns, c) beside those of the eight ``reach`` cells away: (m, 9 c).

    Beyond the edge the outermost cells are repeated. ``wanted`` (m,) chooses cells, row by row numbered.
    """
    rows, columns, _ = cells.shape
    wanted = np.arange(rows * columns) if wanted is None else wanted
    row, column = np.divmod(wanted, columns)
    steps = (0, -reach, reach)
    around = [
        cells[np.clip(row + down, 0, rows - 1), np.clip(column + along, 0, columns - 1)]
        for down in steps
        for along in steps
    ]
    return np.concatenate(around, axis=1)
