"""Key points: read and checked, how near to each other they are, and which cells speak for which."""

from __future__ import annotations

import numpy as np

from ._cells import Grid

#: Cells whose centre is within this many cells of a point speak for it.
NEAR = 1.5
#: Cells within this many cells of the surest one have a say in where a point is.
SAY = 2.0
#: How many cells are between the two nearest points of a typical body. In photographs of people 28 % of the
#: points were clearly misplaced with 3, 18 % with 4.5, and 16 % with 6, in half as much time again.
CELLS_BETWEEN = 4.5


def read_points(points, shape: tuple[int, ...], where: str) -> np.ndarray:
    """Points (..., K, 2) of an image of ``shape`` (h, w, ...), NaN where they are not known.

    ``points`` are x, y with NaN, or x, y, visibility with 0 for a point that is not known.
    """
    points = np.asarray(points, dtype=np.float64)
    hidden = np.isnan(points).any(axis=-1)
    if points.shape[-1] == 3:
        hidden |= points[..., 2] == 0
    points = np.where(hidden[..., None], np.nan, points[..., :2])
    outside = (points < 0).any(axis=-1) | (points > [shape[1], shape[0]]).any(axis=-1)
    if outside.any():
        *body, row = np.argwhere(outside)[0].tolist()
        of = f" of body {body[0]}" if body else ""
        raise ValueError(
            f"{where}: point {row}{of} is {points[outside][0]}, outside its image of {shape[1]} x {shape[0]} "
            "pixels (width x height); an unknown point is NaN"
        )
    return points


def cell_between(bodies: list[np.ndarray]) -> float | None:
    """How wide cells are of which ``CELLS_BETWEEN`` lie between the two nearest points of a body (K, 2), the
    median over bodies; None where no body has two known points."""
    nearest = [_nearest(points) for points in bodies]
    nearest = [away for away in nearest if np.isfinite(away)]
    return float(np.median(nearest) / CELLS_BETWEEN) if nearest else None


def extents_of(bodies: np.ndarray) -> np.ndarray:
    """The roots of the mean squared distances of the known points of bodies (m, K, 2) from their middles,
    of those that have two or more at different places."""
    known = np.isfinite(bodies[:, :, :1])
    n = np.maximum(known.sum(axis=1, keepdims=True), 1)
    middles = np.where(known, bodies, 0).sum(axis=1, keepdims=True) / n
    squares = np.where(known, (bodies - middles) ** 2, 0).sum(axis=(1, 2)) / n[:, 0, 0]
    return np.sqrt(squares[squares > 0])


def _nearest(points: np.ndarray) -> float:
    """The smallest distance between two known points; NaN where there are not two."""
    points = points[np.isfinite(points[:, 0])]
    away = np.hypot(*(points[:, None] - points).transpose(2, 0, 1))[np.triu_indices(len(points), 1)]
    return float(away.min()) if len(away) else float("nan")


def ways_to(points: np.ndarray, frame: Grid) -> tuple[np.ndarray, np.ndarray]:
    """From the centre of every cell the way to each of the points (m, 2), in cells: (cells, m, 2), NaN for an
    unknown one; and how long it is, infinite for an unknown one."""
    ways = (points - frame.centres()[:, None]) / frame.size
    return ways, np.nan_to_num(np.hypot(ways[:, :, 0], ways[:, :, 1]), nan=np.inf)


def cells_around(frame: Grid, place: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the cells whose centres lie within ``radius`` pixels of a place x, y, and how far away."""
    sides = []
    for middle, n in zip(place, (frame.columns, frame.rows), strict=True):
        ends = (middle + [-radius, radius]) / frame.size - 0.5
        sides.append(np.arange(max(np.ceil(ends[0]), 0), min(np.floor(ends[1]), n - 1) + 1, dtype=np.int64))
    x, y = ((side + 0.5) * frame.size - middle for side, middle in zip(sides, place, strict=True))
    away = np.hypot(x, y[:, None])
    inside = away <= radius
    return (sides[1][:, None] * frame.columns + sides[0])[inside], away[inside]


def place_of(sure: np.ndarray, told: np.ndarray, best: int, frame: Grid, apart: float = np.inf) -> np.ndarray:
    """Where a point lies (2,): the mean of what the cells around the ``best`` one have ``told`` (cells, 2),
    ways in cells, each weighted by how ``sure`` (cells,) it is. Places more than ``apart`` pixels from the
    one that the best cell has told are those of other points."""
    centres = frame.centres()
    around, _ = cells_around(frame, centres[best], SAY * frame.size)
    places = centres[around] + told[around] * frame.size
    own = np.hypot(*(places - centres[best] - told[best] * frame.size).T) <= apart
    weight = np.where(own, sure[around] + np.finfo(np.float32).tiny, 0)
    return weight @ places / weight.sum()
