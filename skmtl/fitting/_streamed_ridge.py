"""Ridge regression from sums over rows, for several strengths: one Cholesky factorization each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, solve_triangular
from threadpoolctl import threadpool_limits

from ..solvers import cholesky_in_place, lower_tiles, spans
from ..utils._parallel import run_blocks
from ._row_sums import RowSums

# Traces of up to so many features are exact; beyond, so many random vectors stand for a basis.
EXACT, PROBES = 1024, 64
TINY = np.finfo(float).eps


class RidgeChoice(NamedTuple):
    """Weights W (p, P), intercepts b (P,), each task's alpha (T,) and the errors (alphas, T) behind it."""

    W: np.ndarray
    b: np.ndarray
    alpha: np.ndarray
    errors: np.ndarray


class _Ridge(NamedTuple):
    """Centred and scaled: the products ``cross`` (p, P) and the mean squares (P,) of the targets."""

    sums: RowSums
    mean: np.ndarray
    scale: np.ndarray
    cross: np.ndarray
    squares: np.ndarray
    intercept: bool

    def factor(self, alpha: float, n_jobs: int | None) -> np.ndarray:
        """The Cholesky factor of the features' mean products plus alpha."""
        gram, total = self.sums.gram, self.sums.total
        # twice single precision: rounding must not reach alpha, however small that is
        A = np.empty(gram.shape)

        def work(tile: tuple[slice, slice]) -> None:
            rows, columns = tile
            part = gram[tile] / total
            part -= np.outer(self.mean[rows], self.mean[columns])
            A[tile] = part / np.outer(self.scale[rows], self.scale[columns])

        run_blocks(work, lower_tiles(spans(len(A))), n_jobs)
        A.flat[:: len(A) + 1] += alpha
        return cholesky_in_place(A, n_jobs)


def streamed_ridge(
    sums: RowSums,
    tasks: Sequence[slice],
    alphas: Sequence[float],
    *,
    intercept: bool,
    standardize: bool,
    n_jobs: int | None,
) -> RidgeChoice:
    r"""For each task, whose columns of the targets are a slice, the ridge whose generalised error is least.

    With ``n`` the total weight, the error is ``|Y - X W - b|^2 / n / (1 - (trace H + 1) / n)^2`` for the hat
    matrix H (Golub, Heath & Wahba 1979, "Generalized cross-validation", equation 1.4). Its trace is exact for
    up to 1024 features and estimated from 64 vectors of random signs beyond (Hutchinson 1990). A single alpha
    is taken as it is.

    Raises
    ------
    ValueError
        Where every alpha is lost beside the rounding of the features' products.
    """
    with threadpool_limits(1, user_api="blas"):
        return _chosen(_prepared(sums, intercept, standardize), tasks, alphas, n_jobs)


def _prepared(sums: RowSums, intercept: bool, standardize: bool) -> _Ridge:
    n = sums.total
    mean = sums.sums / n if intercept else np.zeros_like(sums.sums)
    target_mean = sums.target_sums / n if intercept else np.zeros_like(sums.target_sums)
    square = sums.gram.diagonal() / n
    variance = square - mean**2
    noise = 10 * np.finfo(sums.gram.dtype).eps * square
    scale = np.sqrt(np.where(variance > noise, variance, 1.0)) if standardize else np.ones(len(mean))
    cross = (sums.cross / n - np.outer(mean, target_mean)) / scale[:, None]
    return _Ridge(sums, mean, scale, cross, sums.squares / n - target_mean**2, intercept)


def _chosen(ridge: _Ridge, tasks: Sequence[slice], alphas: Sequence[float], n_jobs) -> RidgeChoice:
    errors = np.full((len(alphas), len(tasks)), np.nan)
    W, alpha = np.zeros_like(ridge.cross), np.zeros(len(tasks))
    best = np.full(len(tasks), np.inf)
    for i, one in enumerate(alphas):
        try:
            L = ridge.factor(one, n_jobs)
        except LinAlgError:
            continue
        V, columns = _solved(L, ridge, one, judge=len(alphas) > 1)
        errors[i] = [columns[task].sum() for task in tasks]
        for t in np.flatnonzero(errors[i] < best):
            best[t], alpha[t], W[:, tasks[t]] = errors[i, t], one, V[:, tasks[t]]
    if np.isinf(best).any():
        raise ValueError(
            f"alphas={list(alphas)} are too small: the features depend on each other up to rounding in "
            f"{ridge.sums.gram.dtype}; give a larger one"
        )
    sums, W = ridge.sums, W / ridge.scale[:, None]
    if not ridge.intercept:
        return RidgeChoice(W, np.zeros(W.shape[1]), alpha, errors)
    b = sums.target_origin + sums.target_sums / sums.total - (sums.origin + ridge.mean) @ W
    return RidgeChoice(W, b, alpha, errors)


def _solved(L: np.ndarray, ridge: _Ridge, alpha: float, *, judge: bool) -> tuple[np.ndarray, np.ndarray]:
    """Weights (p, P), and each column's generalised error (P,), or zeros where it is not wanted."""
    P = ridge.cross.shape[1]
    probes = _probes(len(L)) if judge else np.empty((len(L), 0))
    half = solve_triangular(L, np.hstack([ridge.cross, probes]), lower=True, check_finite=False)
    W = solve_triangular(L, half[:, :P], lower=True, trans=1, check_finite=False)
    if not judge:
        return W, np.zeros(P)
    freedom = len(L) - alpha * np.square(half[:, P:]).sum() + ridge.intercept
    left = ridge.squares - np.square(half[:, :P]).sum(axis=0) - alpha * np.square(W).sum(axis=0)
    return W, np.maximum(left, 0.0) / max(1.0 - freedom / ridge.sums.total, TINY) ** 2


def _probes(p: int) -> np.ndarray:
    """Vectors as columns, whose sum of ``z z'`` is about the identity (p, p)."""
    if p <= EXACT:
        return np.eye(p)
    return np.random.default_rng(0).choice([-1.0, 1.0], (p, PROBES)) / np.sqrt(PROBES)
