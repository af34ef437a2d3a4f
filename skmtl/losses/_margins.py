"""Losses of class labels that ask for a margin."""

from __future__ import annotations

import numpy as np

from ._base import Curvature, Loss
from ._classes import indicators


class SquaredHingeLoss(Loss):
    r"""Support vector machines: half the squared shortfall of a margin of 1.

    ``l(y, z) = sum_c max(1 - s_c z_c, 0)^2 / 2`` with ``s_c = 1`` for the label's class and -1 for others:
    one column for two classes (of the second one), one against the rest for each class of more.

    References
    ----------
    Chang, Hsieh & Lin (2008), "Coordinate descent method for large-scale L2-loss linear support vector
    machines", equation 2.
    """

    takes_labels = True
    smoothness = 1.0

    def n_columns(self, n_classes):
        return 1 if n_classes == 2 else n_classes

    def value(self, y, z, w):
        _, short = self._short(y, z)
        return 0.5 * float(np.vdot(w, np.einsum("nmc,nmc->nm", short, short)))

    def gradient(self, y, z, w):
        side, short = self._short(y, z)
        return -w[..., None] * side * short

    def curvature(self, y, z, w):
        h = w[..., None] * (self._short(y, z)[1] > 0)
        return Curvature(h, lambda direction: h * direction)

    def conjugate(self, y, r, w):
        # With a = -s r / w >= 0 the conjugate is a^2 / 2 - a.
        a, w = self._pull(y, r), w[..., None]
        return float(0.5 * np.vdot(a, np.divide(a, w, out=np.zeros_like(a), where=w > 0)) - a.sum())

    def balance(self, y, r, w):
        """The pull of the side that is stronger is weakened: its multiples stay in the domain."""
        side, pull = _sides(y, r), self._pull(y, r)
        up, down = (np.where(side * sign > 0, pull, 0.0) for sign in (1, -1))
        ups, downs = up.sum(axis=0), down.sum(axis=0)
        common = np.minimum(ups, downs)
        factors = [np.divide(common, s, out=np.zeros_like(s), where=s > 0) for s in (ups, downs)]
        return factors[1] * down - factors[0] * up

    @staticmethod
    def _short(y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The side (1 or -1) of each column, and how much its margin falls short of 1."""
        side = _sides(y, z)
        return side, np.maximum(1.0 - side * z, 0.0)

    @staticmethod
    def _pull(y: np.ndarray, r: np.ndarray) -> np.ndarray:
        return np.maximum(-_sides(y, r) * r, 0.0)


def _sides(y: np.ndarray, like: np.ndarray) -> np.ndarray:
    shown = y[..., None] if like.shape[-1] == 1 else indicators(y, like)
    return 2.0 * shown - 1.0
