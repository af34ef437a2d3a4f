"""Fits by descent over rows of W: squared loss, penalties of rows, of entries, of whole tasks."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ..couplings import EntryNorm, Penalty, RowMax, RowNorm, TaskNorm
from ..solvers import (
    PartPrices,
    SharedGram,
    TaskGrams,
    TaskResiduals,
    row_descent,
    row_problem,
    task_row_descent,
)
from ._options import FitData, FitOptions, Solution, Start
from ._products import squared_products, task_blocks

USUAL_SWEEPS = 10_000
# What the prices of the penalties are called there, and the penalties that it serves, alone or together.
NAMES = {RowNorm: "rows", RowMax: "rows", EntryNorm: "entries", TaskNorm: "tasks"}
SERVED = [[RowNorm], [EntryNorm], [RowNorm, EntryNorm], [RowMax, EntryNorm], [RowNorm, TaskNorm]]


def row_prices(penalties: tuple[Penalty, ...], alpha: float) -> PartPrices | None:
    """The penalties as descent over rows knows them; None where it does not."""
    kinds = [type(penalty) for penalty in penalties]
    if not set(kinds) <= set(NAMES) or kinds not in SERVED:
        return None
    ridge = sum(penalty.ridge for penalty in penalties)
    without_norm = not all(penalty.weight for penalty in penalties)  # a ridge alone has no dual ball
    if without_norm or (len(kinds) > 1 and ridge):
        return None
    named = {NAMES[kind]: alpha * penalty.weight for kind, penalty in zip(kinds, penalties, strict=True)}
    return PartPrices(**named, ridge=alpha * ridge, peak=RowMax in kinds)


def fit_rows(
    data: FitData, penalties: tuple[Penalty, ...], options: FitOptions, start: Start | None
) -> Solution | None:
    """The minimum, or None where the loss, the penalties or the size of the data ask for another solver."""
    prices = row_prices(penalties, options.alpha)
    plain = data.loss.shrinkage is None and data.mask is None
    if prices is None or not (data.loss.quadratic and plain):
        return None
    if data.plain_regression and len(penalties) == 1 and np.isfinite(prices.rows):
        return _shared_rows(data, prices, options, start)
    parts = _starting_parts(data, prices, len(penalties), start)
    state = _state(data, parts, whole_tasks=bool(np.isfinite(prices.tasks)))
    return None if state is None else _task_rows(*state, prices, len(penalties), options)


def _shared_rows(data: FitData, prices: PartPrices, options: FitOptions, start: Start | None) -> Solution:
    """Joint sparsity on a complete, shared X."""
    X, Y, means, prepared = data.once(weighted_rows)
    result = row_descent(
        X,
        Y,
        prices.rows,
        prices.ridge,
        tol=options.tol,
        max_iter=options.steps(USUAL_SWEEPS),
        start=None if start is None else start.W,
        prepared=prepared,
    )
    return _solution([result.W], means, result)


def weighted_rows(data: FitData):
    """Weighted, centred X and Y of a plain regression, the means of Y, and ``row_problem`` of the two."""
    w, X, Y = data.weight[:, 0], data.X, data.targets.values
    means = np.zeros(Y.shape[1], Y.dtype)
    if data.loss.intercept:
        means = (w @ Y) / w.sum()
        X, Y = X - data.loss.design.mean, Y - means
    root = np.sqrt(w)[:, None]
    X, Y = np.multiply(X, root, out=None if X is data.X else X), Y * root
    return X, Y, means, row_problem(X, Y)


def _starting_parts(data: FitData, prices: PartPrices, n_parts: int, start: Start | None) -> np.ndarray:
    """The parts (2, d, T), shared and own, that a descent begins with."""
    parts = np.zeros((2, *data.loss.shape))
    if start is None:
        return parts
    if n_parts == len(start.parts) == 2:
        parts[:] = start.parts
    else:
        parts[0 if np.isfinite(prices.rows) else 1] = start.W
    return parts


def _task_rows(state, means, prices: PartPrices, n_parts: int, options: FitOptions) -> Solution:
    result = task_row_descent(state, prices, tol=options.tol, max_iter=options.steps(USUAL_SWEEPS))
    used = list(result.parts) if n_parts == 2 else [result.parts.sum(axis=0)]
    return _solution(used, means(sum(used)), result)


def _solution(parts: list[np.ndarray], b: np.ndarray, result) -> Solution:
    ended = result.value, result.residual, "duality gap", result.n_iter, result.converged, result.gap
    return Solution(parts, b, *ended)


def _state(data: FitData, parts: np.ndarray, *, whole_tasks: bool):
    """The squared loss for ``task_row_descent``, and the intercepts (P,) that go with weights (d, P)."""
    products = data.once(squared_products)
    if products is not None:
        *numbers, intercepts = products
        form = SharedGram if products.grams.shape[2] == 1 else TaskGrams
        return form(*numbers, parts), intercepts
    if data.targets.form == "rows" and not sp.issparse(data.X) and not whole_tasks:
        X, y, means = data.once(residual_rows)
        return TaskResiduals(X, y, data.loss.design.bounds, parts), lambda W: means
    return None


def residual_rows(data: FitData) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted, centred rows of tasks that own theirs: X in Fortran order, y, and the means of y."""
    X, y = np.empty(data.X.shape, order="F"), np.empty(len(data.X))
    means = np.empty(data.loss.shape[1])
    for t, (rows, block) in enumerate(task_blocks(data, data.loss.intercept)):
        root = np.sqrt(block.w)
        X[rows], y[rows] = np.concatenate(list(block.weighted_rows())), block.Y[:, 0] * root
        means[t] = block.means[0]
    return X, y, means
