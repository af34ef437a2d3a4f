"""Fits with a proximal coupling: from the model of intercepts alone to a certified minimum."""

from __future__ import annotations

import numpy as np

from ..couplings import Penalty, ProximalCoupling, RowNorm
from ..design import tasks_of_columns
from ..solvers import newton_cg, proximal_gradient, row_descent, row_problem
from ._composite import CompositeProblem
from ._data import DataLoss
from ._options import FitData, FitOptions, Solution, Start
from ._problem import JointProblem
from ._summary import summarise

SOLVERS = ("proximal-gradient", "block-descent")
USUAL_STEPS = 10_000


def fit_proximal(
    data: FitData, coupling: ProximalCoupling, options: FitOptions, start: Start | None = None
) -> Solution:
    """Minimise until the duality gap, relative to the model without features, is at most ``tol``."""
    if options.solver not in ("auto", *SOLVERS):
        raise ValueError(
            f"solver={options.solver!r} needs a quadratic coupling, but {coupling!r} has no gradient; use "
            "solver='proximal-gradient' or 'auto'"
        )
    penalties = coupling.penalties(tasks_of_columns(data.families))
    by_rows = data.plain_regression and [type(penalty) for penalty in penalties] == [RowNorm]
    if options.solver == "block-descent" and not by_rows:
        raise ValueError(
            "solver='block-descent' needs JointSparsity and the squared loss on a dense X that all tasks "
            f"share, complete and equally weighted, got {coupling!r}; use 'proximal-gradient' or 'auto'"
        )
    # without its norm the rows' dual problem has no feasible point but the exact solution
    smooth = by_rows and not penalties[0].weight and options.solver == "auto"
    if options.solver == "proximal-gradient" or not by_rows or smooth:
        return _by_gradient(data, penalties, options, start)
    return _by_rows(data, penalties[0], options, start)


def _by_rows(data: FitData, penalty: RowNorm, options: FitOptions, start: Start | None) -> Solution:
    X, Y, means, prepared = data.once(weighted_rows)
    result = row_descent(
        X,
        Y,
        options.alpha * penalty.weight,
        options.alpha * penalty.ridge,
        tol=options.tol,
        max_iter=options.steps(USUAL_STEPS),
        start=None if start is None else start.W,
        prepared=prepared,
    )
    return Solution(
        [result.W],
        means,
        result.value,
        result.residual,
        "duality gap",
        result.n_iter,
        result.converged,
        result.gap,
    )


def _by_gradient(
    data: FitData, penalties: tuple[Penalty, ...], options: FitOptions, start: Start | None
) -> Solution:
    loss, origin, bounds = data.once(smallest_loss)
    problem = CompositeProblem(loss, penalties, options.alpha, origin, bounds)
    x = problem.origin if start is None else problem.vector(_split(start, len(penalties)), start.b)
    result = proximal_gradient(problem, x, tol=options.tol, max_iter=options.steps(USUAL_STEPS))
    parts, b = problem.parts(result.x)
    residual, gap = result.certificate
    return Solution(
        list(parts),
        b,
        problem.objective(result.x, problem.image(result.x)),
        residual,
        "proximal step" if gap is None else "duality gap",
        result.n_iter,
        result.converged,
        gap,
    )


def weighted_rows(data: FitData):
    """Weighted, centred X and Y of a plain regression, the means of Y, and ``row_problem`` of the two."""
    w, X, Y = data.weight[:, 0], data.X, data.targets.values
    means = np.zeros(Y.shape[1])
    if data.loss.intercept:
        means = (w @ Y) / w.sum()
        X, Y = X - data.loss.design.mean, Y - means
    root = np.sqrt(w)[:, None]
    X, Y = X * root, Y * root
    return X, Y, means, row_problem(X, Y)


def smallest_loss(data: FitData) -> tuple[DataLoss, np.ndarray, tuple[float, float]]:
    """The data or their summary, whichever is smaller; the best intercepts alone; bounds of curvature."""
    summary = summarise(data, data.loss.intercept)
    loss, origin = (data.loss, null_intercepts(data)) if summary is None else summary
    return loss, origin, loss.curvature_bound()


def null_intercepts(data: FitData) -> np.ndarray:
    """The best intercepts (P,) without any feature."""
    problem = JointProblem(data.null, data.families, 1.0)
    x = problem.start()
    if not data.loss.intercept:
        return x
    scale = float(np.abs(problem.value_gradient(x)[1]).max())
    return newton_cg(problem, x, tol=1e-12, max_iter=100, gradient_scale=scale).x


def _split(start: Start, n_parts: int) -> list[np.ndarray]:
    """The parts of a start, for a coupling that may split W in another number of them."""
    if len(start.parts) == n_parts:
        return start.parts
    return [start.W] + [np.zeros_like(start.W)] * (n_parts - 1)
