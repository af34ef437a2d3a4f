"""Couplings that leave features or single weights out."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ._base import ProximalCoupling, TaskPrior, checked_number
from ._penalties import EntryNorm, RowNorm


class JointSparsity(ProximalCoupling):
    r"""All tasks use the same few features: the L2,1 norm, with an elastic-net part.

    .. math:: R(W) = \rho \sum_j \|w_{j\cdot}\|_2 + \frac{1 - \rho}{2} \|W\|_F^2

    with ``rho = l1_ratio`` and :math:`w_{j\cdot}` the weights of feature j in all columns: tasks, and
    the classes of tasks of more than two. On complete data of a shared X the regression objective is
    that of ``sklearn.linear_model.MultiTaskElasticNet``, with 1 that of ``MultiTaskLasso``.

    A fitted estimator has ``support_`` (n_features,), True for the features in use.

    Parameters
    ----------
    l1_ratio : float in [0, 1], default 1
        Below 1 correlated features enter together; 0 is ridge regression.

    References
    ----------
    Obozinski, Taskar & Jordan (2010), "Joint covariate selection and joint subspace selection for
    multiple classification problems", equation 3.
    """

    def __init__(self, l1_ratio: float = 1.0):
        self.l1_ratio = l1_ratio

    def penalties(self, task_of_column):
        ratio = checked_number("JointSparsity.l1_ratio", self.l1_ratio, 0, 1, closed=True)
        return (RowNorm(ratio, 1.0 - ratio),)

    def describe(self, parts, families):
        return {"support_": used_rows(parts[0])}

    def task_prior(self, parts, families, shared):
        return row_prior(parts[0], self.l1_ratio)


class ElementwiseSparsity(ProximalCoupling):
    r"""Each task uses few features, each its own: the L1 norm, with an elastic-net part.

    .. math:: R(W) = \rho \sum_{jt} |w_{jt}| + \frac{1 - \rho}{2} \|W\|_F^2

    It does not tie tasks: it is the lasso of separate models, the baseline of ``JointSparsity``.
    A fitted estimator has ``support_`` (n_features,), True for features that any task uses.

    Parameters
    ----------
    l1_ratio : float in [0, 1], default 1

    References
    ----------
    Tibshirani (1996), "Regression shrinkage and selection via the lasso".
    """

    def __init__(self, l1_ratio: float = 1.0):
        self.l1_ratio = l1_ratio

    def penalties(self, task_of_column):
        ratio = checked_number("ElementwiseSparsity.l1_ratio", self.l1_ratio, 0, 1, closed=True)
        return (EntryNorm(ratio, 1.0 - ratio),)

    def describe(self, parts, families):
        return {"support_": used_rows(parts[0])}


def used_rows(W: np.ndarray) -> np.ndarray:
    """True for the rows of W that are not zero."""
    return (W != 0).any(axis=1)


def row_prior(W: np.ndarray, l1_ratio: float = 1.0) -> TaskPrior:
    """The diagonal covariance ``1 / (rho / |w_j| + 1 - rho)``: unused features stay unused."""
    norms = np.sqrt(np.einsum("dp,dp->d", W, W))
    used = np.flatnonzero(norms) if l1_ratio else np.arange(len(W))
    variances = norms[used] / (l1_ratio + (1.0 - l1_ratio) * norms[used]) if l1_ratio else np.ones(len(W))
    places = (used, np.arange(len(used)))
    return TaskPrior(sp.csr_array((np.sqrt(variances), places), shape=(len(W), len(used))))
