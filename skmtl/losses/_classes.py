"""Losses of class labels, given as positions in the list of classes."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_softmax, softmax

from ._base import Curvature, Loss


class LogisticLoss(Loss):
    """Two classes: ``l(y, z) = log(1 + exp(z)) - y z`` with y in {0, 1}; z is the log-odds of class 1."""

    def value(self, y, z, w):
        z = z[..., 0]
        return float(np.vdot(w, np.logaddexp(0.0, z) - y * z))

    def gradient(self, y, z, w):
        return (w * (expit(z[..., 0]) - y))[..., None]

    def curvature(self, y, z, w):
        p = expit(z)
        h = w[..., None] * p * (1.0 - p)
        return Curvature(h, lambda direction: h * direction)


class MultinomialLoss(Loss):
    """C classes: ``l(y, z) = log(sum_c exp(z_c)) - z_y``, symmetric in the classes."""

    def value(self, y, z, w):
        picked = np.take_along_axis(log_softmax(z, axis=-1), _positions(y), axis=-1)[..., 0]
        return -float(np.vdot(w, picked))

    def gradient(self, y, z, w):
        p = softmax(z, axis=-1)
        np.put_along_axis(p, _positions(y), np.take_along_axis(p, _positions(y), -1) - 1.0, axis=-1)
        return w[..., None] * p

    def curvature(self, y, z, w):
        p = softmax(z, axis=-1)
        w = w[..., None]

        def apply(direction):
            along = p * direction
            return w * (along - p * along.sum(axis=-1, keepdims=True))

        return Curvature(w * p * (1.0 - p), apply)


def _positions(y: np.ndarray) -> np.ndarray:
    return y.astype(np.intp)[..., None]
