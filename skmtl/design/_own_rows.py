"""The design of tasks that own their rows: tasks of about the same size go through products together."""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from ._grams import WeightedProducts, row_tables, weighted_products
from ._shared import weighted_mean

# Tasks share a batch while its largest has at most this many times the rows of its smallest.
SPREAD = 1.25


class Batch(NamedTuple):
    """Tasks (k,) of about the same size: X (k, m, d), filled up with zeros; ``rows`` (k, m) says which.

    Rows that fill up have the number n, one past the last.
    """

    tasks: np.ndarray
    X: np.ndarray
    rows: np.ndarray


class OwnRowsDesign:
    """Each row belongs to one task: z_i = (x_i - mean_t) W_t + b_t, Z of shape (n, C).

    Rows are sorted by task once; W (d, T * C) holds the tasks' C columns side by side. No (n, T)
    array is ever made. A dense X is kept a second time, in batches of tasks.

    Parameters
    ----------
    X : (n, d) float array or sparse matrix, sorted by task
    weight : (n,) float, the weights of the means
    task : (n,) intp, the task of each row
    n_tasks, n_columns : int
        T and C.
    center : bool or "pooled"
        False leaves X as it is, for models without an intercept; "pooled" subtracts the mean of all rows
        from every task's.
    """

    def __init__(
        self, X, weight: np.ndarray, task: np.ndarray, n_tasks: int, n_columns: int, *, center: bool | str
    ):
        self.task, self.n_tasks, self.n_columns = task, n_tasks, n_columns
        self.sparse = sp.issparse(X)
        self.X = X if self.sparse else np.ascontiguousarray(X)
        self.bounds = np.searchsorted(task, np.arange(n_tasks + 1))
        self._slices = [slice(a, b) for a, b in zip(self.bounds[:-1], self.bounds[1:], strict=True)]
        #: Rows of Z that share their intercepts: those of each task, or all of them.
        self.groups = [slice(None)] if center == "pooled" else self._slices
        #: The tasks' rows as tables, for work on many groups at once.
        self.tables = row_tables(self.bounds)
        self.means = self._means(weight, center) if center else None
        self._batches = None

    def columns_per_row(self, n_columns: int) -> int:
        """Columns of W that a row meets, of ``n_columns`` in all."""
        return self.n_columns

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(n, C) raw predictions, each row by its own task's weights."""
        W = W.reshape(len(W), self.n_tasks, self.n_columns)
        Z = self._products(W)
        Z += np.repeat(self._shift(W, b), np.diff(self.bounds), axis=0)
        return Z

    def adjoint(self, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient in W (d, T * C) and in b (T * C,) of ``sum(R * forward(W, b))``."""
        totals, G = self._sums(R), self._back(R, squared=False)
        if self.means is not None:
            G -= np.einsum("td,tc->dtc", self.means, totals)
        return G.reshape(len(G), totals.size), totals.ravel()

    def diagonal(self, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Diagonal of ``A' diag(H) A``, H (n, C) >= 0, in W and in b: the Jacobi preconditioner."""
        totals, D = self._sums(H), self._back(H, squared=True)
        if self.means is not None:
            D += np.einsum("td,tc->dtc", self.means**2, totals)
            D -= 2.0 * self.means.T[:, :, None] * self._back(H, squared=False)
        return np.maximum(D, 0.0).reshape(len(D), totals.size), totals.ravel()

    def products(self, H: np.ndarray) -> WeightedProducts:
        """``A_p' diag(H_p) A_p`` for H (n, C) >= 0: a square of features for each column of W."""
        means = [None] * self.n_tasks if self.means is None else self.means
        pairs = zip(self._slices, means, strict=True)
        each = [weighted_products(self.X[rows], mean, H[rows]) for rows, mean in pairs]
        grams, cross, totals = zip(*each, strict=True)
        return WeightedProducts(np.concatenate(grams), np.hstack(cross), np.concatenate(totals))

    def restrict(self, chosen: np.ndarray) -> OwnRowsDesign:
        """The design of some of the features."""
        part = copy.copy(self)
        part.X, part._batches = self.X[:, chosen], None
        part.means = None if self.means is None else self.means[:, chosen]
        return part

    def totals(self, H: np.ndarray) -> np.ndarray:
        """Sums (T * C,) of H (n, C) over the rows of each task."""
        return self._sums(H).ravel()

    def gram(self) -> np.ndarray:
        """The mean (d, d) of ``x x'`` over all rows, each less its task's mean."""
        X = self.X if self.means is None else self.X - self.means[self.task]
        return (X.T @ X) / X.shape[0]

    def uncentered(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Intercepts (T * C,) for the X that the user gave, not the centred one."""
        return self._shift(W.reshape(len(W), self.n_tasks, self.n_columns), b).ravel()

    def _products(self, W: np.ndarray) -> np.ndarray:
        """X times its tasks' columns of W (d, T, C), (n, C)."""
        if self.sparse:
            return np.concatenate([self.X[rows] @ W[:, t] for t, rows in enumerate(self._slices)])
        Z = np.empty((len(self.X) + 1, self.n_columns), np.result_type(self.X, W))
        by_task = np.ascontiguousarray(W.transpose(1, 0, 2))
        for batch in self.batches:
            Z[batch.rows] = np.matmul(batch.X, by_task[batch.tasks])
        return Z[:-1]

    def _back(self, R: np.ndarray, *, squared: bool) -> np.ndarray:
        """``X' R`` task by task, or with the squares of X: (d, T, C)."""
        if self.sparse:
            X = self.X.multiply(self.X).tocsr() if squared else self.X
            return np.stack([X[rows].T @ R[rows] for rows in self._slices], axis=1)
        G = np.empty((self.n_tasks, self.X.shape[1], self.n_columns), np.result_type(self.X, R))
        padded = np.concatenate([R, np.zeros((1, self.n_columns), R.dtype)])
        for batch in self.batches:
            X = batch.X**2 if squared else batch.X
            G[batch.tasks] = np.matmul(X.transpose(0, 2, 1), padded[batch.rows])
        return G.transpose(1, 0, 2).copy()

    @property
    def batches(self) -> list[Batch]:
        """Tasks by size, made when first needed."""
        if self._batches is None:
            sizes = np.diff(self.bounds)
            order = np.argsort(sizes, kind="stable")
            self._batches, first = [], 0
            for i in range(1, len(order) + 1):
                if i == len(order) or sizes[order[i]] > SPREAD * sizes[order[first]]:
                    self._batches.append(self._batch(order[first:i], sizes))
                    first = i
        return self._batches

    def _batch(self, tasks: np.ndarray, sizes: np.ndarray) -> Batch:
        n, longest = len(self.X), sizes[tasks].max()
        place = np.arange(longest)
        rows = np.where(place < sizes[tasks, None], self.bounds[tasks, None] + place, n)
        if len(tasks) == self.n_tasks and (rows < n).all():  # every task has as many rows: X as it is
            return Batch(tasks, self.X.reshape(self.n_tasks, longest, self.X.shape[1]), rows)
        X = self.X[np.minimum(rows, n - 1)]
        X[rows == n] = 0
        return Batch(tasks, X, rows)

    def _sums(self, R: np.ndarray) -> np.ndarray:
        """Sums (T, C) over the rows of each task."""
        return np.add.reduceat(R, self.bounds[:-1], axis=0)

    def _means(self, weight: np.ndarray, center: bool | str) -> np.ndarray:
        """The weighted mean (T, d) of each task's rows, or of all rows for each."""
        if center == "pooled":
            return np.tile(weighted_mean(self.X, weight), (self.n_tasks, 1))
        return np.array([weighted_mean(self.X[rows], weight[rows]) for rows in self._slices])

    def _shift(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Intercepts (T, C) for X as it is, of weights (d, T, C)."""
        b = b.reshape(self.n_tasks, self.n_columns)
        return b if self.means is None else b - np.einsum("td,dtc->tc", self.means, W)
