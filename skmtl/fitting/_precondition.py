"""What conjugate gradients multiply by so that few steps do: cheap inverses close to the Hessian's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._passes import DataBend
from ._ties import Tie

# Steps of conjugate gradients that knowing the features' mean square may save, of 4 n d P operations each,
# and the operations for its eigenvectors, over d^3.
STEPS_SAVED, EIGEN_COST = 60, 16


def eigenvectors_pay(n: int, d: int, n_columns: int) -> bool:
    """Whether the eigenvectors of d features cost less than the steps that they save."""
    return EIGEN_COST * d * d + n * d <= STEPS_SAVED * 4 * n * n_columns


def whitening_pays(n: int, d: int, n_columns: int) -> bool:
    """Whether whitened features, a Cholesky factor and a triangular solve, cost less than those steps."""
    return d * d + 2 * n * d <= STEPS_SAVED * 4 * n * n_columns


def jacobi(diagonal: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Division by the Hessian's diagonal (d + 1, P)."""
    inverse = 1.0 / np.where(diagonal > 0, diagonal, 1.0)
    return lambda R: inverse * R


class FeatureBasis:
    """Eigenvalues and eigenvectors of the features' mean square: ``gram = Q diag(S) Q'``."""

    def __init__(self, gram: np.ndarray):
        S, self.Q = np.linalg.eigh(gram)
        self.S = np.maximum(S, 0.0)

    def preconditioner(self, bend: DataBend, ties: list[Tie], alpha: float):
        """The inverse of ``gram (x) K + alpha I``, K (P, P) the columns' curvatures, tied as their tasks are.

        That is the Hessian where the curvature of a column is the same in all rows.
        """
        dtype = np.dtype(bend.dtype)
        S, Q = (one.astype(dtype, copy=False) for one in (self.S, self.Q))
        turns = [(tie.columns, *tie.eigen(bend.totals)) for tie in ties]
        turns = [(c, L.astype(dtype), None if V is None else V.astype(dtype)) for c, L, V in turns]
        shrinks = [1.0 / (S[:, None] * L + dtype.type(alpha)) for _, L, _ in turns]
        inverse = 1.0 / np.where(bend.totals > 0, bend.totals, 1.0)

        def apply(R):
            out, turned = np.empty_like(R), Q.T @ R[:-1]
            for (columns, _, V), shrink in zip(turns, shrinks, strict=True):
                mine = turned[:, columns]
                turned[:, columns] = mine * shrink if V is None else ((mine @ V) * shrink) @ V.T
            np.matmul(Q, turned, out=out[:-1])
            out[-1] = R[-1] * inverse
            return out

        return apply
