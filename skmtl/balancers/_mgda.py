"""The shortest convex combination of the gradients."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from ._base import GramianBalancer, root


class MGDA(GramianBalancer):
    """Multiple gradient descent: ``min w^T G w`` over the simplex (Sener & Koltun 2018, eq. 3).

    The combination is shortest, has a non-negative inner product with every task's gradient, and is 0
    exactly at Pareto-stationary points. After Desideri (2012).
    """

    def combine(self, gramian):
        return min_norm(gramian)


def min_norm(gramian: np.ndarray) -> np.ndarray:
    """``argmin w^T G w`` over ``w >= 0, sum w = 1``, by one non-negative least-squares problem.

    For x = s w the least of ``x^T G x + (sum x - 1)^2 = s^2 w^T G w + (s - 1)^2`` is reached at the w
    that is sought, whatever s.
    """
    scale = np.diag(gramian).mean()
    rows = np.vstack([root(gramian / scale).T, np.ones(len(gramian))])
    x, _ = nnls(rows, np.append(np.zeros(len(gramian)), 1.0))
    return x / x.sum()
