"""Data and a basis as functions of two factors: W = L S, a ridge on L, prices on S."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._data import DataLoss
from ._summary import SquaredSummary

TINY = np.finfo(float).tiny


class Factors(NamedTuple):
    """The basis L (d, k), the weights S (k, P) and the intercepts b (P,)."""

    L: np.ndarray
    S: np.ndarray
    b: np.ndarray

    def vector(self) -> np.ndarray:
        return np.concatenate([self.L.ravel(), self.S.ravel(), self.b])


class LatentProblem:
    r"""``f(L S, b) + ridge / 2 * |L|_F^2 + price * |S|_1``, f the data's loss; not convex.

    The data's slopes at the origin say what 1 means in ``residual``.
    """

    def __init__(self, data: DataLoss | SquaredSummary, k: int, ridge: float, price: float):
        self.data, self.k, self.ridge, self.price = data, k, ridge, price
        R = data.residual(data.image(np.zeros(data.shape), np.zeros(data.shape[1])))
        self._null, self._null_intercept = data.pull_back(R)[0], max(float(np.abs(R).sum(axis=0).max()), TINY)

    def unpack(self, x: np.ndarray) -> Factors:
        """The factors of the vector (L, S, b)."""
        (d, P), k = self.data.shape, self.k
        return Factors(x[: d * k].reshape(d, k), x[d * k : (d + P) * k].reshape(k, P), x[(d + P) * k :])

    def value(self, x: Factors) -> float:
        """What is minimised."""
        smooth = self.data.value(self.data.image(x.L @ x.S, x.b)) + 0.5 * self.ridge * float(
            np.vdot(x.L, x.L)
        )
        return smooth + self.price * float(np.abs(x.S).sum())

    def slopes(self, x: Factors) -> Factors:
        """The gradient of all but the prices."""
        G, g = self.data.pull_back(self.data.residual(self.data.image(x.L @ x.S, x.b)))
        return Factors(G @ x.S.T + self.ridge * x.L, x.L.T @ G, g)

    def residual(self, x: Factors) -> float:
        """How far x is from stationary: the largest slope left in each block, over that of W = 0."""
        left = self.slopes(x)
        outside = np.maximum(np.abs(left.S) - self.price, 0.0)
        in_S = np.where(x.S != 0, np.abs(left.S + self.price * np.sign(x.S)), outside)
        in_b = float(np.abs(left.b).max()) / self._null_intercept
        size_L, size_S = self.null_slopes(x)
        return max(float(np.abs(left.L).max()) / size_L, float(in_S.max()) / size_S, in_b)

    def null_slopes(self, x: Factors) -> tuple[float, float]:
        """How large the slopes in L and in S are for these L and S where the data know nothing of W."""
        in_L = np.abs(self._null @ x.S.T).max() + self.ridge * np.abs(x.L).max()
        return max(float(in_L), TINY), float(np.abs(x.L.T @ self._null).max()) + self.price


class SplitProblem:
    """The same function with ``S = unit * (P - Q)``, P and Q not negative: smooth, with bounds.

    In these units the basis and the weights are of one size, so that the function bends alike in both.
    """

    def __init__(self, problem: LatentProblem, unit: float):
        self.problem, self.unit = problem, unit

    def vector(self, x: Factors) -> np.ndarray:
        S = x.S / self.unit
        return np.concatenate([x.L.ravel(), np.maximum(S, 0).ravel(), np.maximum(-S, 0).ravel(), x.b])

    def factors(self, v: np.ndarray) -> Factors:
        (d, P), k = self.problem.data.shape, self.problem.k
        L, plus, minus, b = np.split(v, np.cumsum([d * k, k * P, k * P]))
        return Factors(L.reshape(d, k), self.unit * (plus - minus).reshape(k, P), b)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest value of each entry."""
        (d, P), k = self.problem.data.shape, self.problem.k
        low = np.concatenate([np.full(d * k, -np.inf), np.zeros(2 * k * P), np.full(P, -np.inf)])
        return low, np.full(len(low), np.inf)

    def value_gradient(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        x, price = self.factors(v), self.problem.price
        slopes = self.problem.slopes(x)
        # |S|_1 counts what P and Q have in common twice; a minimum has nothing in common.
        common = self.unit * v[x.L.size : len(v) - len(x.b)].sum() - np.abs(x.S).sum()
        in_P, in_Q = (self.unit * (price + sign * slopes.S.ravel()) for sign in (1, -1))
        gradient = np.concatenate([slopes.L.ravel(), in_P, in_Q, slopes.b])
        return self.problem.value(x) + price * float(common), gradient


class SupportProblem:
    """The same function where the signs of S stay as they are: smooth, for Newton's method."""

    quadratic = False

    def __init__(self, problem: LatentProblem, signs: np.ndarray):
        self.problem, self.signs = problem, signs
        self.data = problem.data

    def value_gradient(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        x = self.problem.unpack(v)
        slopes = self.problem.slopes(x)
        bent = self.problem.price * float((np.abs(x.S) - self.signs * x.S).sum())
        return self.problem.value(x) - bent, self._free(
            slopes._replace(S=slopes.S + self.problem.price * self.signs)
        )

    def hessian(self, v: np.ndarray) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
        x = self.problem.unpack(v)
        Z = self.data.image(x.L @ x.S, x.b)
        bends, G = self.data.bends(Z), self.data.pull_back(self.data.residual(Z))[0]

        def product(u: np.ndarray) -> np.ndarray:
            du = self.problem.unpack(u)
            dZ = self.data.image(du.L @ x.S + x.L @ du.S, du.b)
            dG, dg = self.data.pull_back(self.data.bend(bends, dZ))
            in_L = dG @ x.S.T + G @ du.S.T + self.problem.ridge * du.L
            return self._free(Factors(in_L, x.L.T @ dG + du.L.T @ G, dg))

        return product, np.ones_like(v)

    def _free(self, slopes: Factors) -> np.ndarray:
        return slopes._replace(S=np.where(self.signs != 0, slopes.S, 0.0)).vector()
