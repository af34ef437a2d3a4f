"""Squared loss without the rows: what ``DataLoss`` is, by products of features."""

from __future__ import annotations

import numpy as np

from ..losses import Curvature
from ._data import DualPoint, power_iteration
from ._options import FitData
from ._products import SquaredProducts, squared_products


class SquaredSummary:
    """The squared loss, intercepts at their best, at a cost that does not know the rows.

    The image of W is the pair (W, G W), so that everything else is a few sums; the derivative of the loss
    in the pair is (G W - M, 0), whose product with a change of the pair is the curvature along it.
    """

    quadratic = True

    def __init__(self, products: SquaredProducts):
        self.grams, self.moments, self.square, self.intercepts = products
        self.shape = self.moments.shape
        self.intercept = self.kinked = self.flat = False
        self.shrinkage, self.dtype = None, self.moments.dtype

    def start(self) -> np.ndarray:
        """Intercepts (P,) to start from; they do not count here."""
        return np.zeros(self.shape[1])

    def image(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        if self.grams.shape[2] == 1:
            return np.stack([W, self.grams[:, :, 0] @ W])
        from ..kernels.task_rows import multiply_grams

        pair = np.stack([W, np.zeros_like(W)])
        multiply_grams(self.grams, pair[0], pair[1])
        return pair

    def value(self, Z: np.ndarray) -> float:
        W, slope = Z
        return 0.5 * self.square + float(np.vdot(W, 0.5 * slope - self.moments))

    def residual(self, Z: np.ndarray) -> np.ndarray:
        R = np.zeros_like(Z)
        np.subtract(Z[1], self.moments, out=R[0])
        return R

    def pull_back(self, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return R[0], np.zeros(self.shape[1])

    def bends(self, Z: np.ndarray) -> list[Curvature]:
        """The second derivative does not depend on Z, and ``bend`` knows it."""
        return []

    def bend(self, bends: list[Curvature], dZ: np.ndarray) -> np.ndarray:
        R = np.zeros_like(dZ)
        R[0] = dZ[1]
        return R

    def diagonal(self, bends: list[Curvature], Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        diagonal = np.einsum("jjt->jt", self.grams)
        return np.broadcast_to(diagonal, self.shape), np.ones(self.shape[1])

    def curvature_bound(self) -> tuple[float, float]:
        zero = np.zeros(self.shape[1])
        return power_iteration(lambda V: self.image(V, zero)[1], self.shape, self.dtype), 1.0

    def dual_point(self, Z: np.ndarray) -> DualPoint:
        """The residual of the rows is known by W alone."""
        return DualPoint(Z[1] - self.moments, Z)

    def conjugate(self, point: DualPoint, share: float) -> float:
        """``share^2 |R|^2 / 2 + share <R, Y>`` for the rows' residual R = X W - Y."""
        squares = 2.0 * self.value(point.residual)
        product = float(np.vdot(point.residual[0], self.moments)) - self.square
        return share * (0.5 * share * squares + product)


def summarise(data: FitData) -> SquaredSummary | None:
    """The summary, where products with it are cheaper than with the data; else None."""
    d, _ = data.loss.shape
    own = data.targets.form == "rows"
    rows = len(data.loss.design.task) / data.targets.n_tasks if own else data.X.shape[0]
    if 2 * d > rows:
        return None
    products = data.once(squared_products)
    return None if products is None else SquaredSummary(products)
