"""Fits with a concave coupling: a convex problem for each tangent, down to a stationary point."""

from __future__ import annotations

import numpy as np

from ..couplings import ConcaveCoupling
from ..solvers import proximal_gradient
from ._composite import CompositeProblem
from ._options import FitData, FitOptions, Solution
from ._proximal_fit import USUAL_STEPS, smallest_loss

SOLVERS = ("proximal-gradient",)
# How much closer than the stationary point was each tangent's own minimum is looked for.
INNER = 0.1


def fit_concave(data: FitData, coupling: ConcaveCoupling, options: FitOptions) -> Solution:
    """Take the tangent at the weights, minimise, and again, until a proximal step does not move them.

    The first tangent is that at zero, the convex relative. A tangent lies above the penalty and touches it,
    so the objective falls from one minimum to the next. What ``tol`` bounds is the length of a proximal step
    of the tangent at the solution: zero exactly at the stationary points.
    """
    if options.solver not in ("auto", *SOLVERS):
        raise ValueError(
            f"solver={options.solver!r} cannot serve {coupling!r}, which is neither quadratic nor convex; "
            "use solver='proximal-gradient' or 'auto'"
        )
    coupling.check()
    loss, origin, bounds = data.once(smallest_loss)
    problem = CompositeProblem(loss, (coupling.tangent(np.zeros(loss.shape), options.alpha),),
                               options.alpha, origin, bounds)  # fmt: skip
    x, n_iter, left = problem.origin, 0, options.steps(USUAL_STEPS)
    while True:
        residual = problem.certificate(x, problem.image(x)).residual
        if residual <= options.tol or left <= 0:
            break
        goal = max(INNER * residual, 0.5 * options.tol)
        result = proximal_gradient(problem, x, tol=goal, max_iter=left)
        x, n_iter, left = result.x, n_iter + result.n_iter, left - max(result.n_iter, 1)
        problem.penalties = (coupling.tangent(problem.parts(x)[0][0], options.alpha),)
    parts, b = problem.parts(x)
    value = loss.value(problem.image(x)) + options.alpha * coupling.value(parts[0], options.alpha)
    b = b if loss is data.loss else loss.intercepts(parts[0])
    ended = value, residual, "proximal step", n_iter, bool(residual <= options.tol)
    return Solution(list(parts), b, *ended)
