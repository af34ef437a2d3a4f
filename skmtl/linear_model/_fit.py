"""From checked data to weights: build the problem, pick the solver, alternate over a learned relation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from ..couplings import Coupling
from ..design import Family, OwnRowsDesign, SharedDesign, output_families
from ..losses import Loss
from ..solvers import KroneckerRidge, newton_cg
from ..targets import TaskTargets
from ._problem import JointProblem, LossPart


@dataclass(frozen=True)
class FitOptions:
    """Numbers that steer a fit; see the estimators."""

    alpha: float
    fit_intercept: bool
    loss_average: str
    solver: str
    tol: float
    max_iter: int


@dataclass(frozen=True)
class FittedWeights:
    """W (d, P), b (P,), the task covariance of each family, and how the solver ended."""

    W: np.ndarray
    b: np.ndarray
    families: list[Family]
    covariances: list[np.ndarray]
    objective: float
    residual: float
    n_iter: int


def fit_weights(
    X, targets: TaskTargets, weight: np.ndarray, losses, coupling: Coupling, options: FitOptions
) -> FittedWeights:
    """Minimise the joint loss plus ``alpha * R(W)``; ``losses(classes)`` gives a task's loss."""
    X, targets, weight = _sorted_by_task(X, targets, weight)
    weight = normalised_weights(targets, weight, options.loss_average)
    X, basis = _row_space(X)
    families = output_families(targets.n_tasks, targets.classes)
    parts = [_loss_part(targets, weight, family, losses) for family in families]
    design = _design(X, targets, weight, families, options)
    P = families[-1].columns.stop
    problem = JointProblem(
        design, parts, families, options.alpha, (X.shape[1], P), intercept=options.fit_intercept
    )
    exact = _exact_solver(X, targets, weight, parts, options)
    fitted = _minimise(problem, exact, coupling, targets.n_tasks, options)
    W, b = problem.weights(fitted[0])
    b = _centred_classes(design.uncentered(W, b), families)
    return FittedWeights(W if basis is None else basis @ W, b, families, *fitted[1:])


def normalised_weights(targets: TaskTargets, weight: np.ndarray, average: str) -> np.ndarray:
    """Weights that make the loss an average over labels, summed over tasks.

    "sample": every label counts the same, ``T / sum(weight)``; "task": every task counts the same,
    ``1 / sum(weight of the task)``. On complete, unweighted data both are ``1 / n``.
    """
    if average == "sample":
        return weight * (targets.n_tasks / weight.sum())
    if targets.form == "rows":
        totals = np.bincount(targets.task, weights=weight[:, 0], minlength=targets.n_tasks)
        return weight / totals[targets.task][:, None]
    return weight / weight.sum(axis=0)


def _centred_classes(b: np.ndarray, families: list[Family]) -> np.ndarray:
    """Intercepts that sum to zero over a task's classes: softmax leaves their common shift open."""
    b = b.copy()
    for family in families:
        if family.n_columns > 1:
            mine = b[family.columns].reshape(-1, family.n_columns)
            b[family.columns] = (mine - mine.mean(axis=1, keepdims=True)).ravel()
    return b


def _sorted_by_task(X, targets: TaskTargets, weight: np.ndarray):
    if targets.form != "rows":
        return X, targets, weight
    order = np.argsort(targets.task, kind="stable")
    values, observed = targets.values[order], targets.observed[order]
    sorted_targets = TaskTargets(
        "rows", targets.names, values, observed, targets.classes, targets.task[order]
    )
    return X[order], sorted_targets, weight[order]


def _row_space(X):
    """X in an orthonormal basis (d, n) of its rows where it is wide: the solution lies there.

    Every coupling here is invariant to rotations of the features (representer theorem; Argyriou,
    Micchelli & Pontil 2009), so the objective and the predictions stay the same.
    """
    n, d = X.shape
    if sp.issparse(X) or d <= n:
        return X, None
    basis, triangle = np.linalg.qr(X.T)
    return np.ascontiguousarray(triangle.T), basis


def _design(X, targets: TaskTargets, weight: np.ndarray, families: list[Family], options: FitOptions):
    """The design that fits the targets: one X for every task, or each row with its own."""
    if targets.form == "rows":
        sizes = targets.n_tasks, families[0].n_columns
        return OwnRowsDesign(X, weight[:, 0], targets.task, *sizes, center=options.fit_intercept)
    return SharedDesign(X, weight.sum(axis=1), center=options.fit_intercept)


def _loss_part(targets: TaskTargets, weight: np.ndarray, family: Family, losses) -> LossPart:
    classes = None if targets.classes is None else targets.classes[family.tasks[0]]
    loss: Loss = losses(classes)
    if targets.form == "rows":
        return LossPart(loss, slice(0, family.n_columns), targets.values, weight)
    return LossPart(loss, family.columns, targets.values[:, family.tasks], weight[:, family.tasks])


def _exact_solver(X, targets: TaskTargets, weight: np.ndarray, parts: list[LossPart], options: FitOptions):
    """The closed form where it applies: squared loss, dense shared X, the same weights for every task."""
    fits = (
        all(part.loss.quadratic for part in parts)
        and targets.form != "rows"
        and not sp.issparse(X)
        and bool((weight == weight[:, :1]).all())
    )
    if options.solver == "closed-form" and not fits:
        raise ValueError(
            "solver='closed-form' needs the squared loss on a dense X that all tasks share, complete and "
            "equally weighted; use solver='newton-cg' or 'auto'"
        )
    if options.solver == "newton-cg" or not fits:
        return None
    w, Y = weight[:, 0], targets.values
    if options.fit_intercept:
        X, Y = X - np.average(X, axis=0, weights=w), Y - np.average(Y, axis=0, weights=w)
        means = np.average(targets.values, axis=0, weights=w)
    else:
        means = np.zeros(Y.shape[1])
    ridge = KroneckerRidge(X, Y, w)
    return lambda C: (ridge.solve(C, options.alpha), means)


def _minimise(problem: JointProblem, exact, coupling: Coupling, n_tasks: int, options: FitOptions):
    """Solve for the weights and, where the relation is learned, for it in turn until nothing changes.

    The objective is jointly convex and falls at every step.
    """
    C = coupling.covariance(n_tasks)
    covariances = [C[np.ix_(family.tasks, family.tasks)] for family in problem.families]
    x, n_iter, before = None, 0, np.inf
    for _ in range(options.max_iter):
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
    if not (settled and converged):
        warnings.warn(
            f"fit stopped after {n_iter} iterations with a relative gradient of {residual:.2g} (tol="
            f"{options.tol:g}): raise max_iter, raise alpha, or standardise the features",
            ConvergenceWarning,
            stacklevel=4,
        )
    return x, covariances, objective, residual, n_iter


def _solve_weights(problem: JointProblem, exact, covariances, x, options: FitOptions):
    problem.set_covariances(covariances)
    origin = problem.start()
    scale = float(np.abs(problem.value_gradient(origin)[1]).max())
    if exact is not None:
        x = problem.vector(*exact(covariances[0]))
        value, gradient = problem.value_gradient(x)
        return x, value, float(np.abs(gradient).max() / max(scale, np.finfo(float).tiny)), 1, True
    result = newton_cg(
        problem, origin if x is None else x, tol=options.tol, max_iter=options.max_iter, gradient_scale=scale
    )
    return result.x, result.value, result.residual, result.n_iter, result.converged


def _stacked(W: np.ndarray, family: Family) -> np.ndarray:
    """The family's weights with one column per task: its C columns under each other."""
    return family.by_task(W).transpose(0, 2, 1).reshape(-1, len(family.tasks))
