"""Ridge with a task covariance on a complete, shared X: solved by eigenvectors, without iterating."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh

# A feature keeps at least this share of its sum of squares when its mean goes, or the mean goes first:
# what is subtracted from a product afterwards takes that many digits with it.
KEPT = 1e-3


class KroneckerRidge:
    r"""Minimise ``1/2 sum_i w_i ||y_i - W' x_i||^2 + alpha/2 tr(W C^+ W')`` exactly, for one C after another.

    With ``X' diag(w) X = Q S Q'`` and ``C = V L V'`` the solution is, entry by entry,
    ``W = Q [ (Q' X' diag(w) Y V) * L / (S L + alpha) ] V'`` (Evgeniou, Micchelli & Pontil 2005,
    section 3, in the eigenbasis of both sides). All that is kept of the data are products.

    Parameters
    ----------
    X : (n, d) float array
    Y : (n, T) float array
    w : (n,) float, row weights
    mean : (d,) float, optional
        The weighted mean of X, where X and Y are to be centred (intercepts at their best). X is not
        copied for it, unless its means are so large that the products would lose digits.
    """

    def __init__(self, X: np.ndarray, Y: np.ndarray, w: np.ndarray, mean: np.ndarray | None = None):
        self.total, self.n_rows = float(w.sum()), int(np.count_nonzero(w))
        self.centred, self.w = mean is not None, w
        self.means = (w @ Y) / self.total if self.centred else np.zeros(Y.shape[1], Y.dtype)
        self.Y = Y - self.means if self.centred else Y
        self.squares = w @ self.Y**2
        self.gram, self.moment = _products(X, self.Y, w)
        if self.centred:
            before = self.gram.diagonal().copy()
            self.gram -= np.outer(self.total * mean, mean)
            if (self.gram.diagonal() < KEPT * before).any():
                self.gram, self.moment = _products(X - mean, self.Y, w)

    @cached_property
    def basis(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues (d,), not negative, and eigenvectors (d, d) of the features' products."""
        values, vectors = np.linalg.eigh(self.gram)
        return np.maximum(values, 0.0), vectors

    def solve(self, C: np.ndarray, alpha: float) -> np.ndarray:
        """W (d, T)."""
        if is_plain(C):
            return self._uncoupled(float(alpha / C[0, 0]))
        S, Q = self.basis
        L, V = (part.astype(Q.dtype, copy=False) for part in spectrum(C))
        shrunk = (Q.T @ self.moment @ V) * L / (S[:, None] * L + alpha)
        return Q @ shrunk @ V.T

    def _uncoupled(self, alpha: float) -> np.ndarray:
        if "basis" in vars(self):
            S, Q = self.basis
            return Q @ ((Q.T @ self.moment) / (S + alpha)[:, None])
        ridge = self.gram.copy()
        ridge.flat[:: len(ridge) + 1] += alpha
        factor = cho_factor(ridge, overwrite_a=True, check_finite=False)
        return cho_solve(factor, self.moment, check_finite=False)

    def slopes(self, W: np.ndarray) -> np.ndarray:
        """Minus the gradient (d, T) of the squares in W."""
        return self.moment - self.gram @ W

    def squares_left(self, W: np.ndarray, slopes: np.ndarray) -> float | None:
        """``sum_i w_i ||y_i - W' x_i||^2``; None where so little is left that it is lost in rounding."""
        all_squares = float(self.squares.sum())
        left = all_squares - float(np.vdot(W, self.moment)) - float(np.vdot(W, slopes))
        return left if left > 1e-6 * all_squares else None


def _products(X: np.ndarray, Y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``X' diag(w) X`` and ``X' diag(w) Y``."""
    scale = w[0]
    if not (w == scale).all():
        root = np.sqrt(w)[:, None]
        X, Y, scale = X * root, Y * root, 1.0
    # A' A on one array is half the work of A' B: BLAS has a routine for it.
    gram, moment = X.T @ X, X.T @ Y
    gram *= scale
    moment *= scale
    return gram, moment


def spectrum(C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, not negative, and eigenvectors of a task covariance; of a plain one the tasks."""
    if is_plain(C):
        return C.diagonal(), np.eye(len(C))
    values, vectors = eigh(C)
    return np.maximum(values, 0.0), vectors


def is_plain(C: np.ndarray) -> bool:
    """Whether C is a multiple of the identity: nothing is tied."""
    return np.count_nonzero(C - C[0, 0] * np.eye(len(C))) == 0
