"""Any proximal coupling with any smooth loss: Newton steps by proximal gradient on a model without rows."""

from __future__ import annotations

import numpy as np

from ..design import WeightedProducts
from ..solvers import Certificate, NewtonStep, proximal_gradient
from ._composite import CompositeProblem
from ._data import power_iteration
from ._newton_model import LossModel

# The model is minimised until a proximal step is this share of the first one.
INNER, INNER_STEPS = 0.03, 500


class NewtonProblem(CompositeProblem):
    """A ``CompositeProblem`` that takes Newton steps."""

    def newton_step(self, x, image, certificate):
        parts, b = self.parts(x)
        model = LossModel(self.data, image)
        around = GramModel.of_loss(model, parts.sum(axis=0))
        inner = ModelProblem(around, self.penalties, self.alpha, np.zeros_like(b), around.curvature_bound())
        start = inner.vector(parts, np.zeros_like(b))
        tol = INNER * inner.certificate(start, inner.image(start)).residual
        found = proximal_gradient(inner, start, tol=tol, max_iter=INNER_STEPS).x
        step = inner.parts(found)[0] - parts
        shift = around.shift(step.sum(axis=0))
        along = self.data.image(step.sum(axis=0), shift)
        change = float(np.vdot(model.start, along))
        change += self.alpha * (self._price(parts + step) - self._price(parts))
        return NewtonStep(self.vector(step, shift), along, change)

    def _price(self, parts: np.ndarray) -> float:
        return sum(penalty.value(part) for penalty, part in zip(self.penalties, parts, strict=True))


class ModelProblem(CompositeProblem):
    """The problem of one Newton step: how far it is solved, a proximal step tells."""

    def certificate(self, x, image):
        return Certificate(self._move(x, image), None)


class GramModel:
    r"""``sum_p w_p' H_p w_p / 2 - <B, W>``: a quadratic model as ``CompositeProblem`` wants its data.

    Intercepts are at their best. The image of W is (W, H W), so that a step takes one product.

    Parameters
    ----------
    products : WeightedProducts
    start : (d, P) float
        Where the slopes are taken.
    slope : (d, P) float
    shift : (P,) float
        The best change of the intercepts as long as W stays at ``start``.
    """

    intercept, shrinkage, dtype = False, None, np.dtype(np.float64)

    def __init__(self, products: WeightedProducts, start: np.ndarray, slope: np.ndarray, shift: np.ndarray):
        self.shape = start.shape
        self._products, self._shift = products, shift
        self._target = self._times(start) - slope.T

    @classmethod
    def of_loss(cls, model: LossModel, W: np.ndarray) -> GramModel:
        """The model of the loss at weights W."""
        data = model.data
        products = data.design.products(model.bend)
        totals = np.where(data.intercept & (products.totals > 0), products.totals, np.inf)
        products = products._replace(totals=totals)
        G, g = data.pull_back(model.start)
        return cls(products, W, G - products.cross * (g / totals), -g / totals)

    def shift(self, change: np.ndarray) -> np.ndarray:
        """The best change of the intercepts (P,) for a change of W."""
        cross, totals = self._products.cross, self._products.totals
        return self._shift - np.einsum("dp,dp->p", cross, change) / totals

    def _times(self, W: np.ndarray) -> np.ndarray:
        return np.matmul(self._products.grams, W.T[:, :, None])[:, :, 0]

    def image(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.stack([W.T, self._times(W)])

    def value(self, Z: np.ndarray) -> float:
        return float(np.vdot(Z[0], 0.5 * Z[1] - self._target))

    def residual(self, Z: np.ndarray) -> np.ndarray:
        return np.stack([Z[1] - self._target, np.zeros_like(self._target)])

    def pull_back(self, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return R[0].T, np.zeros(self.shape[1])

    def curvature_bound(self) -> tuple[float, float]:
        return power_iteration(lambda V: self._times(V).T, self.shape, self.dtype), 1.0
