"""Gradient normalisation."""

from __future__ import annotations

import numpy as np

from ._base import Balancer


class GradNorm(Balancer):
    """GradNorm (Chen, Badrinarayanan, Lee & Rabinovich 2018, eq. 1 and 2).

    The weighted gradient norms ``w_t ||g_t||`` shall be their mean times ``r_t^alpha``, where r_t is the
    task's loss relative to its first one, over the mean of these: a task that learns more slowly pulls
    harder. The weights go down the gradient of the sum of absolute differences, the goals held fixed, and
    are kept above 0.001 and scaled to sum to T.

    Parameters
    ----------
    alpha : float >= 0, default 1.5
        Strength of the pull towards equal rates of learning; 0 makes the norms equal.
    rate : float > 0, default 0.025
        Step of the weights. The norms are divided by their mean, so that it does not depend on
        the scale of the losses.
    """

    needs_gradients = True
    positive = ("rate",)
    not_negative = ("alpha",)

    def __init__(self, alpha: float = 1.5, rate: float = 0.025):
        self.alpha = alpha
        self.rate = rate

    def start(self, n_tasks):
        return super().start(n_tasks) | {"weights": np.ones(n_tasks), "first": np.full(n_tasks, np.nan)}

    def weigh(self, losses, gramian, state):
        weights, first = state["weights"], state["first"]
        first = np.where(np.isnan(first), losses, first)
        norms = np.sqrt(np.diag(gramian))
        seen = ~np.isnan(losses) & (norms > 0) & (first > 0)
        if not seen.any():
            return weights, {"weights": weights, "first": first}
        ratio = losses[seen] / first[seen]
        pace = (ratio / max(ratio.mean(), np.finfo(float).tiny)) ** self.alpha
        pull = weights[seen] * norms[seen]
        slope = np.sign(pull - pull.mean() * pace) * norms[seen] / norms[seen].mean()
        moved = weights.copy()
        moved[seen] = np.maximum(moved[seen] - self.rate * slope, 1e-3)
        moved *= len(weights) / moved.sum()
        return weights, {"weights": moved, "first": first}
