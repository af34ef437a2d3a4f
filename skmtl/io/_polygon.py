"""Filling polygons the way the COCO tools do, so that areas and masks agree with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._rle import RLE

_SCALE = 5  # the outline is drawn on a grid five times as fine as the pixels
_MAX_OUTLINE = 1 << 24


def polygon_mask(polygons: Sequence[np.ndarray], size: tuple[int, int]) -> RLE:
    """The union of filled polygons.

    Parameters
    ----------
    polygons : sequence of arrays of shape (n, 2)
        Corners x, y in pixels, the last joined to the first.
    size : (int, int)
        Height and width of the image.

    Returns
    -------
    RLE
        Equal to what pycocotools makes of the same polygons: the outline is drawn on a grid five
        times as fine, and each column takes what lies between its crossings.

    Raises
    ------
    ValueError
        Where an outline is so long that only a damaged file can mean it.
    """
    spans = [_spans(np.asarray(polygon, dtype=np.float64), size) for polygon in polygons]
    if not spans:
        return RLE(size, [size[0] * size[1]])
    return RLE.from_spans(size, *(np.concatenate(ends) for ends in zip(*spans, strict=True)))


def _spans(polygon: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Where, along the columns, the inside begins and ends: crossings taken in pairs."""
    crossings = np.sort(_crossings(*_outline(polygon), size))
    if len(crossings) % 2:
        crossings = np.append(crossings, size[0] * size[1])
    starts, stops = crossings[::2], crossings[1::2]
    full = stops > starts
    return starts[full], stops[full]


def _outline(polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All grid points along the outline, corner to corner, ends included."""
    corners = np.trunc(_SCALE * polygon + 0.5).astype(np.int64)
    begin, end = corners, np.roll(corners, -1, axis=0)
    run, rise = np.abs(end - begin).T
    length = np.maximum(run, rise)
    if length.sum() + len(length) > _MAX_OUTLINE:
        raise ValueError(f"a polygon whose outline is longer than {_MAX_OUTLINE // _SCALE} pixels")
    flat = run >= rise
    # Every edge is walked in the direction of its growing main coordinate, then put in order again.
    back = np.where(flat, begin[:, 0] > end[:, 0], begin[:, 1] > end[:, 1])
    begin, end = np.where(back[:, None], end, begin), np.where(back[:, None], begin, end)
    edge = np.repeat(np.arange(len(length)), length + 1)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(length + 1) - length - 1, length + 1)
    step = np.where(back[edge], length[edge] - step, step)
    return _walk(begin, end, flat, 0, edge, step), _walk(begin, end, ~flat, 1, edge, step)


def _walk(begin, end, is_main, axis, edge, step) -> np.ndarray:
    """One coordinate of the outline: the main one counts steps, the other follows the slope."""
    length = np.maximum(np.abs(end - begin).max(axis=1), 1)
    slope = (end[:, axis] - begin[:, axis]) / length
    start = begin[edge, axis]
    follows = np.trunc(start + slope[edge] * step + 0.5).astype(np.int64)
    return np.where(is_main[edge], start + step, follows)


def _crossings(u: np.ndarray, v: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Pixel numbers at which the outline crosses the middle line of a column."""
    height, width = size
    moved = np.flatnonzero(u[1:] != u[:-1])
    left = np.where(u[moved + 1] < u[moved], u[moved + 1], u[moved + 1] - 1)
    x = (left + 0.5) / _SCALE - 0.5
    keep = (np.floor(x) == x) & (x >= 0) & (x <= width - 1)
    low = np.minimum(v[moved], v[moved + 1])[keep]
    y = np.ceil(np.clip((low + 0.5) / _SCALE - 0.5, 0, height))
    return (x[keep] * height + y).astype(np.int64)
