"""Fits with a proximal coupling: from the model of intercepts alone to a certified minimum."""

from __future__ import annotations

import numpy as np

from ..couplings import Penalty, ProximalCoupling
from ..design import tasks_of_columns
from ..solvers import newton_cg, proximal_gradient
from ._composite import CompositeProblem
from ._options import FitData, FitOptions, Solution
from ._problem import JointProblem
from ._row_fit import fit_rows
from ._summary import summarise

SOLVERS = ("proximal-gradient", "block-descent")
USUAL_STEPS = 10_000


def fit_proximal(data: FitData, coupling: ProximalCoupling, options: FitOptions) -> Solution:
    """Minimise until the duality gap, relative to the model without features, is at most ``tol``."""
    if options.solver not in ("auto", *SOLVERS):
        raise ValueError(
            f"solver={options.solver!r} needs a quadratic coupling, but {coupling!r} has no gradient; use "
            "solver='proximal-gradient' or 'auto'"
        )
    penalties = coupling.penalties(tasks_of_columns(data.families))
    found = None if options.solver == "proximal-gradient" else fit_rows(data, penalties, options)
    if found is None and options.solver == "block-descent":
        raise ValueError(
            "solver='block-descent' needs the squared loss with JointSparsity, ElementwiseSparsity, Dirty or "
            "OutlierTasks, and so few features that their products, for each task, are no more numbers than "
            f"X has; got {coupling!r} and {data.X.shape[1]} features; use 'proximal-gradient' or 'auto'"
        )
    return _by_gradient(data, penalties, options) if found is None else found


def _by_gradient(data: FitData, penalties: tuple[Penalty, ...], options: FitOptions) -> Solution:
    summary = summarise(data, options.fit_intercept)
    loss = data.loss if summary is None else summary
    origin = _null_intercepts(data, options) if summary is None else np.zeros(data.loss.shape[1])
    problem = CompositeProblem(loss, penalties, options.alpha, origin)
    result = proximal_gradient(problem, problem.origin, tol=options.tol, max_iter=options.steps(USUAL_STEPS))
    parts, b = problem.parts(result.x)
    b = b if summary is None else summary.intercepts(parts.sum(axis=0))
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


def _null_intercepts(data: FitData, options: FitOptions) -> np.ndarray:
    """The best intercepts (P,) without any feature."""
    problem = JointProblem(data.null, data.families, options.alpha)
    x = problem.start()
    if not options.fit_intercept:
        return x
    scale = float(np.abs(problem.value_gradient(x)[1]).max())
    return newton_cg(problem, x, tol=1e-12, max_iter=100, gradient_scale=scale).x
