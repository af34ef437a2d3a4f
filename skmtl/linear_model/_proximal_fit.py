"""Fits with a proximal coupling: from the model of intercepts alone to a certified minimum."""

from __future__ import annotations

import numpy as np

from ..couplings import Penalty, ProximalCoupling, RowNorm
from ..design import tasks_of_columns
from ..solvers import newton_cg, proximal_gradient, row_descent
from ._composite import CompositeProblem
from ._options import FitData, FitOptions, Solution
from ._problem import JointProblem
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
    by_rows = data.plain_regression and [type(penalty) for penalty in penalties] == [RowNorm]
    if options.solver == "block-descent" and not by_rows:
        raise ValueError(
            "solver='block-descent' needs JointSparsity and the squared loss on a dense X that all tasks "
            f"share, complete and equally weighted, got {coupling!r}; use 'proximal-gradient' or 'auto'"
        )
    if options.solver == "proximal-gradient" or not by_rows:
        return _by_gradient(data, penalties, options)
    return _by_rows(data, penalties[0], options)


def _by_rows(data: FitData, penalty: RowNorm, options: FitOptions) -> Solution:
    X, Y, means = data.centred(options.fit_intercept)
    root = np.sqrt(data.weight[:, :1])
    result = row_descent(
        X * root,
        Y * root,
        options.alpha * penalty.weight,
        options.alpha * penalty.ridge,
        tol=options.tol,
        max_iter=options.steps(USUAL_STEPS),
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


def _by_gradient(data: FitData, penalties: tuple[Penalty, ...], options: FitOptions) -> Solution:
    summary = summarise(data, options.fit_intercept)
    loss, origin = (data.loss, _null_intercepts(data, options)) if summary is None else summary
    problem = CompositeProblem(loss, penalties, options.alpha, origin)
    result = proximal_gradient(problem, problem.origin, tol=options.tol, max_iter=options.steps(USUAL_STEPS))
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


def _null_intercepts(data: FitData, options: FitOptions) -> np.ndarray:
    """The best intercepts (P,) without any feature."""
    problem = JointProblem(data.null, data.families, options.alpha)
    x = problem.start()
    if options.fit_intercept:
        scale = problem.gradient_scale(x)
        x = newton_cg(problem, x, tol=1e-12, max_iter=100, gradient_scale=scale).x
    return x[-1]
