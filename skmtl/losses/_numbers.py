"""Losses of numbers."""

from __future__ import annotations

import numpy as np

from ._base import Curvature, Loss


class SquaredLoss(Loss):
    """Half the squared error, ``l(y, z) = (z - y)^2 / 2``."""

    quadratic = True

    def value(self, y, z, w):
        residual = z[..., 0] - y
        return 0.5 * float(np.vdot(w * residual, residual))

    def gradient(self, y, z, w):
        return (w * (z[..., 0] - y))[..., None]

    def curvature(self, y, z, w):
        w = np.asarray(w)[..., None]
        return Curvature(np.broadcast_to(w, z.shape), lambda direction: w * direction)
