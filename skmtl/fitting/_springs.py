"""The pairs of a family's tasks that a fusion coupling ties, as springs of changing stiffness."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..couplings import TaskEdges
from ..design import Family

TINY = np.finfo(float).tiny


class Ties:
    """The edges of a family's graph, each with a size.

    An edge of length r costs ``u / 2 (r^2 / size + size)``: ``u r`` where the size is the length, more
    elsewhere.
    """

    def __init__(self, edges: TaskEdges, family: Family):
        self.first, self.second, self.weights = edges
        self.family, n_edges, T = family, len(self.weights), len(family.tasks)
        self.sizes = np.ones(n_edges)
        number, one = np.arange(n_edges), np.ones(n_edges)
        ends = np.concatenate([number, number]), np.concatenate([self.first, self.second])
        self.incidence = coo_array((np.concatenate([one, -one]), ends), shape=(n_edges, T)).tocsr()

    def covariance(self, ridge: float) -> np.ndarray:
        """``(ridge I + L)^-1`` (T, T) with the Laplacian L of the edges' weights over their sizes."""
        A = np.zeros((len(self.family.tasks),) * 2)
        A[self.first, self.second] = A[self.second, self.first] = self.weights / self.sizes
        C = np.linalg.inv(np.diag(ridge + A.sum(axis=1)) - A)
        return 0.5 * (C + C.T)

    def differences(self, W: np.ndarray) -> np.ndarray:
        """``w_s - w_t`` (edges, rows)."""
        return self.incidence @ self.family.stacked(W).T

    def price(self, W: np.ndarray) -> float:
        """The lengths of the differences, times their weights."""
        return float(self.weights @ _lengths(self.differences(W)))

    def set_sizes(self, W: np.ndarray, smoothing: float, guide: np.ndarray | None) -> None:
        """The lengths at W, or at the guide where they are not 0 there; nowhere less than ``smoothing``."""
        lengths = _lengths(self.differences(W))
        if guide is not None:
            guided = _lengths(self.differences(guide))
            lengths = np.where(guided > 0, guided, lengths)
        self.sizes = np.hypot(lengths, smoothing)

    def push(self, W: np.ndarray, G: np.ndarray, ridge: float) -> float:
        """Add forces along the edges to the slopes G (d, P) that they have to balance.

        The springs' forces, and a correction that takes up what they leave where the springs are so stiff
        that rounding of W decides; no edge exceeds its weight. Returns what they leave of the lengths' price.
        """
        D, slopes = self.differences(W), self.family.stacked(G).T
        lengths = _lengths(D)
        stiffness = (self.weights / np.maximum(lengths, self.sizes))[:, None]
        forces = D * stiffness
        left = slopes + self.incidence.T @ forces
        forces -= (self.incidence @ (self.covariance(ridge) @ left)) * stiffness
        forces *= np.minimum(1.0, self.weights / np.maximum(_lengths(forces), TINY))[:, None]
        left = slopes + self.incidence.T @ forces
        G[:, self.family.columns] = self.family.unstacked(left.T)
        return float(self.weights @ lengths) - float(np.vdot(forces, D))

    def merge(self, W: np.ndarray, length: float) -> np.ndarray:
        """Replace tasks whose edges are at most this long, over the longest task, by their mean.

        Returns the group of each task (T,).
        """
        V, T = self.family.stacked(W), len(self.family.tasks)
        short = _lengths(self.differences(W)) <= length * _lengths(V.T).max()
        links = coo_array((short[short], (self.first[short], self.second[short])), shape=(T, T))
        labels = connected_components(links, directed=False)[1]
        members = (labels[:, None] == np.arange(labels.max() + 1)) / np.bincount(labels)
        W[:, self.family.columns] = self.family.unstacked((V @ members)[:, labels])
        return labels


def _lengths(rows: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("er,er->e", rows, rows))
