"""Fast adaptive multitask optimisation."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from ._base import Balancer

SMALLEST = 1e-8


class FAMO(Balancer):
    """FAMO (Liu, Feng, Stone & Liu 2023, algorithm 1): all losses shall fall at the same rate.

    With ``z = softmax(xi)`` the weight of task t is ``c z_t / L_t``, with c such that the weights sum to 1.
    After the step, the same batch's losses say by how much each logarithm has fallen, and xi goes
    down the gradient of ``sum_t z_t (log L_t - log L'_t)``. One more forward pass a batch, no task
    gradients.

    Parameters
    ----------
    rate : float > 0, default 0.025
        Step of xi.
    decay : float >= 0, default 0.001
        Shrinks xi in each step.
    """

    looks_again = True
    positive = ("rate",)
    not_negative = ("decay",)

    def __init__(self, rate: float = 0.025, decay: float = 0.001):
        self.rate = rate
        self.decay = decay

    def start(self, n_tasks):
        return super().start(n_tasks) | {"logits": np.zeros(n_tasks), "before": np.full(n_tasks, np.nan)}

    def weigh(self, losses, gramian, state):
        share = np.where(np.isnan(losses), 0.0, softmax(state["logits"]) / (losses + SMALLEST))
        total = share.sum()
        return (share / total if total > 0 else share), {**state, "before": losses}

    def after_step(self, losses, state):
        fallen = np.log(state["before"] + SMALLEST) - np.log(losses + SMALLEST)
        fallen = np.where(np.isnan(fallen), 0.0, fallen)
        z = softmax(state["logits"])
        slope = z * (fallen - z @ fallen)
        return {**state, "logits": state["logits"] - self.rate * (slope + self.decay * state["logits"])}
