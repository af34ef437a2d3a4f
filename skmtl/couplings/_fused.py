"""Sparse features whose weights change seldom along an order of tasks."""

from __future__ import annotations

import numpy as np

from ..design import tasks_of_columns
from ._base import ProximalCoupling, checked_number
from ._penalties import NormPenalty, shrinkage


class FusedSparsity(ProximalCoupling):
    r"""Tasks in an order use few features, with weights that change in few steps: fused sparse groups.

    .. math:: R(W) = a \sum_{jt} |w_{jt}| + s \sum_{jt} |w_{jt} - w_{j,t+1}| + g \sum_j \|w_{j\cdot}\|_2

    with ``a = entries``, ``s = steps`` and ``g = rows``, in the order of the tasks' columns of y or of their
    sorted ids: for tasks that are points in time, places on a line, doses. ``TaskChain`` is the smooth
    relative without any zeros. With ``steps=0`` it is the sparse group lasso, with ``entries = steps = 0``
    ``JointSparsity``.

    For tasks of several classes each class has a chain of its own; all tasks must have equally many.

    A fitted estimator has ``support_`` (n_features,), True for the features in use, and
    ``change_points_`` (n_tasks - 1,), True where any weight of the next task is another.

    Parameters
    ----------
    entries : float >= 0, default 0.1
        The price of a single weight.
    steps : float >= 0, default 0.5
        The price of a change from one task to the next.
    rows : float >= 0, default 1
        The price of a feature; ``entries`` and ``rows`` must not both be 0.

    References
    ----------
    Zhou, Liu, Narayan & Ye (2012), "Modeling disease progression via fused sparse group lasso",
    equation 2 (cFSGL) and, for the proximal map, theorem 1.
    """

    def __init__(self, entries: float = 0.1, steps: float = 0.5, rows: float = 1.0):
        self.entries = entries
        self.steps = steps
        self.rows = rows

    def penalties(self, task_of_column):
        prices = [
            checked_number(f"FusedSparsity.{name}", getattr(self, name), 0, closed=True)
            for name in ("entries", "steps", "rows")
        ]
        if prices[0] + prices[2] == 0:
            raise ValueError("FusedSparsity.entries and .rows are both 0: then constant weights are free")
        counts = np.bincount(task_of_column)
        if counts.min() != counts.max():
            raise ValueError(
                "FusedSparsity needs tasks with equally many columns, one or one per class; the tasks have "
                f"{counts.tolist()}"
            )
        return (FusedRowNorm(in_chains(task_of_column), *prices),)

    def describe(self, parts, families):
        W = parts[0][:, in_chains(tasks_of_columns(families))]
        return {
            "support_": W.any(axis=(1, 2)),
            "change_points_": np.diff(W, axis=1).any(axis=(0, 2)),
        }


def in_chains(task_of_column: np.ndarray) -> np.ndarray:
    """The columns (n_tasks, n_chains) task after task; all tasks have equally many."""
    order = np.argsort(task_of_column, kind="stable")
    return order.reshape(task_of_column.max() + 1, -1)


class FusedRowNorm(NormPenalty):
    """``entries * L1 + steps * (total variation along each chain) + rows * L2,1``.

    ``chains`` (length, n_chains) holds the columns of W that follow each other: one chain, or one a class.
    """

    def __init__(self, chains: np.ndarray, entries: float, steps: float, rows: float):
        super().__init__()
        self.chains, self.entries, self.steps, self.rows = chains, entries, steps, rows

    def norm(self, W):
        total = self.entries * np.abs(W).sum() + self.steps * np.abs(np.diff(W[:, self.chains], axis=1)).sum()
        return float(total + self.rows * np.sqrt(np.einsum("dp,dp->d", W, W)).sum())

    def shrink(self, V, amount):
        """The three proximal maps one after the other, which is exact in this order."""
        V = self._flattened(V, amount * self.steps) if self.steps and len(self.chains) > 1 else V
        V = np.sign(V) * np.maximum(np.abs(V) - amount * self.entries, 0.0)
        return V * shrinkage(np.sqrt(np.einsum("dp,dp->d", V, V)), amount * self.rows)[:, None]

    def dual_norm(self, G):
        """The smallest amount that shrinks G to zero, by bisection: a bound from above."""
        low, high = 0.0, self._bound(G)
        while high - low > 1e-13 * high:
            middle = 0.5 * (low + high)
            left = self.shrink(G, middle).any(axis=1)
            if left.any():
                low, G = middle, G[left]
            else:
                high = middle
        return high

    def _bound(self, G: np.ndarray) -> float:
        """The dual norm without the chains, and without one of the two others: never smaller."""
        largest = float(np.abs(G).max(initial=0.0))
        longest = float(np.sqrt(np.einsum("dp,dp->d", G, G)).max(initial=0.0))
        bounds = [(largest, self.entries), (longest, self.rows)]
        return min(size / price for size, price in bounds if price)

    def _flattened(self, V: np.ndarray, amount: float) -> np.ndarray:
        """Loaded late, so that predicting needs no numba."""
        from ..kernels.chains import flatten_steps

        rows = np.ascontiguousarray(V[:, self.chains.T]).reshape(-1, len(self.chains))
        flat = np.empty_like(rows)
        flatten_steps(rows, amount, flat)
        out = np.empty_like(V)
        out[:, self.chains.T] = flat.reshape(len(V), *self.chains.T.shape)
        return out
