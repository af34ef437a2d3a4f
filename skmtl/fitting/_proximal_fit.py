"""Fits with a proximal coupling: from the model of intercepts alone to a certified minimum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..couplings import Penalty, ProximalCoupling
from ..design import tasks_of_columns
from ..solvers import newton_cg, proximal_gradient
from ._composite import CompositeProblem
from ._data import DataLoss
from ._intercepts import joint_problem
from ._newton_fit import certified, fit_newton, newton_fits
from ._options import FitData, FitOptions, Solution, Start, split_start
from ._row_fit import fit_rows
from ._smoothing import newton_by_smoothing, proximal_by_smoothing
from ._summary import SquaredSummary, summarise

SOLVERS = ("proximal-gradient", "proximal-newton", "block-descent")
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
    found = None
    if options.solver in ("auto", "block-descent"):
        found = fit_rows(data, penalties, options, start)
    if found is None and options.solver == "block-descent":
        raise ValueError(
            "solver='block-descent' needs the squared loss with JointSparsity, ElementwiseSparsity, Dirty or "
            "OutlierTasks, and so few features that their products, for each task, are no more numbers than "
            f"X has, without feature_mask and intercept_penalty; got {coupling!r} and {data.X.shape[1]} "
            "features; use 'proximal-gradient' or 'auto'"
        )
    if found is not None:
        return found
    if newton_fits(data, coupling, penalties, options):
        return fit_newton(data, penalties, options, data.once(null_intercepts), start)
    return by_gradient(data, penalties, options, start)


def by_gradient(
    data: FitData, penalties: Sequence[Penalty], options: FitOptions, start: Start | None
) -> Solution:
    """Accelerated proximal gradient on the rows, or on their summary where that is smaller."""
    loss, origin, bounds = data.once(smallest_loss)
    problem = CompositeProblem(loss, penalties, options.alpha, origin, bounds)
    x = problem.origin if start is None else problem.vector(split_start(start, len(penalties)), start.b)
    limits = {"tol": options.tol, "max_iter": options.steps(USUAL_STEPS)}
    if loss.kinked:
        result = proximal_by_smoothing(problem, x, **limits)
        parts, b = problem.parts(result.x)
        ended = result.value, result.residual, "duality gap", result.n_iter, result.converged, result.gap
        return Solution(list(parts), b, *ended)
    result = proximal_gradient(problem, x, **limits)
    parts, b = problem.parts(result.x)
    b = b if loss is data.loss else loss.intercepts(parts.sum(axis=0))
    return certified(problem, result, parts, b)


def smallest_loss(data: FitData) -> tuple[DataLoss | SquaredSummary, np.ndarray, tuple[float, float]]:
    """The data or their summary, whichever is smaller; the best intercepts alone; bounds of curvature."""
    summary = data.once(summarise)
    loss = data.loss if summary is None else summary
    origin = null_intercepts(data) if summary is None else np.zeros(loss.shape[1])
    return loss, origin, loss.curvature_bound()


def null_intercepts(data: FitData) -> np.ndarray:
    """The best intercepts (P,) without any feature."""
    problem = joint_problem(data.null, data.families, 1.0)
    if not data.loss.intercept:
        return problem.start()
    x = problem.start(data.null.start())
    if data.null.flat:
        return newton_by_smoothing(problem, x, tol=1e-9, max_iter=200).x
    scale = float(np.abs(problem.value_gradient(problem.start())[1]).max())
    return newton_cg(problem, x, tol=1e-12, max_iter=100, gradient_scale=scale).x
