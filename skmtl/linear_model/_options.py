"""What goes into a fit and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ..design import Family
from ..targets import TaskTargets
from ._data import DataLoss


@dataclass(frozen=True)
class FitOptions:
    """Numbers that steer a fit; see the estimators."""

    alpha: float
    fit_intercept: bool
    loss_average: str
    solver: str
    tol: float
    max_iter: int | None
    n_jobs: int | None = None

    def steps(self, usual: int) -> int:
        """``max_iter``, or what is usual for the solver."""
        return usual if self.max_iter is None else self.max_iter


@dataclass(frozen=True)
class FitData:
    """Data ready for a solver: ``weight`` is normalised and, with ``targets``, in the order of X.

    ``null`` is ``loss`` for models of intercepts alone.
    """

    X: np.ndarray
    targets: TaskTargets
    weight: np.ndarray
    families: list[Family]
    loss: DataLoss
    null: DataLoss

    @property
    def plain_regression(self) -> bool:
        """Squared loss on a dense, shared X, with the same row weights for every task."""
        return (
            self.loss.quadratic
            and self.targets.form != "rows"
            and not sp.issparse(self.X)
            and bool((self.weight == self.weight[:, :1]).all())
        )

    def centred(self, intercept: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """X and Y less their weighted means, where ``intercept``, and the means of Y."""
        w, Y = self.weight[:, 0], self.targets.values
        if not intercept:
            return self.X, Y, np.zeros(Y.shape[1])
        means = np.average(Y, axis=0, weights=w)
        return self.X - np.average(self.X, axis=0, weights=w), Y - means, means


@dataclass(frozen=True)
class Solution:
    """Parts (d, P) that sum to W, intercepts b (P,) for the centred X, and how the solver ended.

    ``residual`` is what ``tol`` bounds and ``measure`` its name; ``gap`` is the duality gap, where known.
    ``covariances`` holds one task covariance for each family, for quadratic couplings.
    """

    parts: list[np.ndarray]
    b: np.ndarray
    objective: float
    residual: float
    measure: str
    n_iter: int
    converged: bool
    gap: float | None = None
    covariances: list[np.ndarray] | None = None
