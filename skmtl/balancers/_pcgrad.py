"""Projecting conflicting gradients."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from ._base import Balancer


class PCGrad(Balancer):
    """PCGrad (Yu et al. 2020, algorithm 1): each task's gradient loses its part against other tasks'.

    Task by task, the gradient is projected on the normal plane of every other task's gradient that it
    conflicts with (negative inner product), in random order; the projected gradients are added.

    Parameters
    ----------
    seed : int, default 0
        Of the orders; with the number of the batch it gives the same bits in every run.
    """

    needs_gradients = True

    def __init__(self, seed: int = 0):
        self.seed = seed

    def start(self, n_tasks):
        if not isinstance(self.seed, Integral) or self.seed < 0:
            raise ValueError(f"PCGrad: seed must be a whole number, at least 0, got {self.seed!r}")
        return {"count": np.zeros((), np.int64)}

    def weigh(self, losses, gramian, state):
        rng = np.random.default_rng([self.seed, int(state["count"])])
        weights = np.zeros(len(gramian))
        for task in np.flatnonzero(np.diag(gramian) > 0):
            own = np.zeros(len(gramian))
            own[task] = 1.0
            for other in rng.permutation(len(gramian)):
                along = own @ gramian[:, other]
                if other != task and along < 0:
                    own[other] -= along / gramian[other, other]
            weights += own
        return weights, {"count": state["count"] + 1}
