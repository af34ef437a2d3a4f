"""Proximal Newton steps with a line search, on all features or on working sets of them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from ._proximal_gradient import Certificate, ProximalResult

# Changes of the value below this share of it are rounding, not descent.
ROUNDING = 1e-13
# How much smaller than the whole problem's the residual on a working set must become.
INNER = 0.3


class NewtonStep(NamedTuple):
    """A step from x, its image, and how the value changes to first order along it: it falls."""

    step: np.ndarray
    image: np.ndarray
    change: float


class Moved(NamedTuple):
    """The next x and its image; ``flat``: the value can no longer tell whether it is a better one."""

    x: np.ndarray
    image: np.ndarray
    flat: bool


class NewtonProblem(Protocol):
    """Minimise ``f(A x) + h(x)``: what ``proximal_newton`` needs; x is a vector (p,)."""

    def image(self, x: np.ndarray) -> np.ndarray:
        """A x, linear."""

    def objective(self, x: np.ndarray, image: np.ndarray) -> float: ...

    def certificate(self, x: np.ndarray, image: np.ndarray) -> Certificate: ...

    def newton_step(self, x: np.ndarray, image: np.ndarray, certificate: Certificate) -> NewtonStep:
        """To about the minimiser of h plus the quadratic model of f, as exactly as the certificate asks."""


class SelectiveProblem(NewtonProblem, Protocol):
    """A problem of features, of which most are left out at the minimum."""

    def working_set(self, x: np.ndarray, certificate: Certificate) -> np.ndarray:
        """Features that matter now; all that x uses are among them."""

    def restrict(self, chosen: np.ndarray) -> NewtonProblem: ...

    def pick(self, x: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """The x of the restricted problem."""

    def put(self, part: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """The x of the whole problem whose other features are left out."""


def proximal_newton(
    problem: NewtonProblem,
    x: np.ndarray,
    *,
    tol: float,
    max_iter: int,
    certificate: Certificate | None = None,
) -> ProximalResult:
    """Minimise until the certificate's residual is at most ``tol``; that of x may be given.

    Lee, Sun & Saunders (2014), "Proximal Newton-type methods for minimizing composite functions",
    algorithm 1, with the step halved until the value decreases enough.
    """
    image, n_iter = problem.image(x), 0
    certificate = certificate or problem.certificate(x, image)
    while certificate.residual > tol and n_iter < max_iter:
        moved = _along(problem, x, image, problem.newton_step(x, image, certificate))
        if moved is None:
            break
        found, n_iter = problem.certificate(*moved[:2]), n_iter + 1
        if moved.flat and found.residual >= certificate.residual:
            break
        (x, image, _), certificate = moved, found
    return ProximalResult(x, certificate, n_iter, certificate.residual <= tol)


def _along(problem: NewtonProblem, x: np.ndarray, image: np.ndarray, towards: NewtonStep):
    """The first of ``x + step, x + step / 2, ...`` whose value is low enough, and its image."""
    step, image_step, change = towards
    value = problem.objective(x, image)
    if not np.isfinite(value + change):
        raise FloatingPointError("the objective is not finite: scale the features or raise alpha")
    length, rounding = 1.0, ROUNDING * abs(value)
    for _ in range(30 if change <= rounding else 0):
        new, new_image = x + length * step, image + length * image_step
        if problem.objective(new, new_image) <= value + 1e-4 * length * change + rounding:
            return Moved(new, new_image, -length * change <= rounding)
        length *= 0.5
    return None


def selective_newton(
    problem: SelectiveProblem, x: np.ndarray, *, tol: float, max_iter: int
) -> ProximalResult:
    """``proximal_newton`` on working sets of features until the whole problem's residual is at most ``tol``.

    Massias, Gramfort & Salmon (2018), "Celer: a fast solver for the lasso with dual extrapolation",
    algorithm 4, with Newton steps inside.
    """
    n_iter, moved = 0, True
    while True:
        certificate = problem.certificate(x, problem.image(x))
        if certificate.residual <= tol or n_iter >= max_iter or not moved:
            return ProximalResult(x, certificate, n_iter, certificate.residual <= tol)
        chosen = problem.working_set(x, certificate)
        goal = max(INNER * certificate.residual, 0.5 * tol)
        part = proximal_newton(
            problem.restrict(chosen),
            problem.pick(x, chosen),
            tol=goal,
            max_iter=max_iter - n_iter,
            certificate=certificate,
        )
        x, n_iter, moved = problem.put(part.x, chosen), n_iter + part.n_iter, part.n_iter > 0
