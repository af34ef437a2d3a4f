"""Fits by descent over rows of W: squared loss, penalties of rows, of entries, of whole tasks."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ..couplings import EntryNorm, Penalty, RowMax, RowNorm, TaskNorm
from ..solvers import PartPrices, SharedGram, TaskGrams, TaskResiduals, row_descent, task_row_descent
from ._options import FitData, FitOptions, Solution
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
    without_norm = not any(penalty.weight for penalty in penalties)  # a ridge alone has no dual ball
    if without_norm or (len(kinds) > 1 and ridge):
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
    products, start = squared_products(data, intercept), np.zeros((2, *data.loss.shape))
    if products is not None:
        *numbers, intercepts = products
        form = SharedGram if products.grams.shape[2] == 1 else TaskGrams
        return form(*numbers, start), intercepts
    if data.targets.form == "rows" and not sp.issparse(data.X) and not whole_tasks:
        return _residual_state(data, intercept, start)
    return None


def _residual_state(data: FitData, intercept: bool, start: np.ndarray):
    X, y, means = np.empty(data.X.shape, order="F"), np.empty(len(data.X)), np.empty(start.shape[2])
    for t, (rows, block) in enumerate(task_blocks(data, intercept)):
        root = np.sqrt(block.w)
        X[rows], y[rows] = block.X * root[:, None], block.Y[:, 0] * root
        means[t] = block.means[0]
    return TaskResiduals(X, y, data.loss.design.bounds, start), lambda W: means
