"""From checked data to weights: lay the data out, then let the coupling's kind of fit minimise."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from ..couplings import (
    ConcaveCoupling,
    Coupling,
    FusionCoupling,
    LatentBasis,
    ProximalCoupling,
    QuadraticCoupling,
    RankCoupling,
)
from ..design import Family, OwnRowsDesign, SharedDesign, output_families
from ..targets import TaskTargets
from ._concave_fit import fit_concave
from ._data import DataLoss
from ._fusion_fit import fit_fusion
from ._intercepts import InterceptShrinkage
from ._latent_fit import fit_latent
from ._losses import TaskLosses
from ._mask import MaskedDesign, checked_mask, column_mask, hide_features
from ._options import FitData, FitOptions, Solution, Start
from ._proximal_fit import fit_proximal
from ._quadratic_fit import fit_quadratic
from ._rank_fit import fit_rank

# What fits each kind of coupling, from weights that may be given.
FITS = {QuadraticCoupling: fit_quadratic, ProximalCoupling: fit_proximal}
# The same for smooth losses, from a start of their own.
OTHER_FITS = {
    ConcaveCoupling: fit_concave,
    FusionCoupling: fit_fusion,
    RankCoupling: fit_rank,
    LatentBasis: fit_latent,
}
# Kinds whose certificates float32 cannot carry, as those of kinked losses: their features are made float64.
DOUBLE = tuple(OTHER_FITS)


@dataclass(frozen=True)
class FittedWeights:
    """Weights of the user's features: the parts (d, P) that sum to W, and b (P,).

    ``parts`` also hold what tasks would have been given for features that they lack; in ``seen_parts``
    these weights are 0. ``factors`` are L (d, k) and S (k, P) with ``W = L S``, for couplings that learn a
    basis.
    """

    parts: list[np.ndarray]
    b: np.ndarray
    families: list[Family]
    solution: Solution
    mask: np.ndarray | None = None
    factors: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def seen_parts(self) -> list[np.ndarray]:
        return self.parts if self.mask is None else [part * self.mask for part in self.parts]

    @property
    def W(self) -> np.ndarray:
        return self.parts[0] if len(self.parts) == 1 else sum(self.parts)


def fit_weights(
    X,
    targets: TaskTargets,
    weight: np.ndarray,
    losses: TaskLosses,
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


def _of_dtype(dtype, targets: TaskTargets, weight: np.ndarray):
    """Targets and weights in the features' number format, so that nothing becomes float64 on the way."""
    values = targets.values.astype(dtype, copy=False)
    return replace(targets, values=values), weight.astype(dtype, copy=False)


def warn_if_short(solution: Solution, options: FitOptions, stacklevel: int) -> None:
    """A ConvergenceWarning where the solver stopped before ``tol``; ``stacklevel`` as seen by the caller."""
    if not solution.converged:
        message = solution.unsettled or (
            f"fit stopped after {solution.n_iter} iterations with a relative {solution.measure} of "
            f"{solution.residual:.2g} (tol={options.tol:g}): raise max_iter, raise alpha, or standardise the "
            "features"
        )
        warnings.warn(message, ConvergenceWarning, stacklevel=stacklevel + 1)


class FitProblem:
    """Data laid out once, to be fitted with any coupling and alpha."""

    def __init__(self, X, targets: TaskTargets, weight: np.ndarray, losses: TaskLosses, options: FitOptions):
        X, targets, weight = _sorted_by_task(X, targets, weight)
        weight = normalised_weights(targets, weight, options.loss_average)
        if options.task_weight is not None:
            each = options.task_weight
            weight = weight * (each[targets.task][:, None] if targets.form == "rows" else each)
        self._mask = checked_mask(options.feature_mask, targets, X.shape[1])
        self._hidden = self._mask is not None and targets.form == "rows"
        self._X = hide_features(X, targets.task, self._mask) if self._hidden else X
        self._targets, self._weight = _of_dtype(X.dtype, targets, weight)
        self._losses, self._options, self._laid_out = losses, options, {}

    def data(self, coupling: Coupling) -> tuple[FitData, np.ndarray | None]:
        """The data as fits with this coupling see them, and the basis of their features or None."""
        rotates = coupling.rotates and (self._mask is None or self._hidden)
        return self._in_basis(
            rotates and _is_wide(self._X), self._losses.kinked or isinstance(coupling, DOUBLE)
        )

    def raw_data(self) -> FitData:
        """The data in the user's features."""
        return self._in_basis(False, False)[0]

    def _in_basis(self, wide: bool, double: bool) -> tuple[FitData, np.ndarray | None]:
        key = wide, double and self._X.dtype != np.float64
        if key not in self._laid_out:
            X = self._X.astype(np.float64) if key[1] else self._X
            X, basis = _row_space(X) if wide else (X, None)
            labels = _of_dtype(X.dtype, self._targets, self._weight)
            self._laid_out[key] = _lay_out(X, *labels, self._losses, self._options, self._mask), basis
        return self._laid_out[key]

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
        b = _centred_classes(data.loss.design.uncentered(solution.W, solution.b), data)
        parts = solution.parts if basis is None else [basis @ part for part in solution.parts]
        parts = [part.astype(self._X.dtype, copy=False) for part in parts]
        mask = None if self._mask is None else column_mask(self._mask, data.families)
        factors = solution.factors
        if factors is not None and basis is not None:
            factors = basis @ factors[0], factors[1]
        b = b.astype(self._X.dtype, copy=False)
        return FittedWeights(parts, b, data.families, solution, mask, factors)


def _minimise(data: FitData, coupling: Coupling, options: FitOptions, start: Start | None) -> Solution:
    for kind, fit in FITS.items():
        if isinstance(coupling, kind):
            return fit(data, coupling, options, start)
    for kind, fit in OTHER_FITS.items():
        if isinstance(coupling, kind):
            _check_smooth(data, coupling)
            return fit(data, coupling, options)
    kinds = ", ".join(kind.__name__ for kind in FITS | OTHER_FITS)
    raise TypeError(f"coupling={coupling!r} is of no kind that can be fitted: derive it from one of {kinds}")


def _check_smooth(data: FitData, coupling: Coupling) -> None:
    if data.loss.flat or data.loss.kinked:
        raise ValueError(
            f"{coupling!r} needs losses that are smooth and not linear far away; see the losses page"
        )
    if data.loss.shrinkage is not None:
        raise ValueError(f"{coupling!r} cannot be fitted with intercept_penalty; leave it at 0")


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


def _lay_out(
    X, targets: TaskTargets, weight: np.ndarray, losses: TaskLosses, options: FitOptions, mask
) -> FitData:
    families = output_families(losses.questions(targets))
    parts = [part for family in families for part in losses.parts(targets, weight, family)]
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


def _centred_classes(b: np.ndarray, data: FitData) -> np.ndarray:
    """Intercepts that sum to zero over a task's classes where the loss leaves their common shift open."""
    b = b.copy()
    for part in data.loss.parts:
        if part.loss.shift_free:
            columns = slice(None) if data.targets.form == "rows" else part.columns
            mine = b[columns].reshape(-1, part.n_columns)
            b[columns] = (mine - mine.mean(axis=1, keepdims=True)).ravel()
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
        center = options.fit_intercept
        if center and options.intercept_penalty:
            center = "pooled"  # intercepts are compared with each other at one row, not each at its own
        return OwnRowsDesign(X, weight[:, 0], targets.task, *sizes, center=center)
    return SharedDesign(X, weight.sum(axis=1), center=options.fit_intercept)
