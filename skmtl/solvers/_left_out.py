"""Leave-one-out errors of ridge regression with a task covariance, for many alphas at once."""

from __future__ import annotations

import numpy as np

from ._kronecker import KroneckerRidge, is_plain, spectrum

TINY = np.finfo(float).eps


def generalised_errors(ridge: KroneckerRidge, C: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    r"""Mean squared leave-one-out error of each task, every row's leverage replaced by the mean one.

    Along an eigenvector v of C with eigenvalue l the fit is ridge regression of ``Y v`` with
    ``alpha / l``; its residual is divided by ``1 - trace of the hat matrix / n`` (Golub, Heath & Wahba
    1979, "Generalized cross-validation", equation 1.4). Only products are needed: no pass over the rows.

    Parameters
    ----------
    ridge : KroneckerRidge
    C : (T, T) float, symmetric, positive semi-definite
    alphas : (m,) float > 0

    Returns
    -------
    (m, T) float
    """
    S, Q = ridge.basis
    L, V = spectrum(C)
    moment = Q.T @ ridge.moment @ V
    squares = ridge.squares if is_plain(C) else V.T @ (ridge.Y.T @ (ridge.Y * ridge.w[:, None])) @ V
    errors = []
    for alpha in alphas:
        shrink = L / (S[:, None] * L + alpha)
        W = moment * shrink
        traces = (S[:, None] * shrink).sum(axis=0) + ridge.centred
        scale = 1.0 / np.maximum(1.0 - traces / ridge.n_rows, TINY)
        if is_plain(C):
            left = squares + (W * (S[:, None] * W - 2.0 * moment)).sum(axis=0)
            errors.append(left * scale**2)
        else:
            left = squares - W.T @ moment - moment.T @ W + W.T @ (S[:, None] * W)
            back = V * scale
            errors.append(np.einsum("st,st->s", back @ left, back))
    return np.maximum(errors, 0.0) / ridge.total


def left_out_errors(X: np.ndarray, ridge: KroneckerRidge, C: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    r"""Mean squared leave-one-out error (m, T) of each task, exactly: each row is left out of all tasks.

    Along an eigenvector of C the residual of row i is divided by ``1 - h_ii`` with the hat matrix of that
    ridge regression (Allen 1974, PRESS). One pass over the rows for each alpha.

    Parameters
    ----------
    X : (n, d) float
        The features of the ridge, centred where it is.
    ridge, C, alphas : as for ``generalised_errors``
    """
    S, Q = ridge.basis
    L, V = spectrum(C)
    A, moment, Y = X @ Q, Q.T @ ridge.moment @ V, ridge.Y @ V
    squares, always = A**2, ridge.centred / ridge.total
    errors = []
    for alpha in alphas:
        shrink = L / (S[:, None] * L + alpha)
        leverage = ridge.w[:, None] * (squares @ shrink + always)
        residual = (Y - A @ (moment * shrink)) / np.maximum(1.0 - leverage, TINY)
        errors.append(ridge.w @ (residual @ V.T) ** 2 / ridge.total)
    return np.array(errors)
