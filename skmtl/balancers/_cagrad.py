"""Conflict-averse gradient descent."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from ._base import GramianBalancer


class CAGrad(GramianBalancer):
    r"""CAGrad (Liu, Liu, Jin, Stone & Liu 2021, eq. 3): the best worst task near the mean gradient.

    The direction d maximises ``min_t <g_t, d>`` with ``||d - g_0|| <= c ||g_0||``, g_0 the mean gradient.
    By duality ``d = g_0 + c ||g_0|| g_w / ||g_w||``, where ``g_w = sum_t w_t g_t`` and w minimises
    ``<g_w, g_0> + c ||g_0|| ||g_w||`` over the simplex.

    Parameters
    ----------
    c : float >= 0, default 0.5
        0 is the mean gradient; from 1 on no task's loss is made to grow.
    """

    not_negative = ("c",)

    def __init__(self, c: float = 0.5):
        self.c = c

    def combine(self, gramian):
        mean = np.full(len(gramian), 1 / len(gramian))
        gramian = gramian / np.diag(gramian).mean()
        length = np.sqrt(max(mean @ gramian @ mean, 0.0))
        if self.c == 0 or length < 1e-10:  # no mean gradient: the ball around it is one point
            return mean
        w = _dual(gramian, gramian @ mean, self.c * length)
        norm = np.sqrt(max(w @ gramian @ w, 0.0))
        if norm < 1e-10:  # Pareto-stationary: no direction in the ball helps every task
            return mean
        return mean + self.c * length / norm * w


def _dual(gramian: np.ndarray, slope: np.ndarray, radius: float) -> np.ndarray:
    """``argmin slope^T w + radius sqrt(w^T G w)`` over the simplex: convex, by sequential quadratics."""

    def value(w):
        Gw = gramian @ w
        norm = np.sqrt(max(w @ Gw, 1e-20))
        return slope @ w + radius * norm, slope + radius * Gw / norm

    n = len(gramian)
    found = minimize(
        value,
        np.full(n, 1 / n),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * n,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones((1, n))},
        options={"maxiter": 200, "ftol": 1e-14},
    )
    w = np.clip(found.x, 0, None)
    return w / w.sum()
