"""A fusion coupling where it is known which tasks are equal: a smooth function of the groups' weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._data import DataLoss
from ._springs import Ties


class MergedProblem:
    """``loss + alpha * (lengths between groups + ridge / 2 |W|^2)`` as a function of groups' weights and b.

    What ``newton_cg`` minimises: between groups the lengths have derivatives. The vector x holds the weights
    (rows, groups) of each family, then b (P,).

    Parameters
    ----------
    data : DataLoss
    ties : sequence of Ties
    labels : sequence of (T_f,) intp
        The group of each task, for each of the ties.
    alpha, ridge : float
    """

    quadratic = False

    def __init__(
        self, data: DataLoss, ties: Sequence[Ties], labels: Sequence[np.ndarray], alpha: float, ridge: float
    ):
        self.data, self.ties, self.labels, self.alpha, self.ridge = data, ties, labels, alpha, ridge

    def vector(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The x of weights W (d, P) that are equal within groups."""
        firsts = [np.unique(labels, return_index=True)[1] for labels in self.labels]
        pairs = zip(self.ties, firsts, strict=True)
        return np.concatenate([*(tie.family.stacked(W)[:, first].ravel() for tie, first in pairs), b])

    def unpack(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (d, P) and b (P,)."""
        W, start = np.empty(self.data.shape), 0
        for tie, labels in zip(self.ties, self.labels, strict=True):
            rows, n_groups = len(W) * tie.family.n_columns, labels.max() + 1
            V = x[start : start + rows * n_groups].reshape(rows, n_groups)
            W[:, tie.family.columns] = tie.family.unstacked(V[:, labels])
            start += V.size
        return W, x[start:]

    def value_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        W, b = self.unpack(x)
        Z = self.data.image(W, b)
        G, g = self.data.pull_back(self.data.residual(Z))
        price = sum(tie.price(W) for tie in self.ties) + 0.5 * self.ridge * float(np.vdot(W, W))
        G = G + self.alpha * (self.ridge * W + self._bent(W, W, turning=False))
        return self.data.value(Z) + self.alpha * price, self._gathered(G, g)

    def hessian(self, x: np.ndarray):
        """The map v -> H v at x, and its diagonal."""
        W, b = self.unpack(x)
        Z = self.data.image(W, b)
        bends = self.data.bends(Z)

        def product(v: np.ndarray) -> np.ndarray:
            dW, db = self.unpack(v)
            G, g = self.data.pull_back(self.data.bend(bends, self.data.image(dW, db)))
            return self._gathered(G + self.alpha * (self.ridge * dW + self._bent(W, dW, turning=True)), g)

        D, d = self.data.diagonal(bends, Z)
        return product, self._gathered(D + self.alpha * (self.ridge + self._bends(W)), d)

    def _bends(self, W: np.ndarray) -> np.ndarray:
        """The diagonal of the lengths' second derivative, task by task."""
        out = np.zeros_like(W)
        for tie in self.ties:
            units, lengths = _units(tie.differences(W))
            bends = np.divide(1.0 - units**2, lengths, out=np.zeros_like(units), where=lengths > 0)
            bends = abs(tie.incidence).T @ (bends * tie.weights[:, None])
            out[:, tie.family.columns] = tie.family.unstacked(bends.T)
        return out

    def _bent(self, W: np.ndarray, dW: np.ndarray, *, turning: bool) -> np.ndarray:
        """The slope of the lengths at W or, ``turning``, its change along dW."""
        out = np.zeros_like(W)
        for tie in self.ties:
            units, lengths = _units(tie.differences(W))
            forces = units
            if turning:
                moves = tie.differences(dW)
                moves -= units * np.einsum("er,er->e", units, moves)[:, None]
                forces = np.divide(moves, lengths, out=np.zeros_like(units), where=lengths > 0)
            pull = tie.incidence.T @ (forces * tie.weights[:, None])
            out[:, tie.family.columns] = tie.family.unstacked(pull.T)
        return out

    def _gathered(self, G: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Slopes of the tasks summed over each group."""
        pieces = []
        for tie, labels in zip(self.ties, self.labels, strict=True):
            members = np.eye(labels.max() + 1)[labels]
            pieces.append((tie.family.stacked(G) @ members).ravel())
        return np.concatenate([*pieces, g])


def _units(D: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differences (edges, rows) at length 1, or 0, and their lengths (edges, 1)."""
    lengths = np.sqrt(np.einsum("er,er->e", D, D))[:, None]
    return np.divide(D, lengths, out=np.zeros_like(D), where=lengths > 0), lengths
