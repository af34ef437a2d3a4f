"""Fits by descent over rows of W: squared loss, penalties of rows and of entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from ..couplings import EntryNorm, Penalty, RowMax, RowNorm, TaskNorm
from ..solvers import PartPrices, SharedGram, TaskGrams, TaskResiduals, row_descent, task_row_descent
from ._options import FitData, FitOptions, Solution

USUAL_SWEEPS = 10_000
# Numbers that second derivatives may always take, however small the data are: 8 MB.
SMALL = 1_000_000


# What the prices of the penalties are called there, and the penalties that it serves, alone or together.
NAMES = {RowNorm: "rows", RowMax: "rows", EntryNorm: "entries", TaskNorm: "tasks"}
SERVED = [[RowNorm], [EntryNorm], [RowNorm, EntryNorm], [RowMax, EntryNorm], [RowNorm, TaskNorm]]


class Block(NamedTuple):
    """Labels Y (n, c) of some tasks on the same rows X (n, d) with weights w (n,).

    Where intercepts are fitted, the weighted means have been taken from Y, and from X unless it is sparse.
    """

    X: np.ndarray
    Y: np.ndarray
    w: np.ndarray
    mean: np.ndarray
    means: np.ndarray

    @property
    def gram(self) -> np.ndarray:
        """``X' diag(w) X`` less the mean's part."""
        if not sp.issparse(self.X):
            scaled = self.X * np.sqrt(self.w)[:, None]
            return scaled.T @ scaled
        product = (self.X.T @ self.X.multiply(self.w[:, None])).toarray()
        return product - self.w.sum() * np.outer(self.mean, self.mean)

    @property
    def moment(self) -> np.ndarray:
        """``X' diag(w) Y`` (d, c); Y is centred, so that X need not be."""
        return self.X.T @ (self.w[:, None] * self.Y)

    @property
    def square(self) -> float:
        return float(np.vdot(self.Y, self.w[:, None] * self.Y))


def row_prices(penalties: tuple[Penalty, ...], alpha: float) -> PartPrices | None:
    """The penalties as descent over rows knows them; None where it does not."""
    kinds = [type(penalty) for penalty in penalties]
    if not set(kinds) <= set(NAMES) or kinds not in SERVED:
        return None
    ridge = sum(penalty.ridge for penalty in penalties)
    if len(kinds) > 1 and ridge:
        return None
    named = {NAMES[kind]: alpha * penalty.weight for kind, penalty in zip(kinds, penalties, strict=True)}
    return PartPrices(**named, ridge=alpha * ridge, peak=RowMax in kinds)


def fit_rows(data: FitData, penalties: tuple[Penalty, ...], options: FitOptions) -> Solution | None:
    """The minimum, or None where the loss, the penalties or the size of the data ask for another solver."""
    prices = row_prices(penalties, options.alpha)
    if prices is None or not data.loss.quadratic:
        return None
    if data.plain_regression and len(penalties) == 1 and np.isfinite(prices.rows):
        return _shared_rows(data, prices, options)
    state = _state(data, options.fit_intercept, whole_tasks=bool(np.isfinite(prices.tasks)))
    return None if state is None else _task_rows(*state, prices, len(penalties), options)


def _shared_rows(data: FitData, prices: PartPrices, options: FitOptions) -> Solution:
    """Joint sparsity on a complete, shared X."""
    X, Y, means = data.centred(options.fit_intercept)
    root = np.sqrt(data.weight[:, :1])
    result = row_descent(
        X * root,
        Y * root,
        prices.rows,
        prices.ridge,
        tol=options.tol,
        max_iter=options.steps(USUAL_SWEEPS),
    )
    return _solution([result.W], means, result)


def _task_rows(state, means, prices: PartPrices, n_parts: int, options: FitOptions) -> Solution:
    result = task_row_descent(state, prices, tol=options.tol, max_iter=options.steps(USUAL_SWEEPS))
    used = list(result.parts) if n_parts == 2 else [result.parts.sum(axis=0)]
    return _solution(used, means(sum(used)), result)


def _solution(parts: list[np.ndarray], b: np.ndarray, result) -> Solution:
    ended = result.value, result.residual, "duality gap", result.n_iter, result.converged, result.gap
    return Solution(parts, b, *ended)


def _state(data: FitData, intercept: bool, *, whole_tasks: bool):
    """The squared loss for ``task_row_descent``, and the intercepts (P,) that go with weights (d, P)."""
    d, T = data.loss.shape
    sparse, own = sp.issparse(data.X), data.targets.form == "rows"
    room = max(SMALL, (data.X.nnz if sparse else data.X.size) + data.targets.values.size)
    start = np.zeros((2, d, T))
    if not own and (data.weight == data.weight[:, :1]).all():
        return _shared_state(data, intercept, start) if d * d <= room else None
    if d * d * T <= room:
        return _gram_state(data, intercept, start)
    if own and not sparse and not whole_tasks:
        return _residual_state(data, intercept, start)
    return None


def _shared_state(data: FitData, intercept: bool, start: np.ndarray):
    block = _centred(data.X, data.targets.values, data.weight[:, 0], intercept)
    return SharedGram(block.gram, block.moment, block.square, start), lambda W: block.means


def _gram_state(data: FitData, intercept: bool, start: np.ndarray):
    _, d, T = start.shape
    grams, moments, square, shifts = np.empty((d, d, T)), np.empty((d, T)), 0.0, np.empty((d, T))
    means = np.empty(T)
    for t, block in enumerate(_blocks(data, intercept)):
        grams[:, :, t], moments[:, t] = block.gram, block.moment[:, 0]
        square += block.square
        shifts[:, t], means[t] = block.mean, block.means[0]
    return TaskGrams(grams, moments, square, start), _intercepts(data, intercept, shifts, means)


def _intercepts(data: FitData, intercept: bool, shifts: np.ndarray, means: np.ndarray):
    """Intercepts for X less the design's mean, where the task's own mean has been taken away."""
    if not intercept or data.targets.form == "rows":
        return lambda W: means
    shifts = shifts - data.loss.design.mean[:, None]
    return lambda W: means - np.einsum("jt,jt->t", shifts, W)


def _residual_state(data: FitData, intercept: bool, start: np.ndarray):
    X, y, means = np.empty(data.X.shape, order="F"), np.empty(len(data.X)), np.empty(start.shape[2])
    for t, (rows, block) in enumerate(zip(data.loss.design.groups, _blocks(data, intercept), strict=True)):
        root = np.sqrt(block.w)
        X[rows], y[rows] = block.X * root[:, None], block.Y[:, 0] * root
        means[t] = block.means[0]
    return TaskResiduals(X, y, data.loss.design.bounds, start), lambda W: means


def _blocks(data: FitData, intercept: bool) -> Iterator[Block]:
    """The labels of one task after the other."""
    own = data.targets.form == "rows"
    for t in range(data.loss.shape[1]):
        rows = data.loss.design.groups[t] if own else np.flatnonzero(data.weight[:, t])
        column = 0 if own else t
        Y, w = data.targets.values[rows, column : column + 1], data.weight[rows, column]
        yield _centred(data.X[rows], Y, w, intercept)


def _centred(X, Y: np.ndarray, w: np.ndarray, intercept: bool) -> Block:
    if not intercept:
        return Block(X, Y, w, np.zeros(X.shape[1]), np.zeros(Y.shape[1]))
    mean, means = np.asarray(X.T @ (w / w.sum())).ravel(), np.average(Y, axis=0, weights=w)
    return Block(X if sp.issparse(X) else X - mean, Y - means, w, mean, means)
