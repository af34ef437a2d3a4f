"""Ridge problems in which the weights have few directions, as smooth functions of one vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._data import DataLoss


class FactorProblem:
    r"""``f(U V', b) + alpha / 2 * |U V'|^2`` as a function of U, of V or of both, and of b.

    What ``newton_cg`` minimises. With one factor fixed and orthonormal it is a convex ridge problem of the
    other; with both free it is not convex, but close to a minimum Newton's method converges there too (along
    the directions in which U V' stands still the gradient has no part).

    Parameters
    ----------
    data : DataLoss
    alpha : float
    U : (d, r), V : (P, r)
    free : some of "U" and "V"
        The factors that the vector x holds, one after the other, before b (P,).
    """

    def __init__(self, data: DataLoss, alpha: float, U: np.ndarray, V: np.ndarray, free: str):
        self.data, self.alpha, self.free = data, alpha, free
        self.factors = {"U": U, "V": V}
        self.quadratic = data.quadratic and len(free) == 1

    def vector(self, b: np.ndarray) -> np.ndarray:
        """The x of the given factors and b."""
        return np.concatenate([*(self.factors[name].ravel() for name in self.free), b])

    def unpack(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """U, V and b of x."""
        factors, b = dict(self.factors), x[-self.data.shape[1] :]
        for name, values in zip(self.free, self._split(x), strict=True):
            factors[name] = values.reshape(self.factors[name].shape)
        return factors["U"], factors["V"], b

    def value_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        U, V, b = self.unpack(x)
        Z, G, g = self._slope(U, V, b)
        value = self.data.value(Z) + 0.5 * self.alpha * float(np.vdot(U.T @ U, V.T @ V))
        return value, self._join(G @ V, G.T @ U, g)

    def hessian(self, x: np.ndarray):
        """The map v -> H v at x, and the diagonal of H without what the factors' product adds."""
        U, V, b = self.unpack(x)
        Z, G, _ = self._slope(U, V, b)
        bends = self.data.bends(Z)

        def product(v: np.ndarray) -> np.ndarray:
            dU, dV, db = self._direction(v)
            dW = dU @ V.T + U @ dV.T
            dG, dg = self.data.pull_back(self.data.bend(bends, self.data.image(dW, db)))
            dG = dG + self.alpha * dW
            return self._join(dG @ V + G @ dV, dG.T @ U + G.T @ dU, dg)

        D, d = self.data.diagonal(bends, Z)
        D = D + self.alpha
        return product, self._join(D @ V**2, D.T @ U**2, d)

    def _slope(self, U: np.ndarray, V: np.ndarray, b: np.ndarray):
        W = U @ V.T
        Z = self.data.image(W, b)
        G, g = self.data.pull_back(self.data.residual(Z))
        return Z, G + self.alpha * W, g

    def _direction(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Changes of U, V and b: zero for a factor that is fixed."""
        changes = {name: np.zeros_like(factor) for name, factor in self.factors.items()}
        for name, values in zip(self.free, self._split(v), strict=True):
            changes[name] = values.reshape(self.factors[name].shape)
        return changes["U"], changes["V"], v[-self.data.shape[1] :]

    def _join(self, U: np.ndarray, V: np.ndarray, b: np.ndarray) -> np.ndarray:
        both = {"U": U, "V": V}
        return np.concatenate([*(both[name].ravel() for name in self.free), b])

    def _split(self, x: np.ndarray) -> Sequence[np.ndarray]:
        ends = np.cumsum([self.factors[name].size for name in self.free])
        return np.split(x[: ends[-1]], ends[:-1])


def slope_along_rank(data: DataLoss, alpha: float, W: np.ndarray, b: np.ndarray, rank: int) -> float:
    """The largest entry of the gradient along the matrices of that rank at W (d, P), and along b.

    ``G V`` and ``G' U`` for orthonormal U and V that span the columns and the rows of W.
    """
    G, g = data.pull_back(data.residual(data.image(W, b)))
    G = G + alpha * W
    U, V = directions(W, rank)
    return float(max(np.abs(part).max() for part in (G @ V, G.T @ U, g)))


def directions(W: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Leading left (d, rank) and right (P, rank) singular vectors of W."""
    left, _, right = np.linalg.svd(W, full_matrices=False)
    return left[:, :rank], right[:rank].T
