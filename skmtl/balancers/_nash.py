"""Multi-task learning as a bargaining game."""

from __future__ import annotations

import numpy as np

from ._base import GramianBalancer


class NashMTL(GramianBalancer):
    r"""Nash-MTL (Navon et al. 2022, claim 3.1): positive weights with ``G w = 1 / w``.

    That is where ``w^T G w / 2 - sum_t log w_t`` is least, a convex function; damped Newton steps find
    it. Multiplying one task's loss changes nothing but its weight, and the combination has length
    ``sqrt(T)``: what a step of gradient descent changes does not fade near the optimum, so let the
    learning rate fall.

    Parameters
    ----------
    ridge : float > 0, default 1e-6
        Added to the cosines' diagonal: gradients that cancel out would ask for infinite weights.
    """

    positive = ("ridge",)

    def __init__(self, ridge: float = 1e-6):
        self.ridge = ridge

    def combine(self, gramian):
        norms = np.sqrt(np.diag(gramian))
        cosines = gramian / np.outer(norms, norms) + self.ridge * np.eye(len(gramian))
        return bargain(cosines) / norms


def bargain(gramian: np.ndarray, tol: float = 1e-12, max_iter: int = 200) -> np.ndarray:
    """The w > 0 with ``G w = 1 / w``, by damped Newton steps on a self-concordant function."""
    w = np.ones(len(gramian))
    for _ in range(max_iter):
        slope = gramian @ w - 1 / w
        step = np.linalg.solve(gramian + np.diag(w**-2), slope)
        decrement = np.sqrt(max(slope @ step, 0.0))
        w = w - step / (1 + decrement)
        if decrement < tol:
            break
    return w
