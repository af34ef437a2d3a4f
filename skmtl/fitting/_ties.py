"""How a task covariance ties the columns of a family's weights."""

from __future__ import annotations

import numpy as np

from ..couplings import covariance_root
from ..design import Family

# Columns up to which the eigenvectors of a family's curvatures are computed anew at each Newton step.
FEW_COLUMNS = 256


class Tie:
    """``W = U C^(1/2)`` along the tasks of a family, for a covariance C (tasks, tasks)."""

    def __init__(self, family: Family, C: np.ndarray):
        self.family, self.columns = family, family.columns
        variances = C.diagonal()
        #: True where C ties no task to another.
        self.separate = np.count_nonzero(C) == np.count_nonzero(variances)
        self.plain = self.separate and bool((variances == 1.0).all())
        self.root = np.diag(np.sqrt(np.maximum(variances, 0.0))) if self.separate else covariance_root(C)

    def apply(self, U: np.ndarray, out: np.ndarray, *, inverse: bool = False) -> None:
        """The family's columns of ``U C^(1/2)``; the root is symmetric, so this is its own adjoint."""
        root = np.linalg.pinv(self.root, hermitian=True) if inverse else self.root
        self._multiply(U, root, out)

    def add_variances(self, D: np.ndarray, out: np.ndarray) -> None:
        """The diagonal of ``C^(1/2) diag(D) C^(1/2)``: entry s is ``sum_t root[t, s]^2 D_t``."""
        self._multiply(D, self.root**2, out)

    def _multiply(self, U: np.ndarray, M: np.ndarray, out: np.ndarray) -> None:
        M = M.astype(U.dtype, copy=False)
        if self.plain:
            out[:, self.columns] = U[:, self.columns]
        elif self.separate:
            out[:, self.columns] = U[:, self.columns] * self._each(M.diagonal())
        elif self.family.n_columns == 1:
            np.matmul(U[:, self.columns], M, out=out[:, self.columns])
        else:
            mixed = np.matmul(M, self.family.by_task(U))
            out[:, self.columns] = mixed.reshape(len(U), len(M) * self.family.n_columns)

    def _each(self, values: np.ndarray) -> np.ndarray:
        """A value a task as one a column."""
        return np.repeat(values, self.family.n_columns)

    def eigen(self, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Eigenvalues (P_f,) and eigenvectors, None for the columns themselves, of tied curvatures.

        They are those of ``R diag(totals) R``, R the root between columns; for many columns with the mean
        of the totals in place of each.
        """
        mine, same = totals[self.columns].astype(np.float64), np.eye(self.family.n_columns)
        if self.separate:
            return mine * self._each(self.root.diagonal()) ** 2, None
        if len(mine) <= FEW_COLUMNS:
            R = np.kron(self.root, same)
            return _clipped(*np.linalg.eigh((R * mine) @ R))
        values, vectors = np.linalg.eigh(self.root)
        return _clipped(mine.mean() * self._each(values**2), np.kron(vectors, same))


def _clipped(values: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.maximum(values, 0.0), vectors
