"""Convex penalties of a matrix that have a proximal map: what proximal couplings are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np


class Penalty(ABC):
    """A convex function h of a matrix W (rows, columns) with h(0) = 0."""

    @abstractmethod
    def value(self, W: np.ndarray) -> float:
        """h(W)."""

    @abstractmethod
    def prox(self, V: np.ndarray, step: float) -> np.ndarray:
        """The minimiser of ``||W - V||_F^2 / 2 + step * h(W)``; V is left as it is."""

    def conjugate(self, G: np.ndarray) -> float | None:
        """``h*(G) = max over W of <G, W> - h(W)`` where that is finite; None: no formula."""
        return None

    def share(self, G: np.ndarray) -> float:
        """The largest s in [0, 1] for which ``h*(s G)`` is finite."""
        return 1.0

    def silent_from(self, G: np.ndarray) -> float:
        """The smallest a for which ``prox(G, a)`` is zero: G is then a times a slope of h at zero.

        Infinite where none up to about 1e9 times the largest entry does, as for penalties that are smooth
        at zero. Bisection, to a relative 1e-9, unless a penalty knows better.
        """
        low, high = 0.0, max(float(np.abs(G).max(initial=0.0)), np.finfo(float).tiny)
        for _ in range(31):
            if not self.prox(G, high).any():
                break
            low, high = high, 2.0 * high
        else:
            return np.inf
        while high - low > 1e-9 * high:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.prox(G, middle).any() else (low, middle)
        return high


class NormPenalty(Penalty):
    r"""``h(W) = weight * ||W|| + ridge / 2 * ||W||_F^2`` for a norm that a subclass gives.

    The prox of the sum shrinks, then scales; by Moreau's identity the conjugate is half the squared
    distance to the dual ball over ``ridge``, and without a ridge it is zero inside that ball.
    """

    def __init__(self, weight: float = 1.0, ridge: float = 0.0):
        self.weight, self.ridge = weight, ridge

    @abstractmethod
    def norm(self, W: np.ndarray) -> float:
        """The norm."""

    @abstractmethod
    def shrink(self, V: np.ndarray, amount: float) -> np.ndarray:
        """The proximal map of ``amount`` times the norm."""

    @abstractmethod
    def dual_norm(self, G: np.ndarray) -> float:
        """The largest ``<G, W>`` over the norm's unit ball."""

    def value(self, W):
        value = self.weight * self.norm(W) if self.weight else 0.0
        return value + 0.5 * self.ridge * float(np.vdot(W, W)) if self.ridge else value

    def prox(self, V, step):
        scale = 1.0 / (1.0 + step * self.ridge)
        V = V * scale
        return self.shrink(V, step * self.weight * scale) if self.weight else V

    def conjugate(self, G):
        if not self.ridge:
            return 0.0
        outside = self.shrink(G, self.weight) if self.weight else G
        return 0.5 * float(np.vdot(outside, outside)) / self.ridge

    def share(self, G):
        if self.ridge:
            return 1.0
        largest = self.dual_norm(G)
        return 1.0 if largest <= self.weight else self.weight / largest

    def silent_from(self, G):
        return self.dual_norm(G) / self.weight if self.weight else np.inf


class RowNorm(NormPenalty):
    """L2,1: the sum of the Euclidean norms of the rows; features enter for all tasks or for none."""

    def norm(self, W):
        return float(_row_norms(W).sum())

    def shrink(self, V, amount):
        return V * shrinkage(_row_norms(V), amount)[:, None]

    def dual_norm(self, G):
        return float(_row_norms(G).max(initial=0.0))


class RowMax(NormPenalty):
    """L1,inf: the sum of the largest magnitudes of the rows; its prox is a projection onto L1 balls."""

    def norm(self, W):
        return float(np.abs(W).max(axis=1, initial=0.0).sum())

    def shrink(self, V, amount):
        return V - project_rows_l1(V, amount)

    def dual_norm(self, G):
        return float(np.abs(G).sum(axis=1).max(initial=0.0))


class TaskNorm(NormPenalty):
    """The sum of the Euclidean norms of the tasks' columns: whole tasks are zero or not."""

    def __init__(self, task_of_column: np.ndarray, weight: float = 1.0, ridge: float = 0.0):
        super().__init__(weight, ridge)
        self.task_of_column = task_of_column

    def task_norms(self, W: np.ndarray) -> np.ndarray:
        """Euclidean norm of each task's columns (n_tasks,)."""
        return np.sqrt(np.bincount(self.task_of_column, weights=np.einsum("dp,dp->p", W, W)))

    def norm(self, W):
        return float(self.task_norms(W).sum())

    def shrink(self, V, amount):
        return V * shrinkage(self.task_norms(V), amount)[self.task_of_column]

    def dual_norm(self, G):
        return float(self.task_norms(G).max())


class EntryNorm(NormPenalty):
    """L1: the sum of the magnitudes of all entries."""

    def norm(self, W):
        return float(np.abs(W).sum())

    def shrink(self, V, amount):
        return np.sign(V) * np.maximum(np.abs(V) - amount, 0.0)

    def dual_norm(self, G):
        return float(np.abs(G).max(initial=0.0))


class TraceNorm(NormPenalty):
    """The sum of the singular values; its prox shrinks them, so that W gets low rank."""

    def norm(self, W):
        return float(_singular_values(W).sum())

    def shrink(self, V, amount):
        return shrink_spectrum(V, lambda values: amount)

    def dual_norm(self, G):
        return _largest_singular_value(G)


class SquaredTraceNorm(Penalty):
    """``h(W) = ||W||_*^2 / 2``, half the squared sum of the singular values."""

    def value(self, W):
        return 0.5 * float(_singular_values(W).sum()) ** 2

    def prox(self, V, step):
        def amount(values):
            # The shrunk values are (values - step * S)_+ with S their own sum: the r largest are positive
            # for the largest r that keeps the r-th so.
            sums = np.cumsum(values) / (1.0 + step * np.arange(1, len(values) + 1))
            return step * sums[max(np.count_nonzero(values > step * sums), 1) - 1]

        return shrink_spectrum(V, amount)

    def conjugate(self, G):
        return 0.5 * _largest_singular_value(G) ** 2

    def silent_from(self, G):
        return np.inf if G.any() else 0.0  # smooth at zero


# Squares of singular values keep those above this share of the largest to eight digits or more.
SQUARED = 1e-4


def shrink_spectrum(V: np.ndarray, amount: Callable[[np.ndarray], float]) -> np.ndarray:
    """V with each singular value less ``amount(values)``, or 0; ``values`` are falling.

    By the eigenvectors of V' V or V V', the smaller one, where nothing is kept that squares would lose.
    """
    narrow = V if len(V) <= V.shape[1] else V.T
    squares, vectors = np.linalg.eigh(narrow @ narrow.T)
    values, vectors = np.sqrt(np.maximum(squares, 0.0))[::-1], vectors[:, ::-1]
    least = amount(values)
    kept = values > least
    if least >= SQUARED * values.max(initial=0.0):
        shrunk = (vectors[:, kept] * (1.0 - least / values[kept])) @ (vectors[:, kept].T @ narrow)
        return shrunk if narrow is V else shrunk.T
    left, values, right = np.linalg.svd(V, full_matrices=False)
    least = amount(values)
    kept = values > least
    return (left[:, kept] * (values[kept] - least)) @ right[kept]


def shrinkage(norms: np.ndarray, amount: float) -> np.ndarray:
    """``max(1 - amount / norm, 0)``, and 0 where the norm is 0."""
    positive = norms > amount
    return np.where(positive, 1.0 - amount / np.where(positive, norms, 1.0), 0.0)


def project_rows_l1(V: np.ndarray, radius: float) -> np.ndarray:
    """Each row of V onto the L1 ball of that radius (Duchi et al. 2008, "Efficient projections")."""
    size = np.abs(V)
    falling = -np.sort(-size, axis=1)
    excess = (np.cumsum(falling, axis=1) - radius) / np.arange(1, V.shape[1] + 1)
    kept = np.maximum(np.count_nonzero(falling > excess, axis=1), 1)
    threshold = np.take_along_axis(excess, kept[:, None] - 1, axis=1)
    return np.sign(V) * np.maximum(size - np.maximum(threshold, 0.0), 0.0)


def _row_norms(W: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("dp,dp->d", W, W))


def _largest_singular_value(W: np.ndarray) -> float:
    small = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
    return float(np.sqrt(max(np.linalg.eigvalsh(small).max(initial=0.0), 0.0)))


def _singular_values(W: np.ndarray) -> np.ndarray:
    return np.linalg.svd(W, compute_uv=False)
