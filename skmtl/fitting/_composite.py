"""The function of one vector that proximal solvers minimise: data, penalties, and how far it is solved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..couplings import Penalty
from ..solvers import Certificate, noise
from ._data import DataLoss, DualPoint

TINY = float(np.finfo(float).tiny)
# Where the loss of the best intercepts is below the first share of the loss at zero, a gap below the second
# share of that is none: sums of losses know no more digits.
NOTHING_LEFT, ROUNDING = 1e-3, 1e-13


class CompositeProblem:
    r"""``f(P_1 + ... + P_K, b) + alpha * sum_k h_k(P_k)`` with a prox for each part.

    The vector x holds the parts (K, d, P), then ``b / unit``: in these units the intercepts curve as much
    as the weights do, so that one step length suits both.
    """

    def __init__(
        self,
        data: DataLoss,
        penalties: Sequence[Penalty],
        alpha: float,
        origin: np.ndarray,
        bounds: tuple[float, float],
    ):
        self.data, self.penalties, self.alpha = data, penalties, alpha
        slopes, intercepts = bounds
        self.lipschitz = max(len(penalties) * slopes if slopes > 0 else intercepts, TINY)
        self.unit = float(np.sqrt(self.lipschitz / intercepts)) if data.intercept and slopes > 0 else 1.0
        self.origin = self.vector([np.zeros(data.shape, data.dtype)] * len(penalties), origin)
        self._set_scales()

    def _set_scales(self) -> None:
        """The value and the largest slope of the model of intercepts alone: what 1 means in ``tol``."""
        image, nothing = self.image(self.origin), np.zeros_like(self.origin)
        self.null_value, self.rounding = null_and_rounding(
            self.data.value(image), self.data.value(self.image(nothing))
        )
        self.null_slope = max(float(np.abs(self.pull_back(self.residual(image))).max()), TINY)

    def with_data(self, data: DataLoss) -> CompositeProblem:
        """The same penalties on another loss of the data."""
        return CompositeProblem(
            data, self.penalties, self.alpha, self.parts(self.origin)[1], data.curvature_bound()
        )

    def vector(self, parts: Sequence[np.ndarray], b: np.ndarray) -> np.ndarray:
        """The x with these parts (d, P) and intercepts (P,)."""
        return np.concatenate([*(part.ravel() for part in parts), b / self.unit], dtype=self.data.dtype)

    def parts(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The parts (K, d, P) and the intercepts (P,) of x."""
        d, P = self.data.shape
        return x[:-P].reshape(len(self.penalties), d, P), x[-P:] * self.unit

    def image(self, x):
        parts, b = self.parts(x)
        return self.data.image(parts[0] if len(parts) == 1 else parts.sum(axis=0), b)

    def residual(self, image):
        return self.data.residual(image)

    def pull_back(self, residual):
        G, g = self.data.pull_back(residual)
        return np.concatenate([np.tile(G.ravel(), len(self.penalties)), g * self.unit])

    def prox(self, x, step):
        parts, b = self.parts(x)
        if self.data.shrinkage is not None:
            b = self.data.shrinkage.prox(b, step * self.unit**2)
        pairs = zip(self.penalties, parts, strict=True)
        return self.vector([penalty.prox(part, step * self.alpha) for penalty, part in pairs], b)

    def objective(self, x: np.ndarray, image: np.ndarray) -> float:
        """What is minimised."""
        parts, b = self.parts(x)
        pairs = zip(self.penalties, parts, strict=True)
        value = self.data.value(image) + self.alpha * sum(penalty.value(part) for penalty, part in pairs)
        return value if self.data.shrinkage is None else value + self.data.shrinkage.value(b)

    def certificate(self, x, image):
        """The duality gap over the null value, or else how far a proximal step moves x."""
        certificate = self.gap(x, image, self.data.dual_point(image))
        return Certificate(self._move(x, image), None) if certificate is None else certificate

    def gap(self, x: np.ndarray, image: np.ndarray, point: DualPoint) -> Certificate | None:
        """The duality gap between x and a dual point; None where there is no formula."""
        slope = -point.slope / self.alpha
        share = min(penalty.share(slope) for penalty in self.penalties)
        conjugates = [penalty.conjugate(share * slope) for penalty in self.penalties]
        data_side = self.data.conjugate(point, share)
        if data_side is None or None in conjugates:
            return None
        value = self.objective(x, image)
        gap = value + data_side + self.alpha * sum(conjugates) + noise(value, self.data.dtype)
        return Certificate(max(gap - self.rounding, 0.0) / self.null_value, max(gap, 0.0))

    def _move(self, x: np.ndarray, image: np.ndarray) -> float:
        step = 1.0 / self.lipschitz
        moved = self.prox(x - step * self.pull_back(self.residual(image)), step)
        return float(np.abs(moved - x).max()) * self.lipschitz / self.null_slope


def null_and_rounding(null: float, at_zero: float) -> tuple[float, float]:
    """What a relative gap refers to, and what of a gap is rounding, from the losses without features."""
    rounding = ROUNDING * at_zero
    return max(null, 0.1 * rounding, TINY), rounding if null < NOTHING_LEFT * at_zero else 0.0
