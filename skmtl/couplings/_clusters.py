"""Tasks in groups that are not known beforehand."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from ._base import QuadraticCoupling, TaskPrior, checked_number, spread_factor
from ._spectral import ClusterNorm, spread_projection


class ClusteredTasks(QuadraticCoupling):
    r"""Tasks lie in a given number of groups, each close to its group's centre; which, is learned.

    .. math:: R(W) = \min_M \frac{\eta (1 + \eta)}{2} tr\left(W (\eta I + M)^{-1} W^\top\right), \quad
              0 \preceq M \preceq I, \; tr\,M = k

    with ``k = n_clusters`` and ``eta = centre_price``: the convex relaxation of
    ``(1 + eta) / 2 * sum_t |w_t - centre of t's group|^2 + eta / 2 * sum_t |centre of t's group|^2``, in
    which M would be the projection onto the groups.

    A fitted estimator has ``task_labels_`` (n_tasks,), the group of each task: the rank-k approximation of
    the weights, clustered by Ward's method. Tasks of different classes are never in one group.

    Parameters
    ----------
    n_clusters : int, at least 1 and at most the number of tasks
    centre_price : float > 0, default 0.1
        How strongly the centres are shrunk to zero, compared with the tasks to their centres.

    References
    ----------
    Zhou, Chen & Ye (2011), "Clustered multi-task learning via alternating structure optimization",
    equation 9; Jacob, Bach & Vert (2008), "Clustered multi-task learning: a convex formulation".
    """

    learned = True

    def __init__(self, n_clusters: int = 2, centre_price: float = 0.1):
        self.n_clusters = n_clusters
        self.centre_price = centre_price

    def covariance(self, n_tasks):
        eta = self._checked(n_tasks)
        return self._of(np.full(n_tasks, self.n_clusters / n_tasks), np.eye(n_tasks), eta)

    def penalties(self, n_tasks):
        return (ClusterNorm(min(self.n_clusters, n_tasks), self.centre_price),)

    def _checked(self, n_tasks) -> float:
        k, eta = self.n_clusters, checked_number("ClusteredTasks.centre_price", self.centre_price, 0)
        if not isinstance(k, Integral) or not 1 <= k <= n_tasks:
            raise ValueError(f"ClusteredTasks.n_clusters must be a whole number in [1, {n_tasks}], got {k!r}")
        return eta

    def relearn(self, W, C):
        values, vectors = np.linalg.eigh(W.T @ W)
        sizes = np.sqrt(np.maximum(values, 0.0))
        k = min(self.n_clusters, len(C))
        return self._of(spread_projection(sizes, k, self.centre_price), vectors, self.centre_price)

    def describe(self, parts, families):
        labels, found = np.zeros(sum(len(family.tasks) for family in families), dtype=np.intp), 0
        for family in families:
            weights = family.by_task(parts[0]).transpose(1, 0, 2).reshape(len(family.tasks), -1)
            labels[family.tasks] = found + group_rows(weights, self.n_clusters)
            found = labels[family.tasks].max() + 1
        return {"task_labels_": labels}

    def task_prior(self, parts, families, shared):
        """The same R seen from the features: ``D = (eta I + M) / (eta (1 + eta))`` with M (d, d)."""
        if len(families) > 1 or families[0].n_columns > 1:
            return None
        eta = self.centre_price
        left, sizes, _ = np.linalg.svd(parts[0], full_matrices=False)
        m = spread_projection(sizes, min(self.n_clusters, len(sizes)), eta)
        return TaskPrior(spread_factor(left, (eta + m) / (eta * (1.0 + eta)), 1.0 / (1.0 + eta)))

    @staticmethod
    def _of(m: np.ndarray, vectors: np.ndarray, eta: float) -> np.ndarray:
        """The covariance of the M with eigenvalues m."""
        C = (vectors * ((eta + m) / (eta * (1.0 + eta)))) @ vectors.T
        return 0.5 * (C + C.T)


def group_rows(points: np.ndarray, k: int) -> np.ndarray:
    """Rows of ``points`` in at most k groups, numbered by first appearance."""
    if len(points) == 1:
        return np.zeros(1, dtype=np.intp)
    left, values, _ = np.linalg.svd(points, full_matrices=False)
    groups = fcluster(linkage(left[:, :k] * values[:k], "ward"), k, "maxclust")
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
