"""What goes into a fit and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import scipy.sparse as sp

from ..design import Family
from ..targets import TaskTargets
from ._data import DataLoss

Made = TypeVar("Made")


@dataclass(frozen=True)
class FitOptions:
    """Numbers that steer a fit; see the estimators. ``task_weight`` is (n_tasks,), None where all weigh 1."""

    alpha: float
    fit_intercept: bool
    loss_average: str
    solver: str
    tol: float
    max_iter: int | None
    intercept_penalty: float = 0.0
    feature_mask: np.ndarray | None = None
    task_weight: np.ndarray | None = None
    n_jobs: int | None = None

    def steps(self, usual: int) -> int:
        """``max_iter``, or what is usual for the solver."""
        return usual if self.max_iter is None else self.max_iter


@dataclass(frozen=True)
class FitData:
    """Data ready for a solver: ``weight`` is normalised and, with ``targets``, in the order of X.

    ``null`` is ``loss`` for models of intercepts alone. ``mask`` (d, P) is False where a task lacks a
    feature of a shared X.
    """

    X: np.ndarray
    targets: TaskTargets
    weight: np.ndarray
    families: list[Family]
    loss: DataLoss
    null: DataLoss
    mask: np.ndarray | None = None
    _made: dict = field(default_factory=dict, repr=False)

    def once(self, make: Callable[[FitData], Made]) -> Made:
        """``make(self)``, computed once: what depends on the data alone, and serves every alpha of a path."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    @cached_property
    def plain_regression(self) -> bool:
        """Squared loss on a dense, shared X, with the same row weights and features for every task."""
        return (
            self.loss.quadratic
            and self.mask is None
            and self.targets.form != "rows"
            and not sp.issparse(self.X)
            and bool((self.weight == self.weight[:, :1]).all())
        )


@dataclass(frozen=True)
class Start:
    """Where a fit may begin: parts (d, P) that sum to W, and intercepts b (P,) for the centred X."""

    parts: list[np.ndarray]
    b: np.ndarray

    @property
    def W(self) -> np.ndarray:
        """The weights (d, P)."""
        return self.parts[0] if len(self.parts) == 1 else sum(self.parts)


def split_start(start: Start, n_parts: int) -> list[np.ndarray]:
    """The parts of a start, for a coupling that may split W in another number of them."""
    if len(start.parts) == n_parts:
        return start.parts
    return [start.W] + [np.zeros_like(start.W)] * (n_parts - 1)


@dataclass(frozen=True)
class Solution(Start):
    """The parts and intercepts that a fit ended with, and how the solver ended.

    ``residual`` is what ``tol`` bounds and ``measure`` its name; ``gap`` is the duality gap, where known.
    ``unsettled`` says what else did not settle, where the solver itself ended well. ``covariances`` holds
    one task covariance for each family, for quadratic couplings; ``factors`` L (d, k) and S (k, P) with
    ``W = L S``, for couplings that learn a basis.
    """

    objective: float
    residual: float
    measure: str
    n_iter: int
    converged: bool
    gap: float | None = None
    covariances: list[np.ndarray] | None = None
    factors: tuple[np.ndarray, np.ndarray] | None = None
    unsettled: str = ""
