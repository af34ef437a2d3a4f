"""Fits with a proximal coupling: from the model of intercepts alone to a certified minimum."""

from __future__ import annotations

import numpy as np

from ..couplings import ProximalCoupling
from ..design import tasks_of_columns
from ..solvers import newton_cg, proximal_gradient
from ._composite import CompositeProblem
from ._options import FitData, FitOptions, Solution
from ._problem import JointProblem

SOLVERS = ("proximal-gradient",)
USUAL_STEPS = 10_000


def fit_proximal(data: FitData, coupling: ProximalCoupling, options: FitOptions) -> Solution:
    """Minimise until the duality gap, relative to the model without features, is at most ``tol``."""
    if options.solver not in ("auto", *SOLVERS):
        raise ValueError(
            f"solver={options.solver!r} needs a quadratic coupling, but {coupling!r} has no gradient; use "
            "solver='proximal-gradient' or 'auto'"
        )
    penalties = coupling.penalties(tasks_of_columns(data.families))
    problem = CompositeProblem(data.loss, penalties, options.alpha, _null_intercepts(data, options))
    result = proximal_gradient(problem, problem.origin, tol=options.tol, max_iter=options.steps(USUAL_STEPS))
    parts, b = problem.parts(result.x)
    objective = problem.objective(result.x, problem.image(result.x))
    residual, gap = result.certificate
    measure = "proximal step" if gap is None else "duality gap"
    return Solution(list(parts), b, objective, residual, measure, result.n_iter, result.converged, gap)


def _null_intercepts(data: FitData, options: FitOptions) -> np.ndarray:
    """The best intercepts (P,) without any feature."""
    problem = JointProblem(data.null, data.families, options.alpha)
    x = problem.start()
    if not options.fit_intercept:
        return x
    scale = float(np.abs(problem.value_gradient(x)[1]).max())
    return newton_cg(problem, x, tol=1e-12, max_iter=100, gradient_scale=scale).x
