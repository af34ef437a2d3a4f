"""The loss of key points that are found as the brightest places of maps."""

from __future__ import annotations

import numpy as np

from ._losses import Loss
from ._losses_classes import softmax


def heat_map(sigma: float = 1.5) -> Loss:
    """Kullback-Leibler divergence of each map from a Gaussian around its point.

    z is (n, h, w, K), y (n, 2 K) as x, y pairs in pixels, w (n, K); the middle of the pixel in row r and
    column c is at ``(c + 1/2, r + 1/2)``. With ``p = softmax(z)`` over the pixels of a map and g the Gaussian
    of standard deviation ``sigma`` pixels, scaled to sum to 1: ``l = sum g log(g / p)``.
    """
    if not sigma > 0:
        raise ValueError(f"heat_map: sigma must be > 0 pixels, got {sigma!r}")

    def loss(Z, y, w):
        n, height, width, K = Z.shape
        maps = np.moveaxis(Z, 3, 1).reshape(n, K, -1)
        P, log_sum = softmax(maps)
        goal, log_goal = _gaussian(y.reshape(n, K, 2), height, width, sigma)
        value = float(np.vdot(w, (goal * (log_goal - maps)).sum(axis=2) + log_sum))
        dZ = (w[:, :, None] * (P - goal)).reshape(n, K, height, width)
        return value, np.ascontiguousarray(np.moveaxis(dZ, 1, 3))

    return loss


def _gaussian(points: np.ndarray, height: int, width: int, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Gaussians around points (n, K, 2) as shares of the pixels (n, K, h w), and their logarithms."""
    x = np.arange(width) + points.dtype.type(0.5) - points[:, :, :1]
    y = np.arange(height) + points.dtype.type(0.5) - points[:, :, 1:]
    away = (y[:, :, :, None] ** 2 + x[:, :, None, :] ** 2).reshape(*points.shape[:2], -1)
    goal, log_sum = softmax(away / (-2 * sigma**2))
    return goal.astype(points.dtype), (away / (-2 * sigma**2) - log_sum[:, :, None]).astype(points.dtype)


def brightest(Z: np.ndarray, reach: int = 2) -> np.ndarray:
    """The places that maps (n, h, w, K) point at, (n, 2 K) as x, y in pixels.

    The mean of the pixels' middles up to ``reach`` pixels around the largest, weighted with the softmax of
    the map.
    """
    n, height, width, K = Z.shape
    maps = np.moveaxis(Z, 3, 1).reshape(n * K, -1)
    P = softmax(maps)[0].reshape(-1, height, width)
    row, column = np.divmod(maps.argmax(axis=1), width)
    down, across = np.arange(height) - row[:, None], np.arange(width) - column[:, None]
    P = P * (np.abs(down) <= reach)[:, :, None] * (np.abs(across) <= reach)[:, None, :]
    total = P.sum(axis=(1, 2))
    x = (P.sum(axis=1) * (np.arange(width) + 0.5)).sum(axis=1) / total
    y = (P.sum(axis=2) * (np.arange(height) + 0.5)).sum(axis=1) / total
    return np.stack([x, y], axis=1).reshape(n, 2 * K)
