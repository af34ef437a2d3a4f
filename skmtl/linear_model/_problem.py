"""Where losses, a coupling and a design meet: the function of one vector that a solver minimises."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..couplings import covariance_root
from ..design import Family
from ..losses import Loss


class LossPart(NamedTuple):
    """One family's loss on its columns of Z: targets and weights are (n, m)."""

    loss: Loss
    columns: slice
    y: np.ndarray
    w: np.ndarray

    def raw(self, Z: np.ndarray) -> np.ndarray:
        """The family's raw predictions (n, m, C)."""
        return Z[:, self.columns].reshape(*self.y.shape, -1)


class JointProblem:
    r"""``sum_f loss_f(Z_f) + alpha/2 ||U||^2`` with ``W = U C^(1/2)`` along the tasks of each family.

    In U the coupling is a plain ridge, whatever the covariance C (singular ones too), and the
    problem is strongly convex in U with modulus alpha. The vector x holds U (d, P), then b (P,).
    """

    def __init__(
        self, design, parts: list[LossPart], families: list[Family], alpha: float, shape, *, intercept
    ):
        self.design, self.parts, self.families, self.alpha = design, parts, families, alpha
        self.shape, self.intercept = shape, intercept
        self.quadratic = all(part.loss.quadratic for part in parts)
        self.roots = [np.eye(len(family.tasks)) for family in families]

    def set_covariances(self, covariances: list[np.ndarray]) -> None:
        """Tie each family's tasks by its covariance (T_f, T_f)."""
        self.roots = [covariance_root(C) for C in covariances]

    def start(self) -> np.ndarray:
        """The origin: no slope, no intercept."""
        return np.zeros((self.shape[0] + 1) * self.shape[1])

    def weights(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (d, P) and b (P,) of the vector x."""
        U, b = self._unpack(x)
        return self._tie(U), b

    def vector(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The x whose weights are W (as far as the covariances allow) and b: for warm starts."""
        return np.concatenate([self._tie(W, inverse=True).ravel(), b])

    def value_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Objective and its gradient in x."""
        U, b = self._unpack(x)
        Z = self.design.forward(self._tie(U), b)
        value = 0.5 * self.alpha * float(np.vdot(U, U))
        value += sum(part.loss.value(part.y, part.raw(Z), part.w) for part in self.parts)
        R = self._columns(Z, lambda part, z: part.loss.gradient(part.y, z, part.w))
        return value, self._pull_back(R, U)

    def hessian(self, x: np.ndarray):
        """The map v -> H v at x, and the diagonal of H with the coupling's off-diagonal left out."""
        Z = self.design.forward(*self.weights(x))
        curvatures = [part.loss.curvature(part.y, part.raw(Z), part.w) for part in self.parts]
        bend = {id(part): curvature for part, curvature in zip(self.parts, curvatures, strict=True)}

        def product(v: np.ndarray) -> np.ndarray:
            V, c = self._unpack(v)
            dZ = self.design.forward(self._tie(V), c)
            return self._pull_back(self._columns(dZ, lambda part, dz: bend[id(part)].apply(dz)), V)

        H = self._columns(Z, lambda part, z: bend[id(part)].diagonal)
        D, d = self.design.diagonal(H)
        D = self._scale_variances(D) + self.alpha
        return product, np.concatenate([D.ravel(), d if self.intercept else np.ones_like(d)])

    def _columns(self, Z: np.ndarray, per_part) -> np.ndarray:
        out = np.empty_like(Z)
        for part in self.parts:
            out[:, part.columns] = per_part(part, part.raw(Z)).reshape(len(Z), -1)
        return out

    def _pull_back(self, R: np.ndarray, U: np.ndarray) -> np.ndarray:
        G, g = self.design.adjoint(R)
        G = self._tie(G) + self.alpha * U
        return np.concatenate([G.ravel(), g if self.intercept else np.zeros_like(g)])

    def _unpack(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        d, P = self.shape
        return x[: d * P].reshape(d, P), x[d * P :]

    def _tie(self, U: np.ndarray, *, inverse: bool = False) -> np.ndarray:
        """U C^(1/2) along the tasks, family by family; symmetric, so it is its own adjoint."""
        roots = [np.linalg.pinv(root, hermitian=True) for root in self.roots] if inverse else self.roots
        return self._along_tasks(U, roots)

    def _scale_variances(self, D: np.ndarray) -> np.ndarray:
        """Diagonal of C^(1/2) diag(D) C^(1/2): row s is sum_t root[t, s]^2 D_t."""
        return self._along_tasks(D, [root**2 for root in self.roots])

    def _along_tasks(self, U: np.ndarray, matrices: list[np.ndarray]) -> np.ndarray:
        """Multiply each family's task axis by its symmetric matrix."""
        out = np.empty_like(U)
        for family, M in zip(self.families, matrices, strict=True):
            if family.n_columns == 1:
                np.matmul(U[:, family.columns], M, out=out[:, family.columns])
            else:
                out[:, family.columns] = np.matmul(M, family.by_task(U)).reshape(len(U), -1)
        return out
