"""What is kept of a task's rows when they are gone: a triangle that says all of a squared loss."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from ..fitting._products import SquaredProducts
from ..fitting._summary import SquaredSummary

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


def summary_of(tasks: Sequence[TaskRows], scales: np.ndarray, *, intercept: bool) -> SquaredSummary:
    """The tasks' loss, each times its scale, as ``fit`` knows the squared loss."""
    first = int(intercept)
    rows = [np.sqrt(s) * task.rows[:, 1 - first :] for task, s in zip(tasks, scales, strict=True)]
    triangles = np.array([_triangle(one, one.shape[1]) for one in rows])
    above, below = (
        triangles[:, :first],
        triangles[:, first:],
    )  # the rows that intercepts make zero, the others
    A, y = below[:, :, first:-1], below[:, :, -1]
    grams = np.ascontiguousarray(np.matmul(A.transpose(0, 2, 1), A).transpose(1, 2, 0))
    moments = np.einsum("pmd,pm->dp", A, y)
    intercepts = partial(_best_intercepts, above)
    return SquaredSummary(SquaredProducts(grams, moments, float(np.vdot(y, y)), intercepts))


def separate_ridge(summary: SquaredSummary, alpha: float) -> np.ndarray:
    """W (d, P) of separate models with ``alpha / 2 * |w_t|^2``."""
    H = summary.grams.transpose(2, 0, 1) + alpha * np.eye(summary.shape[0])
    return np.linalg.solve(H, summary.moments.T[:, :, None])[:, :, 0].T


def _best_intercepts(above: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Those (P,) that make the first row of each triangle zero."""
    if not above.shape[1]:
        return np.zeros(W.shape[1])
    row = above[:, 0]
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
