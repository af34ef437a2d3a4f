"""The design of one X for all tasks: ``forward`` maps weights to raw predictions, ``adjoint`` maps back."""

from __future__ import annotations

import copy

import numpy as np
import scipy.sparse as sp

from ._grams import RowTable, WeightedProducts, weighted_products

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
        self.X, self.sparse = X, sp.issparse(X)
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
        D = squares_times(self.X, H)
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

    def columns_per_row(self, n_columns: int) -> int:
        """Columns of W that a row meets, of ``n_columns`` in all."""
        return n_columns

    def totals(self, H: np.ndarray) -> np.ndarray:
        """Sums (P,) of H (n, P) over rows."""
        return H.sum(axis=0)

    def uncentered(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Intercepts (P,) for the X that the user gave, not the centred one."""
        return b if self.mean is None else b - self.mean @ W


def weighted_mean(X, weight: np.ndarray) -> np.ndarray:
    """The mean (d,) of the rows of X."""
    return np.asarray(X.T @ (weight / weight.sum())).ravel()


def squares_times(X, H: np.ndarray) -> np.ndarray:
    """``(X * X)' H`` (d, P), a few rows at a time: no second X is ever made."""
    if X.shape[0] <= CHUNK:
        return _squared(X).T @ H
    starts = range(0, X.shape[0], CHUNK)
    return sum(_squared(X[start : start + CHUNK]).T @ H[start : start + CHUNK] for start in starts)


def _squared(X):
    return X.multiply(X) if sp.issparse(X) else X**2
