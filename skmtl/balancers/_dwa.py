"""Dynamic weight average."""

from __future__ import annotations

import numpy as np

from ._base import Balancer


class DynamicWeightAverage(Balancer):
    """DWA (Liu, Johns & Davison 2019, eq. 7): more weight where the loss falls more slowly.

    In epoch e the weights are ``T softmax(r / temperature)`` with ``r_t`` the mean loss of epoch e - 1
    over that of epoch e - 2; 1 in the first two epochs, and for a task whose loss is 0.

    Parameters
    ----------
    temperature : float > 0, default 2
        Large means equal weights.
    """

    positive = ("temperature",)

    def __init__(self, temperature: float = 2.0):
        self.temperature = temperature

    def start(self, n_tasks):
        return super().start(n_tasks) | {"last": np.full(n_tasks, np.nan), "weights": np.ones(n_tasks)}

    def weigh(self, losses, gramian, state):
        return state["weights"], state

    def after_epoch(self, losses, state):
        last = state["last"]
        ratio = np.ones(len(losses))
        np.divide(losses, last, out=ratio, where=(last > 0) & ~np.isnan(losses))
        scores = np.exp((ratio - ratio.max()) / self.temperature)
        return {
            "last": np.where(np.isnan(losses), last, losses),
            "weights": len(losses) * scores / scores.sum(),
        }
