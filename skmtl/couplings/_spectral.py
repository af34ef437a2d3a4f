"""Penalties of the singular values: what learned relations leave when the relation is minimised out."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from scipy.optimize import brentq

from ._penalties import Penalty

# Newton's steps that no root finder here needs in practice: three to ten are.
MOST_STEPS = 100
PRECISE = 1e-14


class SpectralPenalty(Penalty):
    """A convex function of the T singular values of W (rows, T); ``zeros`` of them are 0 for want of rows.

    Subclasses see the other ones, in rising order.
    """

    def value(self, W):
        return self.of_values(_singular_values(W), _zeros(W))

    def prox(self, V, step):
        wide = len(V) <= V.shape[1]
        squares, vectors = np.linalg.eigh(V @ V.T if wide else V.T @ V)
        values = np.sqrt(np.maximum(squares, 0.0))
        shrunk = self.shrink_values(values, step, _zeros(V))
        share = np.divide(shrunk, values, out=np.zeros_like(values), where=values > 0)
        turn = (vectors * share) @ vectors.T
        return turn @ V if wide else V @ turn

    def conjugate(self, G):
        return self.conjugate_of_values(_singular_values(G), _zeros(G))

    @abstractmethod
    def of_values(self, values: np.ndarray, zeros: int) -> float:
        """The penalty of a matrix with these singular values."""

    @abstractmethod
    def shrink_values(self, values: np.ndarray, step: float, zeros: int) -> np.ndarray:
        """The singular values of the prox of a matrix with these."""

    @abstractmethod
    def conjugate_of_values(self, values: np.ndarray, zeros: int) -> float:
        """The conjugate at a matrix with these singular values."""


class SmoothedTraceNorm(SpectralPenalty):
    r"""``h(W) = (tr (W'W + eps I)^(1/2))^2 / (2 budget)``, half the squared trace norm where ``eps`` is 0.

    It is ``min tr(W Omega^-1 W') / 2 + eps / 2 * tr(Omega^-1)`` over Omega of that trace. Unlike other
    penalties it is not 0 at 0.
    """

    def __init__(self, budget: float, smoothing: float):
        self.budget, self.smoothing = budget, smoothing

    def of_values(self, values, zeros):
        total = np.sqrt(values**2 + self.smoothing).sum() + zeros * np.sqrt(self.smoothing)
        return 0.5 * float(total) ** 2 / self.budget

    def shrink_values(self, values, step, zeros):
        weight = step / self.budget
        if self.smoothing == 0:
            return np.maximum(values - weight * _shrunk_sum(values, weight), 0.0)
        return _smooth_shrink(values, weight, self.smoothing, zeros)

    def conjugate_of_values(self, values, zeros):
        """``max sum_i omega_i g_i^2 / 2 - eps / (2 omega_i)`` over omega of sum ``budget``: by its dual.

        ``min over m >= max g^2`` of ``budget * m / 2 - sum_i sqrt(eps (m - g_i^2))`` is the same, and any m
        gives an upper bound: no rounding can make a gap too small.
        """
        largest, eps = float(values[-1]) ** 2, self.smoothing
        if eps == 0:
            return 0.5 * self.budget * largest
        squares = np.concatenate([np.zeros(zeros), values**2])

        def excess(above):
            return np.sqrt(eps / (above + (largest - squares))).sum() - self.budget

        low = eps / self.budget**2
        high = low * len(squares) ** 2
        above = brentq(excess, low * 0.999, high * 1.001, xtol=1e-12 * low, rtol=1e-14)
        taken = np.sqrt(eps * (above + (largest - squares))).sum()
        return 0.5 * self.budget * (above + largest) - float(taken)


class ClusterNorm(SpectralPenalty):
    r"""``h(W) = price / 2 * min over m of sum_i s_i^2 / (eta + m_i)``, ``0 <= m <= 1``, ``sum m = k``.

    s are the T singular values; ``price = eta (1 + eta)`` makes it the penalty of ``ClusteredTasks``.
    """

    def __init__(self, k: int, eta: float):
        self.k, self.eta, self.price = k, eta, eta * (1.0 + eta)

    def of_values(self, values, zeros):
        return (
            0.5 * self.price * float((values**2 / (self.eta + self._spread(values, self.eta, zeros))).sum())
        )

    def shrink_values(self, values, step, zeros):
        # For given m the values shrink by (eta + m) / (eta + m + t), and what they cost is their penalty
        # with eta + t in the place of eta.
        t = step * self.price
        kept = self.eta + self._spread(values, self.eta + t, zeros)
        return values * (kept / (kept + t))

    def conjugate_of_values(self, values, zeros):
        squares = values**2
        return 0.5 * float(self.eta * squares.sum() + squares[-self.k :].sum()) / self.price

    def _spread(self, values, eta, zeros):
        return spread_projection(np.concatenate([np.zeros(zeros), values]), self.k, eta)[zeros:]


class CommonColumn(Penalty):
    r"""``h(W) = |w|^2 / (2 share)`` where all columns of W are w, infinite elsewhere."""

    def __init__(self, share_of_variance: float):
        self.variance = share_of_variance

    def value(self, W):
        mean = W.mean(axis=1)
        return 0.5 * float(mean @ mean) / self.variance

    def prox(self, V, step):
        common = V.sum(axis=1) / (V.shape[1] + step / self.variance)
        return np.repeat(common[:, None], V.shape[1], axis=1)

    def conjugate(self, G):
        total = G.sum(axis=1)
        return 0.5 * self.variance * float(total @ total)


def spread_projection(sizes: np.ndarray, k: int, eta: float) -> np.ndarray:
    """The minimiser of ``sum_i sizes_i^2 / (eta + m_i)`` with ``0 <= m <= 1`` and ``sum m = k``.

    It is ``m = clip(sizes / nu - eta, 0, 1)`` for the nu that gives the sum; where fewer than k sizes are
    positive, the rest of the sum goes to the others, which do not care.
    """
    positive = sizes > 1e-12 * sizes.max(initial=0.0)
    n_positive = np.count_nonzero(positive)
    if n_positive <= k:
        rest = (k - n_positive) / max(len(sizes) - n_positive, 1)
        return np.where(positive, 1.0, rest)

    def excess(nu):
        return np.clip(sizes / nu - eta, 0.0, 1.0).sum() - k

    low, high = sizes[positive].min() / (1.0 + eta), sizes.max() / eta
    m = np.clip(sizes / brentq(excess, low, high, xtol=1e-15 * high) - eta, 0.0, 1.0)
    return m * (k / m.sum())


def _shrunk_sum(values: np.ndarray, weight: float) -> float:
    """``S = sum_i max(values_i - weight * S, 0)``: the r largest remain for the largest r that keeps them."""
    falling = values[::-1]
    sums = np.cumsum(falling) / (1.0 + weight * np.arange(1, len(values) + 1))
    kept = np.count_nonzero(falling > weight * sums)
    return float(sums[kept - 1]) if kept else 0.0


def _smooth_shrink(values: np.ndarray, weight: float, eps: float, zeros: int) -> np.ndarray:
    """The minimiser of ``|s - values|^2 / 2 + weight / 2 * S^2``, ``S = sum_i sqrt(s_i^2 + eps)``.

    S, with the ``zeros`` in it, is a root of a falling function: Newton's method inside a bracket.
    """
    constant = zeros * np.sqrt(eps)
    low, high = constant, constant + float(np.sqrt(values**2 + eps).sum())
    total = min(high, constant + _shrunk_sum(values, weight) + len(values) * np.sqrt(eps))
    s = values
    for _ in range(MOST_STEPS):
        s = _shrunk_by(values, weight * total, eps, s)
        root = np.sqrt(s * s + eps)
        excess = constant + float(root.sum()) - total
        low, high = (total, high) if excess > 0 else (low, total)
        if abs(excess) <= PRECISE * total or high - low <= PRECISE * total:
            break
        slope = -weight * float(((s / root) ** 2 / (1.0 + weight * total * eps / root**3)).sum()) - 1.0
        following = total - excess / slope
        total = following if low < following < high else 0.5 * (low + high)
    return s


def _shrunk_by(values: np.ndarray, amount: float, eps: float, start: np.ndarray) -> np.ndarray:
    """The roots s of ``s + amount * s / sqrt(s^2 + eps) = values``.

    The left side is concave: Newton's steps come from below, after the first one at the latest.
    """
    below = np.maximum(values - amount, values / (1.0 + amount / np.sqrt(eps)))
    s = np.maximum(start, below)
    for _ in range(MOST_STEPS):
        root = np.sqrt(s * s + eps)
        miss = s + amount * s / root - values
        following = np.maximum(s - miss / (1.0 + amount * eps / root**3), below)
        moved = np.abs(following - s).max()
        s = following
        if moved <= PRECISE * values[-1]:
            break
    return s


def _singular_values(W: np.ndarray) -> np.ndarray:
    return np.linalg.svd(W, compute_uv=False)[::-1]


def _zeros(W: np.ndarray) -> int:
    return max(W.shape[1] - W.shape[0], 0)
