"""Proximal Newton fits: which they suit, and how they start and end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from ..couplings import Coupling, EntryNorm, Penalty, RowNorm
from ..solvers import proximal_newton, selective_newton
from ._model_newton import NewtonProblem
from ._options import FitData, FitOptions, Solution, Start, split_start
from ._row_newton import RowNewtonProblem

USUAL_STEPS = 1000
# Products of more features take longer than the gradient steps that they save.
MOST_FEATURES = 100


def newton_fits(data: FitData, coupling: Coupling, penalties: Sequence[Penalty], options: FitOptions) -> bool:
    """Whether to take Newton steps: asked for, or left open and faster than gradients."""
    rowwise = by_rows(penalties)
    if not _is_smooth(data):
        if options.solver == "proximal-newton":
            raise ValueError(
                "solver='proximal-newton' needs float64 features and losses that bend everywhere, without "
                "feature_mask and intercept_penalty; use 'proximal-gradient' or 'auto'"
            )
        return False
    if options.solver != "proximal-newton":
        pays = rowwise or (_has_products(data) and _small(data))
        return options.solver == "auto" and not data.loss.quadratic and pays
    if not rowwise and not _has_products(data):
        raise ValueError(
            "solver='proximal-newton' needs JointSparsity or ElementwiseSparsity, or else a dense X and "
            f"tasks of numbers or two classes, got {coupling!r}; use 'proximal-gradient' or 'auto'"
        )
    return True


def _is_smooth(data: FitData) -> bool:
    """Whether the loss has a second derivative to make steps of, and a formula for their certificate."""
    loss = data.loss
    bends = not (loss.kinked or loss.flat) and all(part.loss.bends for part in loss.parts)
    return bends and loss.shrinkage is None and data.mask is None and loss.dtype == np.float64


def by_rows(penalties: Sequence[Penalty]) -> bool:
    """Whether the coupling is a sum over features."""
    return len(penalties) == 1 and isinstance(penalties[0], RowNorm | EntryNorm)


def _has_products(data: FitData) -> bool:
    """Whether a square of features for each task is all the curvature there is, and can be had."""
    return not sp.issparse(data.X) and all(family.n_columns == 1 for family in data.families)


def _small(data: FitData) -> bool:
    """Whether those squares are together smaller than X, and soon made."""
    d, P = data.loss.shape
    return d * P <= len(data.X) and d <= MOST_FEATURES


def fit_newton(
    data: FitData,
    penalties: Sequence[Penalty],
    options: FitOptions,
    intercepts: np.ndarray,
    start: Start | None,
) -> Solution:
    """Minimise until the relative duality gap is at most ``tol``; intercepts (P,) alone make a gap of 1."""
    selective = by_rows(penalties)
    if selective:
        problem = RowNewtonProblem(data.loss, penalties[0], options.alpha, intercepts)
    else:
        problem = NewtonProblem(data.loss, penalties, options.alpha, intercepts, data.once(_bounds))
    x = problem.origin if start is None else problem.vector(split_start(start, len(penalties)), start.b)
    solve = selective_newton if selective else proximal_newton
    result = solve(problem, x, tol=options.tol, max_iter=options.steps(USUAL_STEPS))
    parts, b = problem.parts(result.x)
    return certified(problem, result, parts, b)


def certified(problem, result, parts: Sequence[np.ndarray], b: np.ndarray) -> Solution:
    """The solution in these parts and intercepts, measured as its certificate is."""
    residual, gap = result.certificate[:2]
    value = problem.objective(result.x, problem.image(result.x))
    measure = "proximal step" if gap is None else "duality gap"
    return Solution(list(parts), b, value, residual, measure, result.n_iter, result.converged, gap)


def _bounds(data: FitData) -> tuple[float, float]:
    return data.loss.curvature_bound()
