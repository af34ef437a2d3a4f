"""From checked data to weights: lay the data out, then let the coupling's kind of fit minimise."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from ..couplings import Coupling, QuadraticCoupling
from ..design import Family, OwnRowsDesign, SharedDesign, output_families
from ..losses import Loss
from ..targets import TaskTargets
from ._data import DataLoss, LossPart
from ._intercepts import InterceptShrinkage
from ._mask import MaskedDesign, checked_mask, column_mask, hide_features
from ._options import FitData, FitOptions, Solution
from ._proximal_fit import fit_proximal
from ._quadratic_fit import fit_quadratic


@dataclass(frozen=True)
class FittedWeights:
    """Weights of the user's features: the parts (d, P) that sum to W, and b (P,).

    ``parts`` also hold what tasks would have been given for features that they lack; in ``seen_parts``
    these weights are 0.
    """

    parts: list[np.ndarray]
    b: np.ndarray
    families: list[Family]
    solution: Solution
    mask: np.ndarray | None = None

    @property
    def seen_parts(self) -> list[np.ndarray]:
        return self.parts if self.mask is None else [part * self.mask for part in self.parts]

    @property
    def W(self) -> np.ndarray:
        return self.parts[0] if len(self.parts) == 1 else sum(self.parts)


def fit_weights(
    X, targets: TaskTargets, weight: np.ndarray, losses, coupling: Coupling, options: FitOptions
) -> FittedWeights:
    """Minimise the joint loss plus ``alpha * R(W)``; ``losses(classes)`` gives a task's loss."""
    X, targets, weight = _sorted_by_task(X, targets, weight)
    weight = normalised_weights(targets, weight, options.loss_average)
    mask = checked_mask(options.feature_mask, targets, X.shape[1])
    if mask is not None and targets.form == "rows":
        X = hide_features(X, targets.task, mask)
    rotates = coupling.rotates and (mask is None or targets.form == "rows")
    X, basis = _row_space(X) if rotates else (X, None)
    targets, weight = _of_dtype(X.dtype, targets, weight)
    data = _lay_out(X, targets, weight, losses, options, mask)
    solution = _minimise(data, coupling, options)
    b = data.loss.design.uncentered(sum(solution.parts), solution.b)
    if not solution.converged:
        warnings.warn(_stopped_short(solution, options), ConvergenceWarning, stacklevel=5)
    parts = solution.parts if basis is None else [basis @ part for part in solution.parts]
    mask = None if mask is None else column_mask(mask, data.families)
    return FittedWeights(parts, _centred_classes(b, data.families), data.families, solution, mask)


def _of_dtype(dtype, targets: TaskTargets, weight: np.ndarray):
    """Targets and weights in the features' number format, so that nothing becomes float64 on the way."""
    values = targets.values.astype(dtype, copy=False)
    return replace(targets, values=values), weight.astype(dtype, copy=False)


def _minimise(data: FitData, coupling: Coupling, options: FitOptions) -> Solution:
    quadratic = isinstance(coupling, QuadraticCoupling)
    return (fit_quadratic if quadratic else fit_proximal)(data, coupling, options)


def _stopped_short(solution: Solution, options: FitOptions) -> str:
    return (
        f"fit stopped after {solution.n_iter} iterations with a relative {solution.measure} of "
        f"{solution.residual:.2g} (tol={options.tol:g}): raise max_iter, raise alpha, or standardise the "
        "features"
    )


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


def _lay_out(X, targets: TaskTargets, weight: np.ndarray, losses, options: FitOptions, mask) -> FitData:
    families = output_families(targets.n_tasks, targets.classes)
    parts = [_loss_part(targets, weight, family, losses) for family in families]
    columns = families[-1].columns.stop
    strength = options.intercept_penalty
    shrinkage = InterceptShrinkage(strength, families) if strength else None
    mask = None if mask is None or targets.form == "rows" else column_mask(mask, families)

    def loss_of(X) -> DataLoss:
        design = _design(X, targets, weight, families, options)
        if mask is not None and X.shape[1]:
            design = MaskedDesign(design, mask)
        shape = X.shape[1], columns
        return DataLoss(design, parts, shape, intercept=options.fit_intercept, shrinkage=shrinkage)

    return FitData(X, targets, weight, families, loss_of(X), loss_of(X[:, :0]), mask)


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
    if (targets.task[1:] >= targets.task[:-1]).all():
        return X, targets, weight
    order = np.argsort(targets.task, kind="stable")
    values, observed = targets.values[order], targets.observed[order]
    sorted_targets = TaskTargets(
        "rows", targets.names, values, observed, targets.classes, targets.task[order]
    )
    return X[order], sorted_targets, weight[order]


def _row_space(X):
    """X in an orthonormal basis (d, n) of its rows where it is wide: the solution lies there.

    For couplings that are invariant to rotations of the features (representer theorem; Argyriou,
    Micchelli & Pontil 2009) the objective and the predictions stay the same.
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
        center = options.fit_intercept
        if center and options.intercept_penalty:
            center = "pooled"  # intercepts are compared with each other at one row, not each at its own
        return OwnRowsDesign(X, weight[:, 0], targets.task, *sizes, center=center)
    return SharedDesign(X, weight.sum(axis=1), center=options.fit_intercept)


def _loss_part(targets: TaskTargets, weight: np.ndarray, family: Family, losses) -> LossPart:
    classes = None if targets.classes is None else targets.classes[family.tasks[0]]
    loss: Loss = losses(classes)
    if targets.form == "rows":
        return LossPart(loss, slice(0, family.n_columns), targets.values, weight)
    tasks = family.tasks if len(family.tasks) < targets.n_tasks else slice(None)  # all of them: no copy
    return LossPart(loss, family.columns, targets.values[:, tasks], weight[:, tasks])
