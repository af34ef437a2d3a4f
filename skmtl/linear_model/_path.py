"""Fits for one alpha after another, each from the solution of the one before."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if

from ..couplings import Coupling, ProximalCoupling, QuadraticCoupling
from ..design import tasks_of_columns
from ..fitting._data import power_iteration
from ..fitting._fit import FitProblem, warn_if_short
from ..fitting._options import FitData, Solution, Start
from ..fitting._proximal_fit import null_intercepts
from ..fitting._quadratic_fit import plain_ridge

# From so many alphas on, eigenvectors cost less than a factorisation for each.
MANY = 8


def largest_alpha(data: FitData, coupling: Coupling) -> float:
    """The smallest alpha whose solution is W = 0; infinite where every alpha leaves something of W."""
    if not isinstance(coupling, ProximalCoupling):
        return np.inf
    slopes = data.once(null_slopes)
    penalties = coupling.penalties(tasks_of_columns(data.families))
    return max(penalty.silent_from(slopes) for penalty in penalties)


def alpha_grid(data: FitData, coupling: Coupling, alphas, eps: float) -> np.ndarray:
    """The alphas of a path, falling: given ones, or that many, evenly spaced in the logarithm.

    From the smallest alpha with W = 0 down to ``eps`` times it. Where there is none, from ten times the
    largest curvature of the loss along the coupling, where little is left of W, down to ``eps**2`` times it.
    """
    if not isinstance(alphas, Integral):
        return np.sort(np.asarray(alphas, dtype=np.float64))[::-1]
    top = largest_alpha(data, coupling)
    if np.isfinite(top):
        top = max(top, np.finfo(float).resolution)
    else:
        top, eps = max(10.0 * _curvature(data, coupling), np.finfo(float).resolution), eps**2
    return np.geomspace(top, eps * top, alphas) if alphas > 1 else np.array([top])


def follow_path(problem: FitProblem, coupling: Coupling, alphas: np.ndarray) -> Iterator[Solution]:
    """The solutions for falling alphas, in the terms of ``problem.data``."""
    data, solution = problem.data(coupling)[0], None
    if isinstance(coupling, QuadraticCoupling) and data.plain_regression and len(alphas) >= MANY:
        data.once(plain_ridge).basis  # noqa: B018
    before = None
    for k, alpha in enumerate(alphas):
        start = solution if before is None else _ahead(before, solution, _stride(alphas[k - 2 : k + 1]))
        before, solution = solution, problem.minimise(coupling, float(alpha), start)
        yield solution


def _stride(alphas: np.ndarray) -> float:
    """The step to the third alpha in units of that from the first to the second."""
    return float((alphas[2] - alphas[1]) / (alphas[1] - alphas[0])) if alphas[0] != alphas[1] else 0.0


def _ahead(before: Start, last: Start, stride: float) -> Start:
    """Where the last two solutions lead to, as a path is smooth between the kinks; what is zero stays so."""
    parts = [
        np.where(new == 0, 0.0, new + stride * (new - old))
        for old, new in zip(before.parts, last.parts, strict=True)
    ]
    return Start(parts, last.b + stride * (last.b - before.b))


def null_slopes(data: FitData) -> np.ndarray:
    """Minus the gradient (d, P) of the loss at W = 0 and the best intercepts."""
    loss = data.loss
    image = loss.image(np.zeros(loss.shape), null_intercepts(data))
    return -loss.pull_back(loss.residual(image))[0]


def _curvature(data: FitData, coupling: Coupling) -> float:
    bound = data.once(_largest_curvature)
    if not isinstance(coupling, QuadraticCoupling):
        return bound
    C = coupling.covariance(data.targets.n_tasks)
    return bound * float(np.linalg.eigvalsh(C)[-1])


def _largest_curvature(data: FitData) -> float:
    if not data.plain_regression:
        return data.loss.curvature_bound()[0]
    gram = data.once(plain_ridge).gram
    return power_iteration(lambda V: gram @ V, (len(gram), 1), gram.dtype)


def _has_alpha(model) -> bool:
    return hasattr(model, "alpha")


class PathMixin:
    """``fit_path`` and ``alpha_max`` of linear models."""

    @available_if(_has_alpha)
    def fit_path(self, X, y, alphas=30, *, eps=1e-3, sample_weight=None, target_weight=None) -> Iterator:
        """Models for one alpha after another, from the largest down, each found from the one before.

        Each minimum is that of ``fit``, to the same ``tol``; what depends on the data alone is computed
        once. The model itself stays as it is.

        Parameters
        ----------
        X, y, sample_weight, target_weight : as in ``fit``
        alphas : int or (n_alphas,) array-like of floats > 0, default 30
            How many, or which. A number of them is spaced evenly in the logarithm, from the smallest
            alpha with W = 0 down to ``eps`` times it; for couplings without such an alpha from ten times
            the largest curvature of the loss down to ``eps**2`` times it.
        eps : float in (0, 1), default 1e-3

        Yields
        ------
        fitted copies of the model, with ``alpha`` set
        """
        alphas = checked_alphas(alphas)
        model, problem, coupling, options = self._laid_out(X, y, sample_weight, target_weight)
        grid = alpha_grid(problem.data(coupling)[0], coupling, alphas, checked_eps(eps))
        solutions = follow_path(problem, coupling, grid)
        for alpha, solution in zip(grid.tolist(), solutions, strict=True):
            warn_if_short(solution, options, stacklevel=2)
            yield model._copy_with(problem.outside(coupling, solution), coupling, alpha=alpha)

    @available_if(_has_alpha)
    def alpha_max(self, X, y, sample_weight=None, target_weight=None) -> float:
        """The smallest alpha for which every weight is zero; infinite where there is none.

        It is the dual norm of the slopes of the loss at W = 0 and the best intercepts. Quadratic
        couplings, and others that are smooth at zero, have none.

        Parameters
        ----------
        X, y, sample_weight, target_weight : as in ``fit``
        """
        _, problem, coupling, _ = self._laid_out(X, y, sample_weight, target_weight)
        return float(largest_alpha(problem.data(coupling)[0], coupling))

    def _laid_out(self, X, y, sample_weight, target_weight):
        """A copy of the model that has read the data, the problem, the coupling and the options."""
        model = clone(self)
        model._validate_params()
        X, targets = model._read_fit(X, y, classify=model._classify)
        weight = model._label_weights(targets, sample_weight, target_weight)
        coupling = model._tie()
        options = model._fit_options(model.alpha, X.dtype, targets)
        model._remember_rows(X, weight)
        problem = FitProblem(X, targets, weight, model._losses(targets), options)
        return model, problem, coupling, options

    def _copy_with(self, fitted, coupling: Coupling, **parameters):
        """A copy of this model, which has read its data, with these weights and parameters."""
        model = type(self).__new__(type(self))
        vars(model).update(vars(self) | parameters)
        model._keep(fitted, coupling)
        return model


def checked_alphas(alphas):
    """A positive number of alphas, or their values."""
    if isinstance(alphas, Integral) and not isinstance(alphas, bool):
        if alphas < 1:
            raise ValueError(f"alphas must be at least 1, or an array of values, got {alphas!r}")
        return int(alphas)
    values = np.asarray(alphas, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0 or not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError(f"alphas must be a whole number or a 1-D array of positive values, got {alphas!r}")
    return values


def checked_eps(eps) -> float:
    """The share of the largest alpha at which a path ends."""
    if not isinstance(eps, int | float | np.number) or not 0 < eps < 1:
        raise ValueError(f"eps must be a number in (0, 1), got {eps!r}")
    return float(eps)
