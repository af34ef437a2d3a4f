"""Losses of class labels, given as positions in the list of classes."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_softmax, softmax

from ._base import Curvature, Loss


class LogisticLoss(Loss):
    """Two classes: ``l(y, z) = log(1 + exp(z)) - y z`` with y in {0, 1}; z is the log-odds of class 1."""

    takes_labels = True
    smoothness = 0.25
    bends = True

    def value(self, y, z, w):
        z = z[..., 0]
        return float(np.vdot(w, np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))) - y * z))

    def gradient(self, y, z, w):
        return (w * (expit(z[..., 0]) - y))[..., None]

    def curvature(self, y, z, w):
        p = expit(z)
        h = w[..., None] * p * (1.0 - p)
        return Curvature(h, lambda direction: h * direction)

    def conjugate(self, y, r, w):
        p = np.clip(_over(r, w)[..., 0] + y, 0.0, 1.0)
        return -float(np.vdot(w, _entropy(p) + _entropy(1.0 - p)))

    def check(self, y, shown):
        if y.max() > 1:
            raise ValueError(f"{shown}: LogisticLoss needs labels of two classes, got {int(y.max()) + 1}")

    def balance(self, y, r, w):
        both = np.concatenate([-r, r], axis=-1)
        return _balanced(both, np.stack([1.0 - y, y], axis=-1), w)[..., 1:]


class MultinomialLoss(Loss):
    """C classes: ``l(y, z) = log(sum_c exp(z_c)) - z_y``, symmetric in the classes."""

    takes_labels = True
    shift_free = True
    smoothness = 0.5
    bends = True

    def n_columns(self, n_classes):
        return n_classes

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

    def conjugate(self, y, r, w):
        p = np.clip(_over(r, w) + indicators(y, r), 0.0, 1.0)
        return -float(np.vdot(w, _entropy(p).sum(axis=-1)))

    def balance(self, y, r, w):
        return _balanced(r, indicators(y, r), w)


def _entropy(p: np.ndarray) -> np.ndarray:
    """``-p log p``, and 0 at 0; numpy's logarithm is several times faster than ``scipy.special.entr``."""
    return -p * np.log(np.maximum(p, np.finfo(float).tiny))


def _positions(y: np.ndarray) -> np.ndarray:
    return y.astype(np.intp)[..., None]


def indicators(y: np.ndarray, like: np.ndarray) -> np.ndarray:
    """1 in the column of the label's class, else 0, in the shape of ``like`` (n, m, C)."""
    return (_positions(y) == np.arange(like.shape[-1])).astype(like.dtype)


def _over(r: np.ndarray, w: np.ndarray) -> np.ndarray:
    return _ratio(r, w[..., None])


def _balanced(r: np.ndarray, indicators: np.ndarray, w: np.ndarray) -> np.ndarray:
    """``w (p - indicators)`` with probabilities p changed so that their mean is that of the indicators.

    First as the best intercepts would about do it, by a factor for each class (0 for one that is never
    shown), then exactly: p is mixed with the smallest share s of one distribution q for all rows,
    ``q = m + (f - m) / s`` for mean probabilities m and frequencies f of the classes.
    """
    total = w.sum(axis=0)[:, None]
    frequency = np.einsum("nm,nmc->mc", w, indicators) / total
    p = np.clip(_over(r, w) + indicators, 0.0, 1.0)
    p *= _ratio(frequency, np.einsum("nm,nmc->mc", w, p) / total)
    sums = p.sum(axis=-1, keepdims=True)
    p = np.where(sums > 0, _ratio(p, sums), frequency)
    mean = np.einsum("nm,nmc->mc", w, p) / total
    share = np.clip(_ratio(mean - frequency, mean).max(axis=-1, keepdims=True), 0.0, 1.0)
    mixed = share * (mean - indicators) + (frequency - mean)  # share * (q - indicators)
    return w[..., None] * ((1.0 - share) * (p - indicators) + mixed)


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, and 0 where b is 0."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape), a.dtype), where=b > 0)
