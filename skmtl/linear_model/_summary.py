"""Squared loss without the rows: all that it knows of the data is a triangle for each block of tasks."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ._data import DualPoint, power_iteration
from ._options import FitData


class SquaredSummary:
    r"""``sum_k |A_k W_k - B_k|_F^2 / 2 + rest``: what ``DataLoss`` is for the squared loss, in fewer rows.

    ``[A_k B_k]`` is the triangle of a QR decomposition of the block's weighted, centred features and targets,
    so that no product depends on the number of rows. A block is all tasks (complete data of a shared X), or
    one task that owns its rows. Intercepts are at their best, which centring makes the same for all W.

    Parameters
    ----------
    A : (K, m, d) float
    B : (K, m, P / K) float
    rest : float
        The loss that no W can take away.
    """

    def __init__(self, A: np.ndarray, B: np.ndarray, rest: float):
        self.A, self.B, self.rest = A, B, rest
        self.shape = (A.shape[2], B.shape[0] * B.shape[2])
        self.intercept = False

    def image(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.matmul(self.A, W.reshape(len(W), len(self.A), -1).transpose(1, 0, 2))

    def value(self, Z: np.ndarray) -> float:
        R = Z - self.B
        return 0.5 * float(np.vdot(R, R)) + self.rest

    def residual(self, Z: np.ndarray) -> np.ndarray:
        return Z - self.B

    def pull_back(self, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        G = np.matmul(self.A.transpose(0, 2, 1), R).transpose(1, 0, 2)
        return G.reshape(self.shape), np.zeros(self.shape[1])

    def bends(self, Z: np.ndarray) -> None:
        """The second derivative in Z is 1."""

    def bend(self, bends: None, dZ: np.ndarray) -> np.ndarray:
        return dZ

    def curvature_bound(self) -> tuple[float, float]:
        zero = np.zeros(self.shape[1])
        return power_iteration(lambda V: self.pull_back(self.image(V, zero))[0], self.shape), 1.0

    def dual_point(self, Z: np.ndarray) -> DualPoint:
        R = self.residual(Z)
        return DualPoint(self.pull_back(R)[0], R)

    def conjugate(self, point: DualPoint, share: float) -> float:
        R = point.residual
        squares = float(np.vdot(R, R)) + 2.0 * self.rest
        return share * (0.5 * share * squares + float(np.vdot(R, self.B)) - 2.0 * self.rest)


def summarise(data: FitData, intercept: bool) -> tuple[SquaredSummary, np.ndarray] | None:
    """The summary and the best intercepts (P,), where it is smaller than the data; else None."""
    if not data.loss.quadratic or sp.issparse(data.X):
        return None
    if data.targets.form == "rows":
        blocks = [
            (data.X[rows], data.targets.values[rows], data.weight[rows, 0])
            for rows in data.loss.design.groups
        ]
    elif data.plain_regression:
        blocks = [(data.X, data.targets.values, data.weight[:, 0])]
    else:
        return None
    n_rows = max(min(len(X), X.shape[1]) for X, _, _ in blocks)
    if 2 * n_rows * len(blocks) > len(data.X):
        return None
    pieces = [_triangle(*block, n_rows, intercept) for block in blocks]
    A, B, rest, means = (np.array(part) for part in zip(*pieces, strict=True))
    return SquaredSummary(A, B, float(rest.sum())), means.ravel()


def _triangle(X: np.ndarray, Y: np.ndarray, w: np.ndarray, n_rows: int, intercept: bool):
    """A (n_rows, d) and B (n_rows, c) of a block, filled up with zeros; the rest; the means of Y."""
    d, means = X.shape[1], np.zeros(Y.shape[1])
    if intercept:
        means = np.average(Y, axis=0, weights=w)
        X, Y = X - np.average(X, axis=0, weights=w), Y - means
    joint = np.hstack([X, Y]) * np.sqrt(w)[:, None]
    if len(joint) > d:
        joint = np.linalg.qr(joint, mode="r")
    below = joint[d:, d:]
    out = np.zeros((n_rows, joint.shape[1]))
    out[: min(d, len(joint))] = joint[:d]
    return out[:, :d], out[:, d:], 0.5 * float(np.vdot(below, below)), means
