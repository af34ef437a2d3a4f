"""Losses of numbers, and what all losses share.

A loss is a function ``loss(Z, y, w) -> (value, dZ)``: the weighted sum ``sum_i w_i l(z_i, y_i)`` over the
batch, and its derivative in the network's output Z, of Z's shape and type. Weights are not negative; an
entry of weight zero is unobserved, and its y is any finite number. No loss is ever negative.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import xlogy

Loss = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def squared() -> Loss:
    """``l(z, y) = (z - y)^2 / 2`` for each entry: z, y and w are (n, k)."""

    def loss(Z, y, w):
        residual = Z - y
        weighted = w * residual
        return 0.5 * float(np.vdot(weighted, residual)), weighted

    return loss


def huber(delta: float = 1.0) -> Loss:
    """``l = r^2 / 2`` where ``|r| <= delta``, else ``delta (|r| - delta / 2)``, r = z - y; all are (n, k)."""

    def loss(Z, y, w):
        residual = Z - y
        clipped = np.clip(residual, -delta, delta)
        return float(np.vdot(w, clipped * (residual - 0.5 * clipped))), w * clipped

    return loss


def quantile(levels) -> Loss:
    """``sum_q max(q r_q, (q - 1) r_q)``, r_q = y - z_q: z is (n, Q) for Q levels in (0, 1), y and w (n,).

    Koenker & Bassett (1978), eq. 2.3. At r = 0 the derivative is that from above, ``-q``.
    """
    levels = np.atleast_1d(np.asarray(levels, dtype=float))
    if not ((levels > 0) & (levels < 1)).all():
        raise ValueError(f"quantile: levels must lie between 0 and 1, got {levels.tolist()}")

    def loss(Z, y, w):
        slope = levels.astype(Z.dtype) - (y[:, None] < Z)
        residual = y[:, None] - Z
        return float(np.vdot(w, (slope * residual).sum(axis=1))), -w[:, None] * slope

    return loss


def poisson() -> Loss:
    """Half the deviance, ``l(z, y) = exp(z) - y z + y log(y) - y`` for counts y >= 0, with z = log(mean)."""

    def loss(Z, y, w):
        mean = np.exp(Z)
        return float(np.vdot(w, mean - y * Z + xlogy(y, y) - y)), w * (mean - y)

    return loss


def point_distance(delta: float = 1.0) -> Loss:
    """Key points: ``delta^2 (sqrt(1 + (d / delta)^2) - 1)`` of each point's distance d.

    z and y are (n, 2 K) as x, y pairs, w (n, K). Half the squared distance near the point, delta times
    the distance far from it, and the same in every direction (Charbonnier et al. 1997).
    """

    def loss(Z, y, w):
        away = (Z - y).reshape(len(Z), -1, 2)
        root = np.sqrt(1 + (away**2).sum(axis=2) / delta**2)
        value = float(np.vdot(w, root - 1)) * delta**2
        return value, ((w / root)[:, :, None] * away).reshape(Z.shape)

    return loss
