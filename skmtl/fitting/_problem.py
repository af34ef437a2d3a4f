"""Data and a quadratic coupling as the smooth function of one vector that a solver minimises."""

from __future__ import annotations

import numpy as np

from ..couplings import covariance_root, is_identity
from ..design import Family
from ._data import DataLoss

NO_GAP = (
    "a loss that has kinks or is linear far away is solved to a duality gap, but a loss (or a penalty of the "
    "coupling) has no formula for its conjugate: give it the method conjugate, or take smooth losses alone"
)


class JointProblem:
    r"""``sum_f loss_f(Z_f) + alpha/2 ||U||^2`` with ``W = U C^(1/2)`` along the tasks of each family.

    In U the coupling is a plain ridge, whatever the covariance C (singular ones too), and the
    problem is strongly convex in U with modulus alpha. The vector x holds U (d, P), then b (P,).
    """

    def __init__(self, data: DataLoss, families: list[Family], alpha: float):
        self.data, self.families, self.alpha = data, families, alpha
        self.quadratic = data.quadratic
        self.smoothing = None  # what a fit by way of smooth losses has learned: see there
        #: One (T_f, T_f) root a family; None where tasks are not tied (yet).
        self.roots: list[np.ndarray | None] = [None] * len(families)

    def set_covariances(self, covariances: list[np.ndarray]) -> None:
        """Tie each family's tasks by its covariance (T_f, T_f)."""
        roots = (None if is_identity(C) else covariance_root(C) for C in covariances)
        self.roots = [None if R is None else R.astype(self.data.dtype, copy=False) for R in roots]

    def with_data(self, data: DataLoss) -> JointProblem:
        """The same coupling on another loss of the data."""
        other = type(self)(data, self.families, self.alpha)
        other.roots = self.roots
        return other

    def image(self, x: np.ndarray) -> np.ndarray:
        """Raw predictions of x."""
        return self.data.image(*self.weights(x))

    def value(self, x: np.ndarray) -> float:
        """Objective."""
        U, _ = self.unpack(x)
        return 0.5 * self.alpha * float(np.vdot(U, U)) + self.data.value(self.image(x))

    def null_value(self) -> float:
        """The loss of the constant predictions that a fit starts from."""
        null = self.data.value(self.image(self.start(self.data.start())))
        rounding = 1e-14 * self.data.value(self.image(self.start()))
        return max(null, rounding, np.finfo(float).tiny)

    def start(self, b: np.ndarray | None = None) -> np.ndarray:
        """No slope, and intercepts b (P,) or none."""
        x = np.zeros((self.data.shape[0] + 1) * self.data.shape[1], self.data.dtype)
        if b is not None:
            x[-len(b) :] = b
        return x

    def weights(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (d, P) and b (P,) of the vector x."""
        U, b = self.unpack(x)
        return self.tie(U), b

    def vector(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The x whose weights are W (as far as the covariances allow) and b: for warm starts."""
        return np.concatenate([self.tie(W, inverse=True).ravel(), b])

    def gap(self, x: np.ndarray, R: np.ndarray) -> float:
        """How far the value at x can be from the minimum, by the dual point that a slope R of f gives."""
        point = self.data.feasible(R)
        G = self.tie(point.slope)
        data_side = self.data.conjugate(point, 1.0)
        if data_side is None:
            raise ValueError(NO_GAP)
        return max(self.value(x) + data_side + 0.5 * float(np.vdot(G, G)) / self.alpha, 0.0)

    def value_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Objective and its gradient in x."""
        U, b = self.unpack(x)
        Z = self.data.image(self.tie(U), b)
        value = 0.5 * self.alpha * float(np.vdot(U, U)) + self.data.value(Z)
        return value, self._pull_back(self.data.residual(Z), U)

    def hessian(self, x: np.ndarray):
        """The map v -> H v at x, and the diagonal of H with the coupling's off-diagonal left out."""
        Z = self.data.image(*self.weights(x))
        bends = self.data.bends(Z)

        def product(v: np.ndarray) -> np.ndarray:
            V, c = self.unpack(v)
            return self._pull_back(self.data.bend(bends, self.data.image(self.tie(V), c)), V)

        D, d = self.data.diagonal(bends, Z)
        D = self._scale_variances(D) + self.alpha
        return product, np.concatenate([D.ravel(), d])

    def _pull_back(self, R: np.ndarray, U: np.ndarray) -> np.ndarray:
        G, g = self.data.pull_back(R)
        return np.concatenate([(self.tie(G) + self.alpha * U).ravel(), g])

    def unpack(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """U (d, P) and b (P,) of the vector x."""
        d, P = self.data.shape
        return x[: d * P].reshape(d, P), x[d * P :]

    def tie(self, U: np.ndarray, *, inverse: bool = False) -> np.ndarray:
        """U C^(1/2) along the tasks, family by family; symmetric, so it is its own adjoint."""
        roots = self.roots
        if inverse:
            roots = [None if root is None else np.linalg.pinv(root, hermitian=True) for root in roots]
        return self._along_tasks(U, roots)

    def _scale_variances(self, D: np.ndarray) -> np.ndarray:
        """Diagonal of C^(1/2) diag(D) C^(1/2): row s is sum_t root[t, s]^2 D_t."""
        return self._along_tasks(D, [None if root is None else root**2 for root in self.roots])

    def _along_tasks(self, U: np.ndarray, matrices: list[np.ndarray | None]) -> np.ndarray:
        """Multiply each family's task axis by its symmetric matrix."""
        out = np.empty_like(U)
        for family, M in zip(self.families, matrices, strict=True):
            if M is None:
                out[:, family.columns] = U[:, family.columns]
            elif family.n_columns == 1:
                np.matmul(U[:, family.columns], M, out=out[:, family.columns])
            else:
                mixed = np.matmul(M, family.by_task(U))
                out[:, family.columns] = mixed.reshape(len(U), len(M) * family.n_columns)
        return out
