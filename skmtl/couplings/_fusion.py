"""Tasks in groups whose number is not known either: equal tasks, by the lengths of their differences."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from scipy.spatial.distance import pdist, squareform

from ._base import FusionCoupling, TaskEdges, checked_number


class TaskFusion(FusionCoupling):
    r"""Tasks in groups of equal weights, as many as the data ask for: convex fusion of pairs.

    .. math:: R(W) = \sum_{s < t} u_{st} \|w_s - w_t\|_2 + \frac{\eta}{2} \|W\|_F^2

    with ``eta = ridge``. Like the lasso for zeros, the length of a difference is a price at which tasks
    become *exactly* equal: for a small alpha each task is its own group, for a large one all tasks are one.
    Each group keeps its own intercepts, task by task.

    Convex; fitted with a sequence of quadratic couplings, in which a pair at distance r costs
    ``u / 2 * (r^2 / size + size)`` with its own ``size``, to a duality gap.

    A fitted estimator has ``task_labels_`` (n_tasks,), the group of each task. Tasks of different classes are
    never in one group.

    Parameters
    ----------
    neighbours : int, at least 1, or None, default None
        None fuses all pairs alike, ``u = 1 / (n_tasks - 1)``. A number k fuses each task with the k nearest
        others by the ridge solutions of separate tasks with the same alpha, ``u = 1 / k``: far groups then
        do not pull at each other, but as many groups as that graph has pieces stay for any alpha.
    ridge : float > 0, default 0.01

    References
    ----------
    Hocking, Joulin, Bach & Vert (2011), "Clusterpath: an algorithm for clustering using convex fusion
    penalties", equation 1; Han & Zhang (2015), "Learning multi-level task groups in multi-task learning",
    equation 1 for one level; Hunter & Li (2005), "Variable selection using MM algorithms", for the sequence.
    """

    rotates = True

    def __init__(self, neighbours: int | None = None, ridge: float = 0.01):
        self.neighbours = neighbours
        self.ridge = ridge

    def checked_ridge(self):
        k = self.neighbours
        if k is not None and (isinstance(k, bool) or not isinstance(k, Integral) or k < 1):
            raise ValueError(f"TaskFusion.neighbours must be None or a whole number, at least 1, got {k!r}")
        return checked_number("TaskFusion.ridge", self.ridge, 0)

    def edges(self, W):
        T = W.shape[1]
        first, second = np.triu_indices(T, 1)
        if self.neighbours is None or self.neighbours >= T - 1:
            return TaskEdges(first, second, np.full(len(first), 1.0 / max(T - 1, 1)))
        apart = squareform(pdist(W.T))
        np.fill_diagonal(apart, np.inf)
        near = apart <= np.sort(apart, axis=1)[:, [self.neighbours - 1]]
        kept = (near | near.T)[first, second]
        return TaskEdges(first[kept], second[kept], np.full(np.count_nonzero(kept), 1.0 / self.neighbours))

    def describe(self, parts, families):
        labels, found = np.zeros(sum(len(family.tasks) for family in families), dtype=np.intp), 0
        for family in families:
            weights = family.by_task(parts[0]).transpose(1, 0, 2).reshape(len(family.tasks), -1)
            labels[family.tasks] = found + equal_rows(weights)
            found = labels[family.tasks].max() + 1
        return {"task_labels_": labels}


def equal_rows(points: np.ndarray) -> np.ndarray:
    """A number for each row, the same for equal ones, by first appearance."""
    _, first, inverse = np.unique(points, axis=0, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse.ravel()]
