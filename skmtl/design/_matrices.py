"""Designs: ``forward`` maps weights to raw predictions, ``adjoint`` maps residuals back."""

from __future__ import annotations

import copy

import numpy as np
import scipy.sparse as sp

from ._grams import RowTable, WeightedProducts, row_tables, weighted_products

# Rows whose squares are held at a time.
CHUNK = 4096


class SharedDesign:
    """Every task sees every row: Z = (X - mean) W + b, Z of shape (n, P).

    The mean is subtracted on the fly: with a free intercept it changes nothing but the conditioning,
    and a sparse X stays sparse.

    Parameters
    ----------
    X : (n, d) float array or sparse matrix
    weight : (n,) float, the weights of the mean
    center : bool
        False leaves X as it is, for models without an intercept.
    """

    def __init__(self, X, weight: np.ndarray, *, center: bool):
        self.X = X
        self.mean = weighted_mean(X, weight) if center else None
        #: Rows of Z that share their intercepts.
        self.groups = [slice(None)]
        #: The same as tables, for work on many groups at once; None: the rows as they stand are one.
        self.tables: list[RowTable] | None = None

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(n, P) raw predictions of weights W (d, P) and intercepts b (P,)."""
        return self.X @ W + (b if self.mean is None else b - self.mean @ W)

    def adjoint(self, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient in W (d, P) and in b (P,) of ``sum(R * forward(W, b))``."""
        total = R.sum(axis=0)
        G = self.X.T @ R
        if self.mean is not None:
            G -= np.outer(self.mean, total)
        return G, total

    def diagonal(self, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Diagonal of ``A' diag(H) A``, H (n, P) >= 0, in W and in b: the Jacobi preconditioner."""
        total = H.sum(axis=0)
        D = _squares_times(self.X, H)
        if self.mean is not None:
            D += np.outer(self.mean**2, total) - 2 * self.mean[:, None] * (self.X.T @ H)
        return np.maximum(D, 0.0), total

    def products(self, H: np.ndarray) -> WeightedProducts:
        """``A_p' diag(H_p) A_p`` for H (n, P) >= 0: a square of features for each column of W."""
        return weighted_products(self.X, self.mean, H)

    def restrict(self, chosen: np.ndarray) -> SharedDesign:
        """The design of some of the features."""
        part = copy.copy(self)
        part.X = self.X[:, chosen]
        part.mean = None if self.mean is None else self.mean[chosen]
        return part

    def uncentered(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Intercepts (P,) for the X that the user gave, not the centred one."""
        return b if self.mean is None else b - self.mean @ W


class OwnRowsDesign:
    """Each row belongs to one task: z_i = (x_i - mean_t) W_t + b_t, Z of shape (n, C).

    Rows are sorted by task once; W (d, T * C) holds the tasks' C columns side by side. No (n, T)
    array is ever made. ``center="pooled"`` subtracts the mean of all rows from every task's.
    """

    def __init__(
        self, X, weight: np.ndarray, task: np.ndarray, n_tasks: int, n_columns: int, *, center: bool | str
    ):
        self.bounds = np.searchsorted(task, np.arange(n_tasks + 1))
        self.blocks = [X[start:stop] for start, stop in zip(self.bounds[:-1], self.bounds[1:], strict=True)]
        self.task, self.n_columns = task, n_columns
        #: Rows of Z that share their intercepts: those of each task.
        self.groups = [self._rows(t) for t in range(n_tasks)]
        self.tables = row_tables(self.bounds)
        self.means = None
        if center == "pooled":
            self.means = np.tile(weighted_mean(X, weight), (n_tasks, 1))
            self.groups = [slice(None)]
        elif center:
            parts = zip(self.blocks, self.bounds[:-1], self.bounds[1:], strict=True)
            self.means = np.array([weighted_mean(block, weight[a:b]) for block, a, b in parts])

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(n, C) raw predictions, each row by its own task's weights."""
        Z = np.concatenate([X @ W[:, self._columns(t)] for t, X in enumerate(self.blocks)])
        return Z + self._shift(W, b)[self.task]

    def adjoint(self, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient in W (d, T * C) and in b (T * C,) of ``sum(R * forward(W, b))``."""
        totals = np.add.reduceat(R, self.bounds[:-1], axis=0)
        G = np.hstack([X.T @ R[self._rows(t)] for t, X in enumerate(self.blocks)])
        if self.means is not None:
            G -= np.repeat(self.means.T, self.n_columns, axis=1) * totals.ravel()
        return G, totals.ravel()

    def diagonal(self, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Diagonal of ``A' diag(H) A``, H (n, C) >= 0, in W and in b: the Jacobi preconditioner."""
        totals = np.add.reduceat(H, self.bounds[:-1], axis=0)
        D = [_squares_times(X, H[self._rows(t)]) for t, X in enumerate(self.blocks)]
        if self.means is not None:
            cross = [2 * self.means[t][:, None] * (X.T @ H[self._rows(t)]) for t, X in enumerate(self.blocks)]
            D = [d + np.outer(m**2, s) - c for d, m, s, c in zip(D, self.means, totals, cross, strict=True)]
        return np.maximum(np.hstack(D), 0.0), totals.ravel()

    def products(self, H: np.ndarray) -> WeightedProducts:
        """``A_p' diag(H_p) A_p`` for H (n, C) >= 0: a square of features for each column of W."""
        means = [None] * len(self.blocks) if self.means is None else self.means
        pairs = zip(self.blocks, means, strict=True)
        each = [weighted_products(X, mean, H[self._rows(t)]) for t, (X, mean) in enumerate(pairs)]
        grams, cross, totals = zip(*each, strict=True)
        return WeightedProducts(np.concatenate(grams), np.hstack(cross), np.concatenate(totals))

    def restrict(self, chosen: np.ndarray) -> OwnRowsDesign:
        """The design of some of the features."""
        part = copy.copy(self)
        part.blocks = [X[:, chosen] for X in self.blocks]
        part.means = None if self.means is None else self.means[:, chosen]
        return part

    def uncentered(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Intercepts (T * C,) for the X that the user gave, not the centred one."""
        return self._shift(W, b).ravel()

    def _columns(self, t: int) -> slice:
        return slice(t * self.n_columns, (t + 1) * self.n_columns)

    def _rows(self, t: int) -> slice:
        return slice(self.bounds[t], self.bounds[t + 1])

    def _shift(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        b = b.reshape(len(self.blocks), self.n_columns)
        if self.means is None:
            return b
        return b - np.einsum("td,dtc->tc", self.means, W.reshape(len(W), *b.shape))


def weighted_mean(X, weight: np.ndarray) -> np.ndarray:
    """The mean (d,) of the rows of X."""
    return np.asarray(X.T @ (weight / weight.sum())).ravel()


def _squares_times(X, H: np.ndarray) -> np.ndarray:
    """``(X * X)' H`` (d, P), a few rows at a time: no second X is ever made."""
    if X.shape[0] <= CHUNK:
        return _squared(X).T @ H
    starts = range(0, X.shape[0], CHUNK)
    return sum(_squared(X[start : start + CHUNK]).T @ H[start : start + CHUNK] for start in starts)


def _squared(X):
    return X.multiply(X) if sp.issparse(X) else X**2
