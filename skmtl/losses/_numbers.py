"""Losses of numbers."""

from __future__ import annotations

import numpy as np

from ._base import Curvature, Loss


class SquaredLoss(Loss):
    """Half the squared error, ``l(y, z) = (z - y)^2 / 2``."""

    quadratic = True
    smoothness = 1.0
    bends = True

    def value(self, y, z, w):
        residual = z[..., 0] - y
        return 0.5 * float(np.vdot(w * residual, residual))

    def gradient(self, y, z, w):
        return (w * (z[..., 0] - y))[..., None]

    def curvature(self, y, z, w):
        w = np.asarray(w)[..., None]
        return Curvature(np.broadcast_to(w, z.shape), lambda direction: w * direction)

    def conjugate(self, y, r, w):
        r = r[..., 0]
        scaled = np.divide(r, w, out=np.zeros_like(r), where=w > 0)
        return float(np.vdot(r, 0.5 * scaled + y))

    def balance(self, y, r, w):
        return r - (r.sum(axis=0) / w.sum(axis=0)[:, None]) * w[..., None]
