"""Fits with a quadratic coupling: pick the solver, learn the relation."""

from __future__ import annotations

import numpy as np

from ..couplings import QuadraticCoupling
from ..solvers import KroneckerRidge, newton_cg
from ._options import FitData, FitOptions, Solution
from ._problem import JointProblem
from ._relation_fit import fit_relation, minimises_out

SOLVERS = ("newton-cg", "closed-form")
USUAL_STEPS = 200


def fit_quadratic(data: FitData, coupling: QuadraticCoupling, options: FitOptions) -> Solution:
    """Solve for the weights; where the relation is learned, minimise it out or solve for it in turn.

    In turn, the objective is jointly convex and falls at every step.
    """
    if minimises_out(coupling, options):
        return fit_relation(data, coupling, options)
    exact = _exact_solver(data, coupling, options)
    problem = JointProblem(data.loss, data.families, options.alpha)
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
        covariances = [coupling.relearn(family.stacked(W), C)
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
    scale = float(np.abs(problem.value_gradient(origin)[1]).max())
    if exact is not None:
        x = problem.vector(*exact(covariances[0]))
        value, gradient = problem.value_gradient(x)
        return x, value, float(np.abs(gradient).max() / max(scale, np.finfo(float).tiny)), 1, True
    result = newton_cg(
        problem,
        origin if x is None else x,
        tol=options.tol,
        max_iter=options.steps(USUAL_STEPS),
        gradient_scale=scale,
    )
    return result.x, result.value, result.residual, result.n_iter, result.converged
