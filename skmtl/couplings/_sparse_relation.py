"""Task relations of which most are absent: a learned task precision with few entries."""

from __future__ import annotations

import numpy as np

from ._base import QuadraticCoupling, checked_number, solve_psd
from ._graphical_lasso import graphical_lasso


class SparseRelation(QuadraticCoupling):
    r"""Learned relations of which few are direct: a sparse task precision, around a learned mean if wanted.

    .. math:: R(W) = \min_{w_0 1' + V = W, \, \Theta} \frac{1}{2m} \|w_0\|^2 + \frac12 tr(V \Theta V')
              - \frac12 \log\det \Theta + \frac{\epsilon}{2} tr\,\Theta
              + \frac{\rho}{2} \sum_{s \ne t} |\Theta_{st}|

    with ``m = mean_variance`` (0: no mean), ``rho = sparsity`` and ``epsilon = smoothing``. Two tasks with
    ``Theta[s, t] = 0`` say nothing about each other once the other tasks are known. The covariance in
    ``tr(W C^+ W') / 2`` is ``m 11' + Theta^-1``.

    For given weights the best Theta is the graphical lasso of ``V'V + epsilon I``; for a given Theta the
    weights are a convex problem. Fitting alternates, so the objective never rises, but R is **not convex**:
    what is found, from ``Theta = I``, may be a local minimum. The objective can be negative. On classes
    that are almost separable weights and Theta^-1 grow together for many rounds; a larger
    ``smoothing`` bounds them.

    A fitted estimator has ``task_precision_`` (n_tasks, n_tasks), the Theta; 0 also between tasks of
    different classes.

    Parameters
    ----------
    sparsity : float >= 0, default 0.1
        In the units of ``smoothing``. 0 leaves no precision at zero.
    smoothing : float > 0, default 0.1
        What every task's squared weights are taken to be more than they are, in the units of
        ``|w_t|^2``: keeps Theta finite where tasks coincide or vanish.
    mean_variance : float >= 0, default 0
        How far the shared part may move, in the same units.

    References
    ----------
    Goncalves, Von Zuben & Banerjee (2016), "Multi-task sparse structure learning with Gaussian copula
    models", equation 5 (with n_features times its alpha, and without the lasso of the weights); Friedman,
    Hastie & Tibshirani (2008), "Sparse inverse covariance estimation with the graphical lasso".
    """

    learned = True

    def __init__(self, sparsity: float = 0.1, smoothing: float = 0.1, mean_variance: float = 0.0):
        self.sparsity = sparsity
        self.smoothing = smoothing
        self.mean_variance = mean_variance

    def covariance(self, n_tasks):
        checked_number("SparseRelation.sparsity", self.sparsity, 0, closed=True)
        checked_number("SparseRelation.smoothing", self.smoothing, 0)
        return np.eye(n_tasks) + checked_number(
            "SparseRelation.mean_variance", self.mean_variance, 0, closed=True
        )

    def relearn(self, W, C):
        V = solve_psd(C, W.T).T @ (C - self.mean_variance)  # the specific part of W = w_0 1' + V
        S = V.T @ V + self.smoothing * np.eye(len(C))
        before = C - self.mean_variance
        precision = graphical_lasso(S, self.sparsity, _precision(before))
        relation = np.linalg.inv(precision)
        relation = 0.5 * (relation + relation.T)
        better = self._price(S, relation) <= self._price(S, before)
        return self.mean_variance + (relation if better else before)

    def constant(self, C):
        return self._price(self.smoothing * np.eye(len(C)), C - self.mean_variance)

    def shared(self, W, C):
        return self.mean_variance * solve_psd(C, W.T).sum(axis=0) if self.mean_variance else None

    def describe_relation(self, covariances, families):
        precision = np.zeros((sum(len(C) for C in covariances),) * 2)
        for C, family in zip(covariances, families, strict=True):
            precision[np.ix_(family.tasks, family.tasks)] = _precision(C - self.mean_variance)
        return {"task_precision_": precision}

    def _price(self, S: np.ndarray, relation: np.ndarray) -> float:
        """What R holds of ``relation``, the inverse of Theta, where S stands for V'V + epsilon I."""
        P = _precision(relation)
        off = np.abs(P).sum() - np.abs(P.diagonal()).sum()
        return 0.5 * float(np.vdot(S, P) + np.linalg.slogdet(relation)[1] + self.sparsity * off)


def _precision(relation: np.ndarray) -> np.ndarray:
    """The inverse, with zeros where there is rounding only."""
    P = np.linalg.inv(relation)
    P = 0.5 * (P + P.T)
    sizes = np.sqrt(P.diagonal())
    return np.where(np.abs(P) > 1e-9 * np.outer(sizes, sizes), P, 0.0)
