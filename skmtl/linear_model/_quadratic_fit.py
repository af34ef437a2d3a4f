"""Fits with a quadratic coupling: pick the solver, alternate over a learned relation."""

from __future__ import annotations

import numpy as np

from ..couplings import QuadraticCoupling
from ..design import Family
from ..solvers import KroneckerRidge, newton_cg
from ._options import FitData, FitOptions, Solution
from ._problem import JointProblem

SOLVERS = ("newton-cg", "closed-form")
USUAL_STEPS = 200


def fit_quadratic(data: FitData, coupling: QuadraticCoupling, options: FitOptions) -> Solution:
    """Solve for the weights and, where the relation is learned, for it in turn until nothing changes.

    The objective is jointly convex and falls at every step.
    """
    exact = _exact_solver(data, coupling, options)
    problem = JointProblem(data.loss, data.families, options.alpha, options.n_jobs)
    C = coupling.covariance(data.targets.n_tasks)
    covariances = [C[np.ix_(family.tasks, family.tasks)] for family in data.families]
    x, n_iter, before = None, 0, np.inf
    for _ in range(options.steps(USUAL_STEPS)):
        x, objective, residual, steps, converged = _solve_weights(problem, exact, covariances, x, options)
        objective += options.alpha * sum(coupling.constant(C) for C in covariances)
        n_iter += steps
        settled = not coupling.learned or before - objective <= 1e-3 * np.sqrt(options.tol) * abs(objective)
        if settled or not converged:
            break
        before = objective
        W, b = problem.weights(x)
        covariances = [coupling.relearn(_stacked(W, family), C)
                       for family, C in zip(problem.families, covariances, strict=True)]  # fmt: skip
        problem.set_covariances(covariances)
        x = problem.vector(W, b)
    W, b = problem.weights(x)
    ended = objective, residual, "gradient", n_iter, settled and converged
    return Solution([W], b, *ended, covariances=covariances)


def _exact_solver(data: FitData, coupling: QuadraticCoupling, options: FitOptions):
    """The closed form where it applies: squared loss, dense shared X, the same weights for every task."""
    if options.solver not in ("auto", *SOLVERS):
        raise ValueError(
            f"solver={options.solver!r} needs a coupling with a proximal map, but {coupling!r} is quadratic; "
            "use solver='newton-cg', 'closed-form' or 'auto'"
        )
    fits = data.plain_regression
    if options.solver == "closed-form" and not fits:
        raise ValueError(
            "solver='closed-form' needs the squared loss on a dense X that all tasks share, complete and "
            "equally weighted; use solver='newton-cg' or 'auto'"
        )
    if options.solver == "newton-cg" or not fits:
        return None
    X, Y, means = data.centred(options.fit_intercept)
    ridge = KroneckerRidge(X, Y, data.weight[:, 0])
    return lambda C: (ridge.solve(C, options.alpha), means)


def _solve_weights(problem: JointProblem, exact, covariances, x, options: FitOptions):
    problem.set_covariances(covariances)
    origin = problem.start()
    scale = problem.gradient_scale(origin)
    if exact is not None:
        x = problem.vector(*exact(covariances[0]))
        value, gradient = problem.value_gradient(x)
        residuals = problem.blocks.norms(gradient) / np.maximum(scale, np.finfo(float).tiny)
        return x, value, float(residuals.max()), 1, True
    with problem.one_blas_thread():
        result = newton_cg(
            problem,
            origin if x is None else x,
            tol=options.tol,
            max_iter=options.steps(USUAL_STEPS),
            gradient_scale=scale,
        )
    return result.x, result.value, result.residual, result.n_iter, result.converged


def _stacked(W: np.ndarray, family: Family) -> np.ndarray:
    """The family's weights with one column per task: its C columns under each other."""
    return family.by_task(W).transpose(0, 2, 1).reshape(-1, len(family.tasks))
