"""What is kept of a task's rows when they are gone: a triangle that says all of a squared loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from ._summary import SquaredSummary

# Steps to a task's own weights, about which its logistic loss is then a parabola.
STEPS = 100
SETTLED = 1e-8


class TaskRows(NamedTuple):
    """``rows' rows`` is all that counts of ``rows`` (m, 1 + d + 1): ones, features and target, weighted.

    ``weight`` is the sum of the weights.
    """

    rows: np.ndarray
    weight: float


def no_rows(d: int) -> TaskRows:
    """A task of d features that has shown nothing yet."""
    return TaskRows(np.zeros((0, d + 2)), 0.0)


def add_rows(known: TaskRows, rows: np.ndarray, weight: float, rank: int) -> TaskRows:
    """With more weighted rows, in no more than ``rank`` ones: where these are too few, the largest part."""
    rows = np.vstack([known.rows, rows])
    if len(rows) > rows.shape[1]:
        rows = np.linalg.qr(rows, mode="r")
    if len(rows) > rank:
        _, values, right = np.linalg.svd(rows, full_matrices=False)
        rows = values[:rank, None] * right[:rank]
    return TaskRows(rows, known.weight + weight)


def number_rows(X: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The weighted rows (n, 1 + d + 1) of a squared loss."""
    return np.sqrt(w)[:, None] * np.column_stack([np.ones(len(X)), X, y])


def label_rows(
    known: TaskRows, X: np.ndarray, y: np.ndarray, w: np.ndarray, *, ridge: float, intercept: bool
) -> np.ndarray:
    """The weighted rows of the parabola of the logistic loss at the task's own weights, y in {0, 1}.

    These minimise what is known, the new rows' loss and ``ridge / 2 * |v|^2`` times the sum of weights: by
    parabolas from above (Jaakkola & Jordan 2000), which cannot fail to descend.
    """
    ones = np.ones(len(X)) if intercept else np.zeros(len(X))
    D = np.column_stack([ones, X])
    K, target = known.rows[:, :-1] * [float(intercept), *np.ones(X.shape[1])], known.rows[:, -1]
    penalty = np.full(D.shape[1], ridge * (known.weight + w.sum()))
    penalty[0] = 0.0 if intercept else 1.0
    constant = K.T @ target + D.T @ (w * (y - 0.5))
    H, v = K.T @ K + np.diag(penalty), np.zeros(D.shape[1])
    for _ in range(STEPS):
        bend = w * _bend_above(D @ v)
        new = np.linalg.solve(H + (D.T * bend) @ D, constant)
        v, moved = new, np.abs(new - v).max()
        if moved <= SETTLED * np.abs(v).max():
            break
    z = D @ v
    p = expit(z)
    bend = np.maximum(p * (1.0 - p), 1e-8)
    return number_rows(X, z + (y - p) / bend, w * bend)


def summary_of(tasks: Sequence[TaskRows], scales: np.ndarray, *, intercept: bool) -> RowsSummary:
    """The tasks' loss, each times its scale, as ``fit`` knows the squared loss."""
    return RowsSummary([np.sqrt(s) * task.rows for task, s in zip(tasks, scales, strict=True)], intercept)


class RowsSummary(SquaredSummary):
    """A ``SquaredSummary`` of rows (m, 1 + d + 1), whose best intercepts follow from W."""

    def __init__(self, rows: list[np.ndarray], intercept: bool):
        d = rows[0].shape[1] - 2
        first = 1 if intercept else 0
        triangles = [_triangle(r if intercept else r[:, 1:], first + d + 1) for r in rows]
        self._above = np.array([t[:first] for t in triangles])  # the rows that intercepts make zero
        below = np.array([t[first:] for t in triangles])
        rest = 0.5 * float((below[:, d:, -1] ** 2).sum())
        super().__init__(below[:, :d, first : first + d], below[:, :d, -1:], rest)

    def ridge(self, alpha: float) -> np.ndarray:
        """W (d, P) of separate models with ``alpha / 2 * |w_t|^2``."""
        turned = self.A.transpose(0, 2, 1)
        H = turned @ self.A + alpha * np.eye(self.shape[0])
        return np.linalg.solve(H, turned @ self.B)[:, :, 0].T

    def intercepts(self, W: np.ndarray) -> np.ndarray:
        """The best ones (P,)."""
        if not self._above.shape[1]:
            return np.zeros(W.shape[1])
        row = self._above[:, 0]
        wanted = row[:, -1] - np.einsum("pd,dp->p", row[:, 1:-1], W)
        return np.divide(wanted, row[:, 0], out=np.zeros(len(row)), where=row[:, 0] != 0)


def _triangle(rows: np.ndarray, n: int) -> np.ndarray:
    out = np.zeros((n, n))
    R = np.linalg.qr(rows, mode="r") if len(rows) else rows
    out[: len(R)] = R
    return out


def _bend_above(z: np.ndarray) -> np.ndarray:
    """The bend at z of the parabola that touches ``log(1 + exp(z)) - z / 2`` there and at -z, from above."""
    size = np.maximum(np.abs(z), 1e-6)
    return np.tanh(0.5 * size) / (2.0 * size)
