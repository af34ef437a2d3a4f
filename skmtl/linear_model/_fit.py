"""From checked data to weights: lay the data out, then let the coupling's kind of fit minimise."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from ..couplings import Coupling, LatentBasis, ProximalCoupling, QuadraticCoupling
from ..design import Family, OwnRowsDesign, SharedDesign, output_families
from ..losses import Loss
from ..targets import TaskTargets
from ._data import DataLoss, LossPart
from ._latent_fit import fit_latent
from ._options import FitData, FitOptions, Solution
from ._proximal_fit import fit_proximal
from ._quadratic_fit import fit_quadratic

# What fits each kind of coupling.
FITS = {
    QuadraticCoupling: fit_quadratic,
    ProximalCoupling: fit_proximal,
    LatentBasis: fit_latent,
}


@dataclass(frozen=True)
class FittedWeights:
    """Weights of the user's features: the parts (d, P) that sum to W, and b (P,).

    ``factors`` are L (d, k) and S (k, P) with ``W = L S``, for couplings that learn a basis.
    """

    parts: list[np.ndarray]
    b: np.ndarray
    families: list[Family]
    solution: Solution
    factors: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def W(self) -> np.ndarray:
        return self.parts[0] if len(self.parts) == 1 else sum(self.parts)


def fit_weights(
    X, targets: TaskTargets, weight: np.ndarray, losses, coupling: Coupling, options: FitOptions
) -> FittedWeights:
    """Minimise the joint loss plus ``alpha * R(W)``; ``losses(classes)`` gives a task's loss."""
    X, targets, weight = _sorted_by_task(X, targets, weight)
    weight = normalised_weights(targets, weight, options.loss_average)
    X, basis = _row_space(X) if coupling.rotates else (X, None)
    data = _lay_out(X, targets, weight, losses, options)
    solution = _minimise(data, coupling, options)
    b = data.loss.design.uncentered(sum(solution.parts), solution.b)
    if not solution.converged:
        warnings.warn(_stopped_short(solution, options), ConvergenceWarning, stacklevel=5)
    parts, factors = solution.parts, solution.factors
    if basis is not None:
        parts = [basis @ part for part in parts]
        factors = factors and (basis @ factors[0], factors[1])
    return FittedWeights(parts, _centred_classes(b, data.families), data.families, solution, factors)


def _minimise(data: FitData, coupling: Coupling, options: FitOptions) -> Solution:
    for kind, fit in FITS.items():
        if isinstance(coupling, kind):
            return fit(data, coupling, options)
    kinds = ", ".join(kind.__name__ for kind in FITS)
    raise TypeError(f"coupling={coupling!r} is of no kind that can be fitted: derive it from one of {kinds}")


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
        return OwnRowsDesign(X, weight[:, 0], targets.task, *sizes, center=options.fit_intercept)
    return SharedDesign(X, weight.sum(axis=1), center=options.fit_intercept)


def _loss_part(targets: TaskTargets, weight: np.ndarray, family: Family, losses) -> LossPart:
    classes = None if targets.classes is None else targets.classes[family.tasks[0]]
    loss: Loss = losses(classes)
    if targets.form == "rows":
        return LossPart(loss, slice(0, family.n_columns), targets.values, weight)
    return LossPart(loss, family.columns, targets.values[:, family.tasks], weight[:, family.tasks])
