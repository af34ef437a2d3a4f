"""The same weights throughout."""

from __future__ import annotations

import numpy as np

from ._base import Balancer


class Fixed(Balancer):
    """Weights that stay as they are: the plain weighted sum of losses.

    Parameters
    ----------
    weights : sequence of T numbers >= 0, optional
        In the order of the tasks; None means 1 for each.
    """

    def __init__(self, weights=None):
        self.weights = weights

    def start(self, n_tasks):
        if self.weights is None:
            return {"weights": np.ones(n_tasks)}
        weights = np.asarray(self.weights, dtype=np.float64)
        if weights.shape != (n_tasks,):
            raise ValueError(f"Fixed: weights has shape {weights.shape}, but there are {n_tasks} tasks")
        if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
            raise ValueError(f"Fixed: weights must be finite, >= 0 and not all 0, got {weights.tolist()}")
        return {"weights": weights}

    def weigh(self, losses, gramian, state):
        return state["weights"], state
