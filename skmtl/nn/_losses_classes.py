"""Losses of class labels. See ``_losses.py`` for what all losses share."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ._losses import Loss


def binary_cross_entropy() -> Loss:
    """``l(z, y) = log(1 + exp(z)) - y z`` for each entry, y in {0, 1}: z, y and w are (n, k).

    One task of two classes, or k tags.
    """

    def loss(Z, y, w):
        value = np.vdot(w, np.logaddexp(0, Z) - y * Z)
        return float(value), w * (expit(Z) - y)

    return loss


def cross_entropy() -> Loss:
    """``l(z, y) = log(sum_c exp(z_c)) - z_y``: z is (..., C), y (...) of class positions, w (...)."""

    def loss(Z, y, w):
        P, log_sum = softmax(Z)
        rows, w = np.ascontiguousarray(P).reshape(-1, Z.shape[-1]), w.reshape(-1)
        true = np.arange(len(rows)), y.reshape(-1).astype(np.intp)
        value = float(np.vdot(w, log_sum.reshape(-1) - Z.reshape(rows.shape)[true]))
        rows[true] -= 1
        rows *= w[:, None]
        return value, rows.reshape(Z.shape)

    return loss


def softmax(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities along the last axis, and ``log(sum exp(Z))`` without it."""
    top = Z.max(axis=-1, keepdims=True)
    P = np.exp(Z - top)
    total = P.sum(axis=-1, keepdims=True)
    P /= total
    return P, (np.log(total) + top)[..., 0]


def ordinal() -> Loss:
    """Classes in order: ``sum_k log(1 + exp(z_k)) - [y > k] z_k`` with C - 1 columns of z for C classes.

    z is (n, C - 1), the log-odds of y > k; y (n,) are positions, w (n,). Cao, Mirjalili & Raschka
    (2020), eq. 4; put ``ordered_biases`` before it.
    """
    binary = binary_cross_entropy()

    def loss(Z, y, w):
        above = (y[:, None] > np.arange(Z.shape[1])).astype(Z.dtype)
        return binary(Z, above, np.broadcast_to(w[:, None], Z.shape))

    return loss


def dense_cross_entropy(dice: float = 1.0, smooth: float = 1.0) -> Loss:
    """Cross-entropy of every pixel, plus ``dice`` times the soft Dice loss of every image.

    z is (n, h, w, C), y (n, h, w) of class positions with 0 the background, weights (n, h, w). For image i,
    with probabilities p and indicators g, sums over pixels weighted and scaled to mean 1:

    ``D_i = W_i mean over c > 0 of 1 - (2 sum p_c g_c + smooth) / (sum p_c + sum g_c + smooth)``

    where W_i is the sum of the image's weights: an image without a weighted pixel counts nothing.
    Milletari, Navab & Ahmadi (2016), with the sums of Sudre et al. (2017).
    """

    def loss(Z, y, w):
        P, log_sum = softmax(Z)
        truth = (y[..., None] == np.arange(Z.shape[-1])).astype(Z.dtype)
        value = float(np.vdot(w, log_sum - (Z * truth).sum(axis=-1)))
        dZ = w[..., None] * (P - truth)
        if dice:
            more, dP = _dice(P[..., 1:], truth[..., 1:], w, smooth)
            value += dice * more
            dP = np.concatenate([np.zeros_like(P[..., :1]), dice * dP], axis=-1)
            dZ += P * (dP - (dP * P).sum(axis=-1, keepdims=True))
        return value, dZ

    return loss


def _dice(P, truth, w, smooth):
    """Dice loss summed over images and its derivative in P (n, h, w, C - 1)."""
    total = w.sum(axis=(1, 2), keepdims=True)
    seen = (w > 0).sum(axis=(1, 2), keepdims=True)
    relative = (w * (seen / np.where(total > 0, total, 1)).astype(P.dtype))[..., None]
    both = (relative * P * truth).sum(axis=(1, 2), keepdims=True)
    either = (relative * (P + truth)).sum(axis=(1, 2), keepdims=True)
    top, bottom = 2 * both + smooth, either + smooth
    share = total[..., None] / P.shape[-1]
    value = float((share * (1 - top / bottom)).sum())
    return value, share * relative * (top / bottom - 2 * truth) / bottom
