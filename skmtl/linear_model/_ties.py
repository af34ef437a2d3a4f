"""The pairs of a family's tasks that a fusion coupling ties, as springs of changing stiffness."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..couplings import TaskEdges
from ..design import Family


class Ties:
    """The edges of a family's graph, each with a size.

    An edge of length r costs ``u / 2 (r^2 / size + size)``: ``u r`` where the size is the length, more
    elsewhere.
    """

    def __init__(self, edges: TaskEdges, family: Family):
        self.edges, self.family = edges, family
        self.sizes = np.ones(len(edges.weights))

    def covariance(self, ridge: float) -> np.ndarray:
        """``(ridge I + L)^-1`` (T, T) with the Laplacian L of the edges' weights over their sizes."""
        T, pull = len(self.family.tasks), self.edges.weights / self.sizes
        A = np.zeros((T, T))
        A[self.edges.first, self.edges.second] = A[self.edges.second, self.edges.first] = pull
        C = np.linalg.inv(np.diag(ridge + A.sum(axis=1)) - A)
        return 0.5 * (C + C.T)

    def differences(self, W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``w_s - w_t`` (rows, edges) and their lengths (edges,)."""
        V = stacked(W, self.family)
        D = V[:, self.edges.first] - V[:, self.edges.second]
        return D, np.sqrt(np.einsum("re,re->e", D, D))

    def set_sizes(self, W: np.ndarray, smoothing: float) -> None:
        """The lengths at W, nowhere smaller than ``smoothing``."""
        self.sizes = np.hypot(self.differences(W)[1], smoothing)

    def push(self, W: np.ndarray, G: np.ndarray, alpha: float) -> float:
        """Add ``alpha`` times the edges' forces to G (d, P); returns what they leave of the price."""
        D, lengths = self.differences(W)
        forces = D * (self.edges.weights / np.maximum(lengths, self.sizes))
        pull = np.zeros((len(self.family.tasks), len(D)))
        np.add.at(pull, self.edges.first, alpha * forces.T)
        np.add.at(pull, self.edges.second, -alpha * forces.T)
        G[:, self.family.columns] += unstacked(pull.T, self.family)
        return float(self.edges.weights @ lengths) - float(np.vdot(forces, D))

    def merge(self, W: np.ndarray, length: float) -> None:
        """Replace tasks whose edges are at most this long, over the longest task, by their mean."""
        V, T = stacked(W, self.family), len(self.family.tasks)
        longest = np.sqrt(np.einsum("rt,rt->t", V, V)).max()
        short = self.differences(W)[1] <= length * longest
        links = coo_array((short, (self.edges.first, self.edges.second)), shape=(T, T))
        links.eliminate_zeros()
        labels = connected_components(links, directed=False)[1]
        members = (labels[:, None] == np.arange(labels.max() + 1)) / np.bincount(labels)
        W[:, self.family.columns] = unstacked((V @ members)[:, labels], self.family)


def stacked(W: np.ndarray, family: Family) -> np.ndarray:
    """The family's weights (rows, tasks): the columns of a task of several classes under each other."""
    return family.by_task(W).transpose(0, 2, 1).reshape(-1, len(family.tasks))


def unstacked(V: np.ndarray, family: Family) -> np.ndarray:
    """The family's columns of W from weights in the form of ``stacked``."""
    by_task = V.reshape(-1, family.n_columns, len(family.tasks)).transpose(0, 2, 1)
    return by_task.reshape(len(by_task), -1)
