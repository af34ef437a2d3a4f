"""Newton's method with conjugate gradients, for smooth convex functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from ._precision import Patience, rounding

# Changes of the value below this share of it are rounding, not descent.
ROUNDING = 1e-13


class SmoothProblem(Protocol):
    """What ``newton_cg`` needs; x is a vector (p,)."""

    quadratic: bool

    def value_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]: ...

    def hessian(self, x: np.ndarray) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
        """The map v -> H v at x, and the diagonal of H or an approximation of it."""


class NewtonResult(NamedTuple):
    """Where ``newton_cg`` stopped.

    ``residual`` is the largest gradient entry over the largest one at the origin of the solver's
    scale (``gradient_scale``): what ``tol`` bounds.
    """

    x: np.ndarray
    value: float
    residual: float
    n_iter: int
    converged: bool


def newton_cg(
    problem: SmoothProblem,
    x: np.ndarray,
    *,
    tol: float,
    max_iter: int,
    gradient_scale: float,
) -> NewtonResult:
    """Minimise a smooth convex function until ``max|gradient| <= tol * gradient_scale``.

    Truncated Newton: each step solves ``H p = -g`` by conjugate gradients with a Jacobi
    preconditioner, only as exactly as the gradient's decrease deserves (Dembo, Eisenstat &
    Steihaug 1982), then backtracks until the value decreases enough (Armijo).
    """
    value, gradient = problem.value_gradient(x)
    scale = max(gradient_scale, float(np.finfo(x.dtype).tiny))
    patience = Patience(x.dtype)
    for n_iter in range(max_iter + 1):
        residual = np.abs(gradient).max() / scale
        if not np.isfinite(residual):
            raise FloatingPointError("the objective is not finite: scale the features or raise alpha")
        stuck = patience.over(residual, (x, value))
        if stuck:
            (x, value), residual = patience.state, patience.residual
        if stuck or residual <= tol or n_iter == max_iter:
            return NewtonResult(x, value, float(residual), n_iter, bool(residual <= tol))
        forcing = 0.1 * tol / residual if problem.quadratic else min(0.1, np.sqrt(residual))
        product, diagonal = problem.hessian(x)
        step = _conjugate_gradients(product, gradient, diagonal, forcing)
        moved = _backtrack(problem, x, value, gradient, step)
        if moved is None:  # no descent left in floating point: this is the minimum that can be had
            return NewtonResult(x, value, float(residual), n_iter, bool(residual <= tol))
        x, value, gradient = moved
    raise AssertionError("unreachable")


def _conjugate_gradients(product, gradient, diagonal, forcing: float) -> np.ndarray:
    """Approximate ``-H^-1 gradient`` to a relative residual of ``forcing``."""
    inverse = 1.0 / np.where(diagonal > 0, diagonal, 1.0)
    p = np.zeros_like(gradient)
    r = -gradient
    s = inverse * r
    direction, rs = s, r @ s
    target = (forcing**2) * (r @ r)
    for _ in range(10 * len(gradient)):
        along = product(direction)
        bend = direction @ along
        if bend <= 0:  # a direction without curvature (a redundant intercept): leave it alone
            break
        length = rs / bend
        p = p + length * direction
        r = r - length * along
        if r @ r <= target:
            break
        s = inverse * r
        rs, before = r @ s, rs
        direction = s + (rs / before) * direction
    return p


def _backtrack(problem, x, value, gradient, step):
    slope = gradient @ step
    if slope >= 0:
        return None
    length = 1.0
    for _ in range(40):
        trial = x + length * step
        new_value, new_gradient = problem.value_gradient(trial)
        if new_value <= value + 1e-4 * length * slope + rounding(ROUNDING, x.dtype) * abs(value):
            return trial, new_value, new_gradient
        length *= 0.5
    return None
