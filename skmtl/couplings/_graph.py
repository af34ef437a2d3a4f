"""Couplings along a known graph of tasks."""

from __future__ import annotations

import numpy as np

from ._base import QuadraticCoupling, checked_number


class TaskGraph(QuadraticCoupling):
    r"""Neighbours in a known graph have similar weights, or opposite ones where the edge is negative.

    .. math:: R(W) = \frac12 \sum_t \|w_t\|^2
              + \frac{c}{2} \sum_{s < t} |a_{st}| \, \|w_s - \mathrm{sign}(a_{st}) w_t\|^2

    with ``a = adjacency`` and ``c = strength``: the task covariance is ``(I + c L)^-1`` with the signed
    Laplacian L. ``strength=0`` gives separate models.

    Parameters
    ----------
    adjacency : (n_tasks, n_tasks) array-like, symmetric
        Weights of the edges, 0 where there is none and on the diagonal; negative ones say that two tasks
        oppose each other.
    strength : float >= 0, default 1

    References
    ----------
    Evgeniou, Micchelli & Pontil (2005), "Learning multiple tasks with kernel methods", section 3.1.2;
    Kunegis et al. (2010), "Spectral analysis of signed graphs", for the signed Laplacian.
    """

    def __init__(self, adjacency, strength: float = 1.0):
        self.adjacency = adjacency
        self.strength = strength

    def covariance(self, n_tasks):
        A = np.asarray(self.adjacency, dtype=np.float64)
        if A.shape != (n_tasks, n_tasks):
            raise ValueError(f"TaskGraph.adjacency must be ({n_tasks}, {n_tasks}), got shape {A.shape}")
        if not np.isfinite(A).all() or not np.array_equal(A, A.T):
            raise ValueError("TaskGraph.adjacency must be finite and symmetric")
        if A.diagonal().any():
            raise ValueError("TaskGraph.adjacency must be 0 on the diagonal: no task is its own neighbour")
        return graph_covariance(A, checked_number("TaskGraph.strength", self.strength, 0, closed=True))


class TaskChain(QuadraticCoupling):
    r"""Tasks in an order, as points in time: each is similar to the next.

    .. math:: R(W) = \frac12 \sum_t \|w_t\|^2 + \frac{c}{2} \sum_t \|w_t - w_{t+1}\|^2

    with ``c = strength``: the ``TaskGraph`` of a path, in the order of the tasks' columns of y or of their
    sorted ids.

    Parameters
    ----------
    strength : float >= 0, default 1

    References
    ----------
    Zhou, Yuan, Liu & Ye (2011), "A multi-task learning formulation for predicting disease progression",
    equation 2 without its feature selection.
    """

    def __init__(self, strength: float = 1.0):
        self.strength = strength

    def covariance(self, n_tasks):
        path = np.eye(n_tasks, k=1) + np.eye(n_tasks, k=-1)
        return graph_covariance(path, checked_number("TaskChain.strength", self.strength, 0, closed=True))


def graph_covariance(adjacency: np.ndarray, strength: float) -> np.ndarray:
    """``(I + strength * L)^-1`` with the signed Laplacian L, symmetric to the last bit."""
    laplacian = np.diag(np.abs(adjacency).sum(axis=1)) - adjacency
    C = np.linalg.inv(np.eye(len(adjacency)) + strength * laplacian)
    return 0.5 * (C + C.T)
