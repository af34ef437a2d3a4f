"""What a coupling owes an estimator: it is quadratic, or it is proximal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from ..component import Component
from ..design import Family
from ._penalties import Penalty


class Coupling(Component, ABC):
    """The regulariser R(W) that ties tasks; W is (n_features, n_columns).

    Every coupling is a ``QuadraticCoupling`` or a ``ProximalCoupling``: that decides which solvers can
    serve it.
    """

    #: True where R(Q W) = R(W) for every rotation Q of the features: fits of wide data may then work in
    #: the span of the rows.
    rotates = False

    def describe(self, parts: Sequence[np.ndarray], families: Sequence[Family]) -> dict[str, object]:
        """What the fitted weights show: names of estimator attributes (``support_``, ...) and values.

        Parameters
        ----------
        parts : arrays (n_features, n_columns)
            The summands of W; one for all but the couplings that split W.
        task_of_column : (n_columns,) intp
            The task each column belongs to.
        """
        return {}


class QuadraticCoupling(Coupling):
    r"""A quadratic tie between tasks, ``R(W) = tr(W C^+ W') / 2`` with a task covariance C (T, T).

    W has one column per task here (a task's class columns stand under each other); C is positive
    semi-definite and ``C^+`` its pseudo-inverse, with W confined to the range of C. ``C[s, t]`` says
    how much tasks s and t are believed to move together: it is the prior covariance of their
    weights, up to 1 / alpha.
    """

    rotates = True
    #: True where ``relearn`` changes the covariance with the weights.
    learned = False

    @abstractmethod
    def covariance(self, n_tasks: int) -> np.ndarray:
        """The task covariance C (T, T) that a fit starts from."""

    def relearn(self, W: np.ndarray, C: np.ndarray) -> np.ndarray:
        """The covariance that suits weights W (rows, T) best; the given one unless it is learned."""
        return C

    def penalties(self, n_tasks: int) -> tuple[Penalty, ...] | None:
        """R with the covariance minimised out, as penalties of the parts (rows, n_tasks) that sum to W.

        A learned covariance that has them is fitted by the solvers of proximal couplings, to a duality
        gap; None, and fits alternate between weights and covariance.
        """
        return None

    def relation(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """The covariance that suits the parts of ``penalties`` best."""
        return self.relearn(parts[0], np.eye(parts[0].shape[1]))

    def constant(self, C: np.ndarray) -> float:
        """What R holds besides ``tr(W C^+ W') / 2``: terms in the covariance alone."""
        return 0.0

    def shared(self, W: np.ndarray, C: np.ndarray) -> np.ndarray | None:
        """Weights (rows,) for a task never seen, or None where the tasks share nothing."""
        return None


class ProximalCoupling(Coupling):
    r"""A tie without a gradient: ``R(W) = min over P_1 + ... + P_K = W of sum_k h_k(P_k)``.

    Each ``h_k`` is a penalty with a proximal map; most couplings have K = 1, and then R is h_1.
    """

    @abstractmethod
    def penalties(self, task_of_column: np.ndarray) -> tuple[Penalty, ...]:
        """The penalties h_1, ..., h_K of the parts, for columns of these tasks (n_columns,)."""


def covariance_root(C: np.ndarray) -> np.ndarray:
    """The symmetric square root of a positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(C)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def solve_psd(C: np.ndarray, B: np.ndarray) -> np.ndarray:
    """``pinv(C) @ B`` for a positive semi-definite C; what is 0 but for rounding counts as 0."""
    return np.linalg.pinv(C, rcond=1e-13, hermitian=True) @ B


def checked_number(name: str, value, low: float, high: float = np.inf, *, closed: bool = False) -> float:
    """``value`` as float, between low and high; ``closed`` lets it be one of the two."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)
    inside = number and (low <= value <= high if closed else low < value < high)
    if not inside or not np.isfinite(value):
        left, right = "[" if closed else "(", "]" if closed and np.isfinite(high) else ")"
        span = f"{left}{low:g}, {high:g}{right}"
        raise ValueError(f"{name} must be a number in {span}, got {value!r}")
    return float(value)
