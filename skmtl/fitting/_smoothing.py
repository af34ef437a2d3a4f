"""Losses with kinks, or flat far away, by way of smooth ones: the method of multipliers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..losses import Loss
from ..solvers import newton_cg, proximal_gradient
from ._composite import CompositeProblem
from ._data import DataLoss, LossPart
from ._problem import NO_GAP, JointProblem

# From one smooth problem to the next kinks are rounded over this share of the width, down to the least one,
# and the tolerance falls with it.
NARROWER, LEAST_WIDTH = 0.3, 3e-3
# Where the slopes are about known, from an earlier problem, fits start with this width.
KNOWN_WIDTH = 1e-2
FIRST_TOL, LEAST_TOL = 1e-1, 1e-13


class SmoothedResult(NamedTuple):
    """Where a fit by way of smooth losses stopped: the gap is that of the true problem, in its units.

    ``residual`` is the gap over the loss of the intercepts that the fit started from.
    """

    x: np.ndarray
    value: float
    gap: float
    residual: float
    n_iter: int
    converged: bool


def newton_by_smoothing(problem: JointProblem, x: np.ndarray, *, tol: float, max_iter: int) -> SmoothedResult:
    """Minimise a problem whose loss is flat or has kinks, until its relative gap is at most ``tol``."""
    null = problem.null_value()
    known = problem.smoothing is not None  # from the same data under another covariance
    smoothing = problem.smoothing or Smoothing(problem.data, problem.image(x), lambda loss: loss.flat)
    problem.smoothing, n_iter = smoothing, 0
    for width, inner in _schedule(KNOWN_WIDTH if known else 1.0):
        smooth = problem.with_data(smoothing.smooth(width))
        scale = float(np.abs(smooth.value_gradient(smooth.start())[1]).max())
        left = max_iter - n_iter
        result = newton_cg(smooth, x, tol=inner, max_iter=min(left, 50), gradient_scale=scale)
        x, n_iter = result.x, n_iter + max(result.n_iter, 1)
        smoothing.slopes = smooth.data.residual(problem.image(x))
        gap = problem.gap(x, smoothing.slopes)
        if gap <= tol * null or n_iter >= max_iter:
            return SmoothedResult(x, problem.value(x), gap, gap / null, n_iter, bool(gap <= tol * null))
    raise AssertionError("unreachable")


def proximal_by_smoothing(
    problem: CompositeProblem, x: np.ndarray, *, tol: float, max_iter: int
) -> SmoothedResult:
    """Minimise a problem whose data's loss has kinks, until its relative gap is at most ``tol``."""
    image = problem.image(x)
    smoothing = Smoothing(problem.data, image, lambda loss: loss.kinked)
    n_iter = 0
    for width, inner in _schedule():
        smooth = problem.with_data(smoothing.smooth(width))
        start = smooth.vector(*problem.parts(x))
        result = proximal_gradient(
            smooth, start, tol=max(inner, 0.1 * tol, 1e-12), max_iter=max_iter - n_iter
        )
        x, n_iter = problem.vector(*smooth.parts(result.x)), n_iter + max(result.n_iter, 1)
        image = problem.image(x)
        smoothing.slopes = smooth.data.residual(image)
        certificate = problem.gap(x, image, problem.data.feasible(smoothing.slopes))
        if certificate is None:
            raise ValueError(NO_GAP)
        residual, gap = certificate
        if residual <= tol or n_iter >= max_iter:
            value = problem.objective(x, image)
            return SmoothedResult(x, value, gap, residual, n_iter, residual <= tol)
    raise AssertionError("unreachable")


def _schedule(width: float = 1.0):
    """Widths, as shares of the residuals' size, and tolerances of the smooth problems."""
    tol = FIRST_TOL * width
    while True:
        yield width, tol
        width, tol = max(NARROWER * width, LEAST_WIDTH), max(NARROWER * tol, LEAST_TOL)


class Smoothing:
    """Smooth problems in the place of one that is not, each built around the slopes that the last one found.

    The minimum of the smooth problem is that of the true one as soon as the slopes are (Rockafellar 1976,
    "Augmented Lagrangians and applications of the proximal point algorithm in convex programming"), so that
    kinks need not be rounded over ever less. Parts that are smooth stay as they are.

    Parameters
    ----------
    data : DataLoss
        The true one.
    Z : (n, ...) raw predictions
        Where a fit starts: the size of the residuals there is the unit of the widths.
    wanted : function of a loss
        Whether it is to be smoothed.
    """

    def __init__(self, data: DataLoss, Z: np.ndarray, wanted: Callable[[Loss], bool]):
        self.data, self.wanted = data, wanted
        self.units = [self._unit(part, part.raw(Z)) for part in data.parts]
        self.slopes = np.zeros_like(Z)

    def smooth(self, share: float) -> DataLoss:
        """The data's loss with kinks rounded over that share of the residuals' size."""
        pairs = zip(self.data.parts, self.units, strict=True)
        parts = [part if unit is None else self._rounded(part, share * unit) for part, unit in pairs]
        data = self.data
        return DataLoss(data.design, parts, data.shape, intercept=data.intercept, shrinkage=data.shrinkage)

    def _rounded(self, part: LossPart, width: np.ndarray) -> LossPart:
        r = part.raw(self.slopes)[..., 0]
        s = np.divide(r, part.w, out=np.zeros_like(r), where=part.w > 0)
        loss, y = part.loss.smoothed(part.y, s, width)
        return part._replace(loss=loss, y=y)

    def _unit(self, part: LossPart, z: np.ndarray) -> np.ndarray | None:
        """The mean size of the residuals of each task, like y; None where nothing is to be smoothed."""
        if not self.wanted(part.loss):
            return None
        sizes, out = part.w * np.abs(z[..., 0] - part.y), np.empty_like(part.y)
        for rows in self.data.design.groups:
            out[rows] = sizes[rows].sum(axis=0) / part.w[rows].sum(axis=0)
        return np.where(out > 0, out, 1.0)
