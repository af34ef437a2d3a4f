"""Weights from learned noise levels."""

from __future__ import annotations

import numpy as np

from ._base import Balancer


class Uncertainty(Balancer):
    r"""Kendall, Gal & Cipolla (2018): each task has a noise level that is learned with the network.

    Minimises ``sum_t exp(-s_t) L_t + s_t`` over the network and over s, the logarithms of the tasks'
    noise variances (eq. 7, with the losses' factor 1/2 left to the losses): the weight of task t is
    ``exp(-s_t)``, and s goes down its own gradient ``1 - exp(-s_t) L_t``. At rest the weight is 1 / L_t.

    Parameters
    ----------
    rate : float > 0, default 0.025
        Step of s for each batch.
    """

    positive = ("rate",)

    def __init__(self, rate: float = 0.025):
        self.rate = rate

    def start(self, n_tasks):
        return super().start(n_tasks) | {"log_variance": np.zeros(n_tasks)}

    def weigh(self, losses, gramian, state):
        s = state["log_variance"]
        weights = np.exp(-s)
        slope = np.where(np.isnan(losses), 0.0, 1.0 - weights * losses)
        # A step longer than 1 would overshoot: near its minimum the curvature in s is 1.
        return weights, {"log_variance": s - np.clip(self.rate * slope, -1.0, 1.0)}
