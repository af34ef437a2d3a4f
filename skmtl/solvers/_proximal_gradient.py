"""Accelerated proximal gradient, for a smooth function of a linear image plus one with a prox."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from ._precision import Patience, rounding

# The certificate costs about half a step, so it is looked at after this many.
STEPS_BETWEEN_CHECKS = 10
# Changes of the residual below this share of it are rounding, not curvature.
ROUNDING = 1e-14
# The step is lengthened by this share each time, in case the curvature has become smaller.
LENGTHEN = 1.03


class Certificate(NamedTuple):
    """How far from the minimum a point can be.

    ``residual`` is what ``tol`` bounds, a relative number; ``gap`` bounds the distance of the value to the
    minimum, in the units of the objective, and is None where no dual problem is known.
    """

    residual: float
    gap: float | None


class CompositeProblem(Protocol):
    """Minimise ``f(A x) + h(x)``: what ``proximal_gradient`` needs; x is a vector (p,).

    The image A x is linear, so that of an extrapolated point costs nothing. ``lipschitz`` is a first guess
    of the largest curvature of f(A x), which may be too small or too large.
    """

    lipschitz: float

    def image(self, x: np.ndarray) -> np.ndarray:
        """A x."""

    def residual(self, image: np.ndarray) -> np.ndarray:
        """The derivative of f at the image, an array like it."""

    def pull_back(self, residual: np.ndarray) -> np.ndarray:
        """The adjoint of A: the gradient of the smooth part in x."""

    def prox(self, x: np.ndarray, step: float) -> np.ndarray:
        """The minimiser of ``|z - x|^2 / 2 + step * h(z)`` over z."""

    def certificate(self, x: np.ndarray, image: np.ndarray) -> Certificate: ...


class ProximalResult(NamedTuple):
    """Where ``proximal_gradient`` stopped."""

    x: np.ndarray
    certificate: Certificate
    n_iter: int
    converged: bool


def proximal_gradient(
    problem: CompositeProblem, x: np.ndarray, *, tol: float, max_iter: int
) -> ProximalResult:
    """Minimise until the certificate's residual is at most ``tol``.

    FISTA (Beck & Teboulle 2009) with the step found by backtracking and the momentum dropped whenever it
    points uphill (O'Donoghue & Candes 2015, "Adaptive restart for accelerated gradient schemes").
    """
    image = problem.image(x)
    lipschitz, momentum, ahead, ahead_image = problem.lipschitz, 1.0, x, image
    certificate, patience = problem.certificate(x, image), Patience(x.dtype)
    for n_iter in range(max_iter + 1):
        if certificate.residual <= tol or n_iter == max_iter:
            break
        new, new_image, lipschitz = _step(problem, ahead, ahead_image, lipschitz / LENGTHEN)
        if np.vdot(ahead - new, new - x) > 0:
            momentum = 1.0
        following = 0.5 * (1.0 + float(np.sqrt(1.0 + 4.0 * momentum**2)))
        push = (momentum - 1.0) / following
        ahead, ahead_image = new + push * (new - x), new_image + push * (new_image - image)
        x, image, momentum = new, new_image, following
        if (n_iter + 1) % STEPS_BETWEEN_CHECKS == 0 or n_iter + 1 == max_iter:
            certificate = problem.certificate(x, image)
            if patience.over(certificate.residual, (x, certificate)):
                x, certificate = patience.state
                break
    return ProximalResult(x, certificate, n_iter, certificate.residual <= tol)


def _step(problem: CompositeProblem, x: np.ndarray, image: np.ndarray, lipschitz: float):
    """One proximal step from x, as long as the curvature along it allows.

    The curvature is ``<change of the residual, change of the image>``: unlike a difference of values it is
    not lost in rounding close to the minimum.
    """
    residual = problem.residual(image)
    gradient, size = problem.pull_back(residual), np.linalg.norm(residual)
    if not np.isfinite(size):
        raise FloatingPointError("the objective is not finite: scale the features or raise alpha")
    for _ in range(100):
        new = problem.prox(x - gradient / lipschitz, 1.0 / lipschitz)
        new_image = problem.image(new)
        along = new_image - image
        curvature = np.vdot(problem.residual(new_image) - residual, along)
        slack = rounding(ROUNDING, x.dtype) * size * np.linalg.norm(along)
        if curvature <= lipschitz * np.vdot(new - x, new - x) + slack:
            return new, new_image, lipschitz
        lipschitz *= 1.5
    raise FloatingPointError("no step length decreases the objective: scale the features")
