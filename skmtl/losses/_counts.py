"""Losses of counts."""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from ._base import Curvature, Loss


class PoissonLoss(Loss):
    r"""Counts or rates, whose expectation is ``exp(z)``: half the Poisson deviance.

    ``l(y, z) = exp(z) - y z + y log y - y``, which is 0 at ``exp(z) = y``. It is the loss of
    ``sklearn.linear_model.PoissonRegressor`` up to its terms in y alone.

    References
    ----------
    Nelder & Wedderburn (1972), "Generalized linear models".
    """

    bends = True

    def value(self, y, z, w):
        z = z[..., 0]
        with np.errstate(over="ignore", invalid="ignore"):  # a step too far: infinite, and taken back
            return float(np.vdot(w, np.exp(z) - y * z + (xlogy(y, y) - y)))

    def gradient(self, y, z, w):
        with np.errstate(over="ignore", invalid="ignore"):
            return (w * (np.exp(z[..., 0]) - y))[..., None]

    def curvature(self, y, z, w):
        h = w[..., None] * np.exp(z)
        return Curvature(h, lambda direction: h * direction)

    def conjugate(self, y, r, w):
        rate = self._rates(y, r[..., 0], w)
        return float(np.vdot(w, xlogy(rate, rate) - rate - xlogy(y, y) + y))

    def balance(self, y, r, w):
        """Rates times the factor that gives them the mean of y, as the best intercept would do it."""
        rate = self._rates(y, r[..., 0], w)
        total = np.einsum("nm,nm->m", w, rate)
        factor = np.einsum("nm,nm->m", w, y) / np.where(total > 0, total, 1.0)
        return (w * (factor * rate - y))[..., None]

    def start(self, y, w):
        # Positive counts may all have weight zero; then the best constant is minus infinity.
        return np.log(np.maximum(np.average(y, axis=0, weights=w), 1e-10))

    def mean(self, z):
        return np.exp(z)

    def check(self, y, shown):
        if (y < 0).any():
            raise ValueError(f"{shown}: PoissonLoss needs counts or rates >= 0, got {y.min():.6g}")
        if not (y > 0).any():
            raise ValueError(f"{shown}: PoissonLoss needs a count above 0, but all {len(y)} labels are 0")

    @staticmethod
    def _rates(y: np.ndarray, r: np.ndarray, w: np.ndarray) -> np.ndarray:
        """The rates exp(z) whose gradient is r; clipped, since rounding may make them negative."""
        return np.maximum(y + np.divide(r, w, out=np.zeros_like(r), where=w > 0), 0.0)
