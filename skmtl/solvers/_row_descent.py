"""Squared loss with joint sparsity: block coordinate descent on working sets, to a duality gap."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from ._anderson import Anderson
from ._precision import Patience, noise
from ._row_states import Products, Residuals

SWEEPS_BETWEEN_CHECKS = 4
# How often a sweep goes over a block of features before it turns to the next.
PASSES = 2
# A working set holds the features in use, this share more of them, and this many besides.
MARGIN, BESIDES = 0.3, 128
# How much smaller than the whole problem's the gap on a working set must become.
INNER = 0.3


class RowResult(NamedTuple):
    """Where ``row_descent`` stopped; ``residual`` is the gap over the value at zero."""

    W: np.ndarray
    value: float
    gap: float
    residual: float
    n_iter: int
    converged: bool


def row_problem(X: np.ndarray, Y: np.ndarray) -> Residuals | Products:
    """What ``row_descent`` needs of the data (n, d), (n, T): made once for many weights."""
    n, d = X.shape
    W = np.zeros((d, Y.shape[1]), X.dtype)
    if d > n:
        return Residuals(np.asfortranarray(X), Y, W)
    return Products(X.T @ X, X.T @ Y, float(np.vdot(Y, Y)), W)


def row_descent(
    X, Y, weight: float, ridge: float, *, tol: float, max_iter: int, start=None, prepared=None
) -> RowResult:
    r"""Minimise ``|Y - X W|_F^2 / 2 + weight * sum_j |w_j| + ridge / 2 * |W|_F^2`` over W (d, T).

    Working sets of the features with the smallest distance to entering (Massias, Gramfort & Salmon 2018,
    "Celer"), gap-safe screening of the others (Ndiaye et al. 2017), and in each set coordinate descent over
    rows, block after block: a block's rows are solved in the cache, and all blocks meet in matrix products.

    Parameters
    ----------
    X : (n, d) float
    Y : (n, T), of X's dtype
    weight : float >= 0
    ridge : float >= 0
    tol : float
        Bounds the duality gap over ``|Y|_F^2 / 2``.
    max_iter : int
        Bounds the sweeps over working sets.
    start : (d, T) float64, optional
        Weights near the solution, as of a weight near this one; zero by default.
    prepared : optional
        ``row_problem(X, Y)``, so that a path makes it once; the weights in it are replaced.
    """
    whole = row_problem(X, Y) if prepared is None else prepared
    whole.W = W = np.zeros((X.shape[1], Y.shape[1]), X.dtype) if start is None else start.copy()
    if start is not None or prepared is not None:
        whole.refresh()
    descend = _descent(weight, ridge)
    null = max(0.5 * float(np.vdot(Y, Y)), np.finfo(float).tiny)
    n_iter, patience = 0, Patience(X.dtype)
    while True:
        gap = RowGap(whole, weight, ridge)
        if gap.gap <= tol * null or n_iter >= max_iter or patience.over(gap.gap):
            return RowResult(W, gap.value, gap.gap, gap.gap / null, n_iter, bool(gap.gap <= tol * null))
        chosen = _working_set(gap)
        goal = max(INNER * gap.gap, 0.5 * tol * null)
        part = whole.restrict(chosen) if len(chosen) < len(W) else whole
        n_iter += _descend(part, descend, weight, ridge, goal, max_iter - n_iter)
        W[chosen] = part.W
        whole.refresh()


def _descend(part, descend: Callable, weight: float, ridge: float, goal: float, max_iter: int) -> int:
    """Sweep until the gap is at most ``goal``, extrapolating now and then; how often."""
    memory, patience = Anderson(SWEEPS_BETWEEN_CHECKS), Patience(part.W.dtype)
    n_iter = 0
    while n_iter < max_iter:
        n_iter += 1
        part.sweep(descend)
        memory.note(part)
        if memory.full:
            memory.advance(part, lambda: _value(part, weight, ridge))
            gap = RowGap(part, weight, ridge).gap
            if gap <= goal or patience.over(gap):
                break
    return n_iter


def _value(state: Residuals | Products, weight: float, ridge: float) -> float:
    squares = np.einsum("jt,jt->j", state.W, state.W)
    return 0.5 * state.sums()[0] + weight * float(np.sqrt(squares).sum()) + 0.5 * ridge * float(squares.sum())


def _descent(weight: float, ridge: float) -> Callable:
    """The kernel with its numbers filled in; loaded late, so that predicting needs no numba."""
    from ..kernels.rows import descend_block

    return partial(descend_block, weight=weight, ridge=ridge, passes=PASSES)


class RowGap:
    """The duality gap at a state, and what it says of each feature.

    The ridge is as good as d more rows ``sqrt(ridge) I`` of X with targets of zero: the dual point is the
    residual of the longer problem, scaled to be feasible.
    """

    def __init__(self, state: Residuals | Products, weight: float, ridge: float):
        W = state.W
        self.used = W.any(axis=1)
        slopes = state.slopes() - ridge * W if ridge else state.slopes()
        norms = np.sqrt(np.einsum("jt,jt->j", slopes, slopes))
        square, product = state.sums()
        square += ridge * float(np.vdot(W, W))
        lengths = np.sqrt(np.einsum("jt,jt->j", W[self.used], W[self.used]))
        self.value = 0.5 * square + weight * float(lengths.sum())
        largest = norms.max(initial=0.0)
        scale = 1.0 if largest <= weight else float(weight / largest)
        gap = float(self.value - scale * product + 0.5 * scale**2 * square)
        self.gap = max(gap, 0.0) + noise(square, W.dtype)
        reach = np.sqrt(state.squares + ridge)
        self.distance = (weight - scale * norms) / np.where(reach > 0, reach, np.inf)

    def unsettled(self) -> np.ndarray:
        """Features that may differ from zero at the minimum: the gap bounds the dual point's distance."""
        return np.flatnonzero((self.distance <= np.sqrt(2.0 * self.gap)) | self.used)


def _working_set(gap: RowGap) -> np.ndarray:
    """The features in use and the nearest others, in their order."""
    candidates = gap.unsettled()
    size = BESIDES + int((1.0 + MARGIN) * np.count_nonzero(gap.used))
    if len(candidates) <= size:
        return candidates
    distance = np.where(gap.used, -np.inf, gap.distance)[candidates]
    return np.sort(candidates[np.argpartition(distance, size)[:size]])
