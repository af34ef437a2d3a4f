"""Where what is marked in an image lies after a move of it."""

from __future__ import annotations

import numpy as np

from ..neural_network._moves import Moves


def boxes_after(moves: Moves, boxes: np.ndarray) -> np.ndarray:
    """Boxes (m, 4) of the one image that is moved, cut at its edges, NaN where nothing is left."""
    return moves.repeated(len(boxes)).boxes(boxes)


def points_after(moves: Moves, points: np.ndarray) -> np.ndarray:
    """Points (..., 2) of the one image that is moved, NaN where they are unknown or outside."""
    flat = points.reshape(-1, 2)
    return moves.repeated(len(flat)).points(flat).reshape(points.shape)
