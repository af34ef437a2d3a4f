"""Squared loss where tasks differ, penalties of rows, entries or tasks: descent to a duality gap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._anderson import Anderson
from ._task_states import TaskGrams, TaskResiduals

SWEEPS_BETWEEN_CHECKS = 5
# A working set holds the features in use, this share more of them, and this many besides.
MARGIN, BESIDES = 0.3, 64
# How much smaller than the whole problem's the gap on a working set must become.
INNER = 0.3
TINY = np.finfo(float).tiny


class PartPrices(NamedTuple):
    r"""``rows * sum_j |p_j| + entries * sum_jt |q_jt| + tasks * sum_t |q_t| + ridge / 2 * |P + Q|_F^2``.

    Infinity forbids a penalty. Rows alone are joint sparsity, entries alone the lasso of every task, both
    the dirty model; rows and tasks are robust feature learning. ``peak``: a row costs its largest magnitude
    in place of its length.
    """

    rows: float = np.inf
    entries: float = np.inf
    tasks: float = np.inf
    ridge: float = 0.0
    peak: bool = False

    def value(self, parts: np.ndarray) -> float:
        """At parts (2, d, T)."""
        shared, own = parts
        pairs = [(self.rows, _row_sizes(shared, self.peak)), (self.entries, np.abs(own))]
        pairs.append((self.tasks, _lengths(own.T)))
        value = sum(price * float(sizes.sum()) for price, sizes in pairs if np.isfinite(price))
        W = shared + own
        return value + 0.5 * self.ridge * float(np.vdot(W, W)) if self.ridge else value

    def dual_sizes(self, slopes: np.ndarray) -> list[tuple[float, np.ndarray]]:
        """Each finite price and what it bounds at the minimum: for features, for features, for tasks."""
        rows = np.abs(slopes).sum(axis=1) if self.peak else _lengths(slopes)
        entries = np.abs(slopes).max(axis=1, initial=0.0)
        pairs = [(self.rows, rows), (self.entries, entries), (self.tasks, _lengths(slopes.T))]
        return [(price, sizes) for price, sizes in pairs if np.isfinite(price)]

    @property
    def numbers(self) -> np.ndarray:
        """What the kernels take."""
        return np.array([max(self.rows, TINY), self.entries, self.ridge, float(self.peak)])


def _row_sizes(P: np.ndarray, peak: bool) -> np.ndarray:
    return np.abs(P).max(axis=1, initial=0.0) if peak else _lengths(P)


def _lengths(P: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("jt,jt->j", P, P))


class TaskRowResult(NamedTuple):
    """Where ``task_row_descent`` stopped: parts (2, d, T); ``residual`` is the gap over the value at zero."""

    parts: np.ndarray
    value: float
    gap: float
    residual: float
    n_iter: int
    converged: bool


def task_row_descent(
    whole: TaskGrams | TaskResiduals, prices: PartPrices, *, tol: float, max_iter: int
) -> TaskRowResult:
    r"""Minimise ``sum_t |y_t - X_t w_t|^2 / 2`` plus the prices of the parts of W = P + Q.

    The Hessian of a row of W is diagonal over tasks, so that its minimiser is one number's equation away
    (Qin, Scheinberg & Goldfarb 2013, "Efficient block-coordinate descent algorithms for the group lasso");
    sweeps are extrapolated (Bertrand & Massias 2021, "Anderson acceleration of coordinate descent") and run
    on working sets of features (Massias, Gramfort & Salmon 2018, "Celer").

    Parameters
    ----------
    whole : TaskGrams or TaskResiduals
        The squared loss and where to start; is changed.
    prices : PartPrices
        At least one part is allowed.
    tol : float
        Bounds the duality gap over the value at zero.
    max_iter : int
        Bounds the sweeps over working sets.
    """
    gap, n_iter = TaskRowGap(whole, prices), 0
    while gap.residual > tol and n_iter < max_iter:
        chosen = gap.working_set()
        part = whole.restrict(chosen) if len(chosen) < len(whole.shared) else whole
        goal = max(INNER * gap.residual, 0.5 * tol) if part is not whole else tol
        n_iter += _descend(part, prices, goal * gap.null, max_iter - n_iter)
        if part is not whole:
            whole.shared[chosen], whole.own[chosen] = part.shared, part.own
        whole.refresh()
        gap = TaskRowGap(whole, prices)
    reached = bool(gap.residual <= tol)
    return TaskRowResult(whole.parts(), gap.value, gap.gap, gap.residual, n_iter, reached)


def _descend(state, prices: PartPrices, goal: float, max_iter: int) -> int:
    """Sweep until the gap is at most ``goal``; how often."""
    memory = Anderson(SWEEPS_BETWEEN_CHECKS)
    n_iter = 0
    while n_iter < max_iter:
        n_iter += 1
        moved = state.sweep(prices.numbers, prices.tasks)
        memory.note(state)
        if memory.full:
            memory.advance(state, lambda: 0.5 * state.sums()[0] + prices.value(state.parts()))
            if not moved or TaskRowGap(state, prices).gap <= goal:
                break
    return n_iter


class TaskRowGap:
    """The duality gap at a state, and what it says of each feature.

    The ridge is as good as d more rows ``sqrt(ridge) I`` of each task with targets of zero: the dual point
    is the residual of the longer problem, scaled to be feasible.
    """

    def __init__(self, state, prices: PartPrices):
        W = state.W
        self.used = W.any(axis=1)
        slopes = state.slopes() - prices.ridge * W if prices.ridge else state.slopes()
        square, product = state.sums()
        self.value = 0.5 * square + prices.value(state.parts())
        square += prices.ridge * float(np.vdot(W, W))
        self.null = max(0.5 * state.null, TINY)
        self._measure(slopes, state.bends + prices.ridge, prices)
        gap = self.value - self.scale * product + 0.5 * self.scale**2 * square
        self.gap = max(gap, 0.0)
        self.residual = self.gap / self.null

    def _measure(self, slopes: np.ndarray, bends: np.ndarray, prices: PartPrices) -> None:
        """How far the slopes must shrink, and how far each feature is from entering then."""
        pairs = prices.dual_sizes(slopes)
        self.scale = min(1.0, *(price / max(sizes.max(initial=0.0), TINY) for price, sizes in pairs))
        self.distance = np.full(len(slopes), -np.inf)
        if not np.isfinite(prices.tasks):  # a task's part may use every feature
            reach = np.sqrt((bends.sum if prices.peak else bends.max)(axis=1))
            slack = np.min([price - self.scale * sizes for price, sizes in pairs], axis=0)
            self.distance = slack / np.where(reach > 0, reach, np.inf)

    def working_set(self) -> np.ndarray:
        """The features in use and the nearest others of those that the gap leaves open, in their order."""
        if not np.isfinite(self.distance).all():
            return np.arange(len(self.distance))
        candidates = np.flatnonzero((self.distance <= np.sqrt(2.0 * self.gap)) | self.used)
        size = BESIDES + int((1.0 + MARGIN) * np.count_nonzero(self.used))
        if len(candidates) <= size:
            return candidates
        distance = np.where(self.used, -np.inf, self.distance)[candidates]
        return np.sort(candidates[np.argpartition(distance, size)[:size]])
