"""Couplings whose task covariance is known before the data are seen."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ._base import QuadraticCoupling, TaskPrior


class Independent(QuadraticCoupling):
    """No tie: ``R(W) = ||W||_F^2 / 2``, the ridge penalty of separate models."""

    def covariance(self, n_tasks):
        return np.eye(n_tasks)


class SharedParameters(QuadraticCoupling):
    r"""Shared plus task-specific parameters, ``w_t = w_0 + v_t``, both penalised.

    .. math:: R = \frac{1}{2s} \|w_0\|^2 + \frac{1}{2(1-s)} \sum_t \|v_t\|^2

    with ``s = sharing``: the task covariance is ``(1 - s) I + s 11'``, so ``s`` is the believed
    correlation between the weights of any two tasks. 0 gives separate models, 1 one pooled model
    (with an intercept per task).

    Parameters
    ----------
    sharing : float in [0, 1], default 0.5

    References
    ----------
    Evgeniou & Pontil (2004), "Regularized multi-task learning".
    """

    def __init__(self, sharing: float = 0.5):
        self.sharing = sharing

    def covariance(self, n_tasks):
        s = checked_sharing(self.sharing)
        return (1.0 - s) * np.eye(n_tasks) + s

    def shared(self, W, C):
        if self.sharing == 0:
            return None
        return self.sharing * W.sum(axis=1) / (1.0 - self.sharing + self.sharing * len(C))  # s C^+ 1

    def task_prior(self, parts, families, shared):
        """``D = (1 - s) I``: what a task has of its own is as likely in any direction."""
        if shared is None:
            return None
        return TaskPrior(np.sqrt(1.0 - self.sharing) * sp.eye_array(len(parts[0]), format="csr"), shared)


class GivenRelation(QuadraticCoupling):
    """A known task covariance: ``R(W) = tr(W C^+ W') / 2`` with C = ``matrix``.

    Negative entries are allowed: tasks may be believed to oppose each other.

    Parameters
    ----------
    matrix : (n_tasks, n_tasks) array-like, symmetric, positive semi-definite
    """

    def __init__(self, matrix):
        self.matrix = matrix

    def covariance(self, n_tasks):
        C = np.asarray(self.matrix, dtype=np.float64)
        if C.shape != (n_tasks, n_tasks):
            raise ValueError(f"GivenRelation.matrix must be ({n_tasks}, {n_tasks}), got shape {C.shape}")
        if not np.isfinite(C).all() or np.abs(C - C.T).max() > 1e-10 * np.abs(C).max():
            raise ValueError("GivenRelation.matrix must be finite and symmetric")
        smallest, largest = np.linalg.eigvalsh(C)[[0, -1]]
        if largest <= 0 or smallest < -1e-10 * largest:
            raise ValueError(
                "GivenRelation.matrix must be positive semi-definite and not zero; its smallest eigenvalue "
                f"is {smallest:.3g}"
            )
        return (C + C.T) / 2  # a covariance from a product is symmetric up to rounding only


def checked_sharing(sharing) -> float:
    if not isinstance(sharing, int | float | np.number) or not 0 <= sharing <= 1:
        raise ValueError(f"sharing must be a number in [0, 1], got {sharing!r}")
    return float(sharing)
