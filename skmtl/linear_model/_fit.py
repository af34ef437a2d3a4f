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
from ._options import FitData, FitOptions, Solution, Start
from ._proximal_fit import fit_proximal
from ._quadratic_fit import fit_quadratic


@dataclass(frozen=True)
class FittedWeights:
    """Weights of the user's features: the parts (d, P) that sum to W, and b (P,)."""

    parts: list[np.ndarray]
    b: np.ndarray
    families: list[Family]
    solution: Solution

    @property
    def W(self) -> np.ndarray:
        return self.parts[0] if len(self.parts) == 1 else sum(self.parts)


def fit_weights(
    X,
    targets: TaskTargets,
    weight: np.ndarray,
    losses,
    coupling: Coupling,
    options: FitOptions,
    last: FittedWeights | None = None,
) -> FittedWeights:
    """Minimise the joint loss plus ``alpha * R(W)``, from the ``last`` weights where they suit the data."""
    problem = FitProblem(X, targets, weight, losses, options)
    start = None if last is None else problem.start(coupling, last)
    solution = problem.minimise(coupling, options.alpha, start)
    warn_if_short(solution, options, stacklevel=5)
    return problem.outside(coupling, solution)


def warn_if_short(solution: Solution, options: FitOptions, stacklevel: int) -> None:
    """A ConvergenceWarning where the solver stopped before ``tol``; ``stacklevel`` as seen by the caller."""
    if not solution.converged:
        message = (
            f"fit stopped after {solution.n_iter} iterations with a relative {solution.measure} of "
            f"{solution.residual:.2g} (tol={options.tol:g}): raise max_iter, raise alpha, or standardise the "
            "features"
        )
        warnings.warn(message, ConvergenceWarning, stacklevel=stacklevel + 1)


class FitProblem:
    """Data laid out once, to be fitted with any coupling and alpha; ``losses(classes)`` is a task's loss."""

    def __init__(self, X, targets: TaskTargets, weight: np.ndarray, losses, options: FitOptions):
        self._X, self._targets, weight = _sorted_by_task(X, targets, weight)
        self._weight = normalised_weights(self._targets, weight, options.loss_average)
        self._losses, self._options, self._laid_out = losses, options, {}

    def data(self, coupling: Coupling) -> tuple[FitData, np.ndarray | None]:
        """The data as fits with this coupling see them, and the basis of their features or None."""
        return self._in_basis(coupling.rotates and _is_wide(self._X))

    def raw_data(self) -> FitData:
        """The data in the user's features."""
        return self._in_basis(False)[0]

    def _in_basis(self, wide: bool) -> tuple[FitData, np.ndarray | None]:
        if wide not in self._laid_out:
            X, basis = _row_space(self._X) if wide else (self._X, None)
            data = _lay_out(X, self._targets, self._weight, self._losses, self._options)
            self._laid_out[wide] = data, basis
        return self._laid_out[wide]

    def minimise(self, coupling: Coupling, alpha: float, start: Start | None = None) -> Solution:
        """Minimise the joint loss plus ``alpha * R(W)``; the start is in the terms of ``data``."""
        return _minimise(self.data(coupling)[0], coupling, replace(self._options, alpha=alpha), start)

    def start(self, coupling: Coupling, last: FittedWeights) -> Start | None:
        """Weights of another fit in the terms of ``data``; None where it had other features or tasks."""
        data, basis = self.data(coupling)
        if len(last.W) != self._X.shape[1] or not _same_layout(last.families, data.families):
            return None
        parts = last.parts if basis is None else [basis.T @ part for part in last.parts]
        return Start(parts, data.loss.design.uncentered(-sum(parts), last.b))

    def outside(self, coupling: Coupling, solution: Solution) -> FittedWeights:
        """The weights of the user's features."""
        data, basis = self.data(coupling)
        b = _centred_classes(data.loss.design.uncentered(solution.W, solution.b), data.families)
        parts = solution.parts if basis is None else [basis @ part for part in solution.parts]
        return FittedWeights(parts, b, data.families, solution)


def _minimise(data: FitData, coupling: Coupling, options: FitOptions, start: Start | None) -> Solution:
    quadratic = isinstance(coupling, QuadraticCoupling)
    return (fit_quadratic if quadratic else fit_proximal)(data, coupling, options, start)


def _same_layout(families: list[Family], others: list[Family]) -> bool:
    """Whether the families have the same tasks in the same columns."""
    one, other = ([(f.tasks.tolist(), f.start, f.n_columns) for f in each] for each in (families, others))
    return one == other


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


def _lay_out(X, targets: TaskTargets, weight: np.ndarray, losses, options: FitOptions) -> FitData:
    families = output_families(targets.n_tasks, targets.classes)
    parts = [_loss_part(targets, weight, family, losses) for family in families]
    columns = families[-1].columns.stop

    def loss_of(X) -> DataLoss:
        design = _design(X, targets, weight, families, options)
        return DataLoss(design, parts, (X.shape[1], columns), intercept=options.fit_intercept)

    return FitData(X, targets, weight, families, loss_of(X), loss_of(X[:, :0]))


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


def _is_wide(X) -> bool:
    return not sp.issparse(X) and X.shape[1] > X.shape[0]


def _row_space(X):
    """A wide X in an orthonormal basis (d, n) of its rows: the solution lies there.

    For couplings that are invariant to rotations of the features (representer theorem; Argyriou,
    Micchelli & Pontil 2009) the objective and the predictions stay the same.
    """
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
    mine = slice(None) if len(family.tasks) == targets.n_tasks else family.tasks
    return LossPart(loss, family.columns, targets.values[:, mine], weight[:, mine])
