"""Where what is marked in an image lies after a move of it."""

from __future__ import annotations

import numpy as np

from ..neural_network._augment import Moves


def boxes_after(moves: Moves, boxes: np.ndarray) -> np.ndarray:
    """Boxes (m, 4) of the one image that is moved, cut at its edges, NaN where nothing is left."""
    return _each(moves, len(boxes)).boxes(boxes)


def points_after(moves: Moves, points: np.ndarray) -> np.ndarray:
    """Points (..., 2) of the one image that is moved, NaN where they are unknown or outside."""
    flat = points.reshape(-1, 2)
    return _each(moves, len(flat)).points(flat).reshape(points.shape)


def _each(moves: Moves, n: int) -> Moves:
    return Moves(np.repeat(moves.start, n, axis=1), np.repeat(moves.step, n, axis=1), moves.size)
