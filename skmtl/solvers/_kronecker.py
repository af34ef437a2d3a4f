"""Ridge with a task covariance on a complete, shared X: solved by eigenvectors, without iterating."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh


class KroneckerRidge:
    r"""Minimise ``1/2 sum_i w_i ||y_i - W' x_i||^2 + alpha/2 tr(W C^+ W')`` exactly, for one C after another.

    With ``X' diag(w) X = Q S Q'`` and ``C = V L V'`` the solution is, entry by entry,
    ``W = Q [ (Q' X' diag(w) Y V) * L / (S L + alpha) ] V'`` (Evgeniou, Micchelli & Pontil 2005,
    section 3, in the eigenbasis of both sides). X and Y are centred by the caller.

    Parameters
    ----------
    X : (n, d) float array
    Y : (n, T) float array
    w : (n,) float, row weights
    """

    def __init__(self, X: np.ndarray, Y: np.ndarray, w: np.ndarray):
        if not (w == w[0]).all():
            root = np.sqrt(w)[:, None]
            X, Y, w = X * root, Y * root, np.ones(1, X.dtype)
        # A' A on one array is half the work of A' B: BLAS has a routine for it.
        self.gram, self.moment = w[0] * (X.T @ X), w[0] * (X.T @ Y)
        self._basis = None

    def solve(self, C: np.ndarray, alpha: float) -> np.ndarray:
        """W (d, T)."""
        if np.count_nonzero(C - C[0, 0] * np.eye(len(C))) == 0:
            return self._uncoupled(float(alpha / C[0, 0]))
        if self._basis is None:
            self._basis = eigh(self.gram)
        S, Q = self._basis
        L, V = (part.astype(Q.dtype, copy=False) for part in eigh(C))
        L = np.maximum(L, 0.0)
        shrunk = (Q.T @ self.moment @ V) * L / (np.maximum(S, 0.0)[:, None] * L + alpha)
        return Q @ shrunk @ V.T

    def _uncoupled(self, alpha: float) -> np.ndarray:
        ridge = self.gram.copy()
        ridge.flat[:: len(ridge) + 1] += alpha
        return cho_solve(cho_factor(ridge, overwrite_a=True), self.moment)
