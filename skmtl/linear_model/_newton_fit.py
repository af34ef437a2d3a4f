"""Proximal Newton fits: which they suit, and how they start and end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..couplings import EntryNorm, Penalty, RowNorm
from ..solvers import selective_newton
from ._options import FitData, FitOptions, Solution
from ._row_newton import RowNewtonProblem

USUAL_STEPS = 1000


def newton_fits(data: FitData, penalties: Sequence[Penalty], options: FitOptions) -> bool:
    """Whether to take Newton steps: asked for, or left open and faster than gradients."""
    if options.solver != "auto":
        return options.solver == "proximal-newton"
    return not data.loss.quadratic and _sparse(penalties)


def _sparse(penalties: Sequence[Penalty]) -> bool:
    return len(penalties) == 1 and isinstance(penalties[0], RowNorm | EntryNorm)


def fit_newton(
    data: FitData, penalties: Sequence[Penalty], options: FitOptions, intercepts: np.ndarray
) -> Solution:
    """Minimise from the model of intercepts (P,) alone until the relative duality gap is at most ``tol``."""
    null = data.loss.image(np.zeros(data.loss.shape), intercepts)
    problem = RowNewtonProblem(data.loss, penalties[0], options.alpha, data.loss.value(null))
    start = np.concatenate([np.zeros(data.loss.shape).ravel(), intercepts])
    result = selective_newton(problem, start, tol=options.tol, max_iter=options.steps(USUAL_STEPS))
    W, b = problem.weights(result.x)
    value = problem.objective(result.x, problem.image(result.x))
    ended = result.n_iter, result.converged, result.certificate.gap
    return Solution([W], b, value, result.certificate.residual, "duality gap", *ended)
