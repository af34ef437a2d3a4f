"""Losses of a residual whose slope is bounded, flat within a tube, or both: one formula for all of them."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import numpy as np

from ..utils._numbers import checked_number
from ._base import Curvature, Loss

# The share of a touching parabola's curvature that a smoothed loss shows where it is linear.
LINEAR_BEND = 1e-5


class Tube(NamedTuple):
    """``l(u) = max over s in [low, high] of s u - epsilon |s| - bend / 2 s^2`` for residuals ``u = z - y``.

    Slopes lie in [low, high], which holds 0; residuals up to epsilon cost nothing; ``bend`` is what the
    second derivative is one over, and 0 leaves a kink. It is a number, or an array broadcast to y.
    """

    low: float
    high: float
    epsilon: float
    bend: float | np.ndarray


class TubeLoss(Loss):
    """A loss of ``z - y`` that is a ``Tube``; subclasses say which."""

    @abstractmethod
    def tube(self) -> Tube:
        """The four numbers, checked."""

    @property
    def kinked(self):
        return not np.all(self.tube().bend)

    @property
    def flat(self):
        return np.isfinite(self.tube().low)

    @property
    def smoothness(self):
        return None if self.kinked else 1.0 / np.min(self.tube().bend)

    def value(self, y, z, w):
        tube = self.tube()
        outside, s = self._slopes(tube, y, z)
        # s * outside holds no epsilon |s|, since s and outside have one sign; outside may be huge and s 0.
        return float(np.vdot(w, s * outside - 0.5 * tube.bend * s * s))

    def gradient(self, y, z, w):
        return (w * self._slopes(self.tube(), y, z)[1])[..., None]

    def curvature(self, y, z, w):
        tube = self.tube()
        if self.kinked:
            raise ValueError(f"{self!r} has no second derivative; use its smoothed form")
        outside, s = self._slopes(tube, y, z)
        bends = (outside != 0) if tube.epsilon else np.ones(outside.shape, dtype=bool)
        h = (w * (bends & (tube.low < s) & (s < tube.high)) / tube.bend)[..., None]
        return Curvature(h, lambda direction: h * direction)

    def conjugate(self, y, r, w):
        tube, r = self.tube(), r[..., 0]
        s = np.divide(r, w, out=np.zeros_like(r), where=w > 0)
        return float(np.vdot(r, y + 0.5 * tube.bend * s) + tube.epsilon * np.abs(r).sum())

    def balance(self, y, r, w):
        """Without bounds r is shifted; with them it is mixed with the bound on the other side."""
        tube, sums, total = self.tube(), r.sum(axis=0)[:, 0], w.sum(axis=0)
        if not self.flat:
            return r - (sums / total)[:, None] * w[..., None]
        bound = np.where(sums > 0, tube.low, tube.high)
        share = sums / (sums - bound * total)
        return (1.0 - share)[:, None] * r + (share * bound)[:, None] * w[..., None]

    def start(self, y, w):
        tube = self.tube()
        level = -tube.low / (tube.high - tube.low) if self.flat else 0.5
        return np.array([weighted_quantile(*pair, level) for pair in zip(y.T, w.T, strict=True)])

    def smoothed(self, y, s, width):
        tube = self.tube()
        mu = width / (tube.high - tube.low)
        return SmoothedTube(tube._replace(bend=tube.bend + mu)), y - mu * s

    @staticmethod
    def _slopes(tube: Tube, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far residuals lie outside the tube, with their sign, and the slopes there, both (n, m)."""
        u = z[..., 0] - y
        outside = u - np.clip(u, -tube.epsilon, tube.epsilon) if tube.epsilon else u
        bend = np.broadcast_to(tube.bend, u.shape)
        s = np.divide(outside, bend, out=_steepest(outside), where=bend > 0)
        return outside, np.clip(s, tube.low, tube.high, out=s)


class SmoothedTube(TubeLoss):
    """A tube loss with more bend: its Moreau envelope.

    Its curvature is the true one plus, where the loss is linear, a little of that of the parabola which
    touches it from above (Huber 1981, "Robust statistics", section 7.8): a task whose residuals are all far
    away then still has a Newton step.
    """

    def __init__(self, shape: Tube):
        self.shape = shape

    def tube(self):
        return self.shape

    def curvature(self, y, z, w):
        outside, s = self._slopes(self.shape, y, z)
        far = (s == self.shape.low) | (s == self.shape.high)
        touching = np.divide(s, outside, out=np.zeros_like(s), where=far)
        h = super().curvature(y, z, w).diagonal + LINEAR_BEND * (w * touching)[..., None]
        return Curvature(h, lambda direction: h * direction)


class HuberLoss(TubeLoss):
    r"""Squared for small residuals, absolute for large ones: outliers pull with a bounded force.

    ``l(y, z) = u^2 / 2`` for ``u = |z - y| <= threshold``, else ``threshold * (u - threshold / 2)``.

    Parameters
    ----------
    threshold : float > 0, default 1.35
        In the units of y.

    References
    ----------
    Huber (1964), "Robust estimation of a location parameter", equation 2.
    """

    def __init__(self, threshold: float = 1.35):
        self.threshold = threshold

    def tube(self):
        threshold = checked_number("HuberLoss.threshold", self.threshold, 0)
        return Tube(-threshold, threshold, 0.0, 1.0)


class QuantileLoss(TubeLoss):
    r"""The pinball loss, whose best prediction is a quantile; 0.5 gives half the absolute error.

    ``l(y, z) = quantile * (y - z)`` where ``y > z``, else ``(1 - quantile) * (z - y)``.

    Parameters
    ----------
    quantile : float in (0, 1), default 0.5

    References
    ----------
    Koenker & Bassett (1978), "Regression quantiles", equation 3.1.
    """

    def __init__(self, quantile: float = 0.5):
        self.quantile = quantile

    def tube(self):
        quantile = checked_number("QuantileLoss.quantile", self.quantile, 0, 1)
        return Tube(-quantile, 1.0 - quantile, 0.0, 0.0)


class EpsilonInsensitiveLoss(TubeLoss):
    r"""Support vector regression: ``l(y, z) = max(|z - y| - epsilon, 0)``.

    Parameters
    ----------
    epsilon : float >= 0, default 0.1
        In the units of y: errors up to it cost nothing.

    References
    ----------
    Drucker, Burges, Kaufman, Smola & Vapnik (1997), "Support vector regression machines".
    """

    def __init__(self, epsilon: float = 0.1):
        self.epsilon = epsilon

    def tube(self):
        epsilon = checked_number("EpsilonInsensitiveLoss.epsilon", self.epsilon, 0, closed=True)
        return Tube(-1.0, 1.0, epsilon, 0.0)


class SquaredEpsilonInsensitiveLoss(TubeLoss):
    r"""Half the squared error beyond a tube: ``l(y, z) = max(|z - y| - epsilon, 0)^2 / 2``.

    Parameters
    ----------
    epsilon : float >= 0, default 0.1
        In the units of y: errors up to it cost nothing; 0 gives the squared loss.

    References
    ----------
    Ho & Lin (2012), "Large-scale linear support vector regression", equation 3, halved.
    """

    def __init__(self, epsilon: float = 0.1):
        self.epsilon = epsilon

    def tube(self):
        epsilon = checked_number("SquaredEpsilonInsensitiveLoss.epsilon", self.epsilon, 0, closed=True)
        return Tube(-np.inf, np.inf, epsilon, 1.0)


def weighted_quantile(y: np.ndarray, w: np.ndarray, level: float) -> float:
    """The smallest value of y (n,) below or at which lies a share ``level`` of the weights w (n,)."""
    order = np.argsort(y)
    order = order[w[order] > 0]
    sums = np.cumsum(w[order])
    return float(y[order[min(np.searchsorted(sums, level * sums[-1]), len(order) - 1)]])


def _steepest(outside: np.ndarray) -> np.ndarray:
    """The slope without a bend, before it is cut to the bounds: infinite, and 0 at the kink."""
    return np.where(outside == 0, 0.0, np.copysign(np.inf, outside))
