"""Intercepts that are shrunk towards their common mean."""

from __future__ import annotations

import numpy as np

from ..design import Family
from ._problem import JointProblem


class InterceptShrinkage:
    r"""``strength / 2 * sum_t (b_t - mean b)^2`` over the tasks of each family, class by class.

    b (P,) are the intercepts of the centred X: what the tasks predict at the mean row.
    """

    def __init__(self, strength: float, families: list[Family]):
        self.strength, self.families = float(strength), families

    def deviations(self, b: np.ndarray) -> np.ndarray:
        """b (P,) less the mean over the tasks of its family."""
        out = np.empty_like(b)
        for family in self.families:
            mine = b[family.columns].reshape(len(family.tasks), family.n_columns)
            out[family.columns] = (mine - mine.mean(axis=0)).ravel()
        return out

    def value(self, b: np.ndarray) -> float:
        away = self.deviations(b)
        return 0.5 * self.strength * float(np.vdot(away, away))

    def gradient(self, b: np.ndarray) -> np.ndarray:
        """The derivative, linear in b: also the product of the second one with a direction b."""
        return self.strength * self.deviations(b)

    def diagonal(self) -> np.ndarray:
        """The diagonal (P,) of the second derivative."""
        out = np.empty(self.families[-1].columns.stop)
        for family in self.families:
            out[family.columns] = self.strength * (1.0 - 1.0 / len(family.tasks))
        return out

    def prox(self, b: np.ndarray, step: float) -> np.ndarray:
        """The minimiser of ``|z - b|^2 / 2 + step * value(z)``."""
        away = self.deviations(b)
        return b - away + away / (1.0 + step * self.strength)

    def conjugate(self, slope: np.ndarray) -> float:
        """``max over b of <slope, b> - value(b)`` for slopes (P,) that sum to zero in each family."""
        return 0.5 * float(np.vdot(slope, slope)) / self.strength


class ShrunkInterceptsProblem(JointProblem):
    """The smooth problem of a quadratic coupling, with the shrinkage of its intercepts added."""

    def value(self, x):
        return super().value(x) + self.data.shrinkage.value(self.unpack(x)[1])

    def value_gradient(self, x):
        value, gradient = super().value_gradient(x)
        shrinkage, b = self.data.shrinkage, self.unpack(x)[1]
        gradient[-len(b) :] += shrinkage.gradient(b)
        return value + shrinkage.value(b), gradient

    def hessian(self, x):
        product, diagonal = super().hessian(x)
        P = self.data.shape[1]
        diagonal[-P:] += self.data.shrinkage.diagonal().astype(diagonal.dtype)

        def with_shrinkage(v: np.ndarray) -> np.ndarray:
            out = product(v)
            out[-P:] += self.data.shrinkage.gradient(v[-P:])
            return out

        return with_shrinkage, diagonal


def joint_problem(data, families: list[Family], alpha: float) -> JointProblem:
    """The smooth problem of a quadratic coupling, whichever way its intercepts are treated."""
    kind = JointProblem if data.shrinkage is None else ShrunkInterceptsProblem
    return kind(data, families, alpha)


def shrunk_means(means: np.ndarray, total: float, shrinkage: InterceptShrinkage | None) -> np.ndarray:
    """The best intercepts (P,) of complete, centred data with the squared loss and weights of that total."""
    return means if shrinkage is None else shrinkage.prox(means, 1.0 / total)
