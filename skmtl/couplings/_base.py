"""What a coupling owes an estimator: it is quadratic, or it is proximal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..component import Component
from ..design import Family
from ..utils._numbers import checked_number as checked_number
from ._penalties import Penalty


class TaskPrior(NamedTuple):
    """New columns ``w = origin + F u`` cost ``|u|^2 / 2``: F F' is the covariance of their features.

    ``factor`` F is a (n_features, r) array or sparse array; ``origin`` (n_features, columns), None for 0.
    """

    factor: np.ndarray
    origin: np.ndarray | None = None


class Coupling(Component, ABC):
    """The regulariser R(W) that ties tasks; W is (n_features, n_columns).

    Every coupling is of one kind, a ``QuadraticCoupling``, a ``ProximalCoupling``, ... : that decides which
    fit and which solvers can serve it.
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
        families : sequence of Family
            Which columns belong to which task, and which tasks have equal classes.
        """
        return {}

    def task_prior(self, parts: Sequence[np.ndarray], families: Sequence[Family], shared):
        r"""What the fitted weights say of the columns of a further task: a ``TaskPrior``, or None.

        With all other weights frozen and the relation between tasks at its best, R is a quadratic form of
        each task's columns (Argyriou, Evgeniou & Pontil 2008, equation 6), the same for a new one. None
        where there is nothing that a new task could share.

        Parameters
        ----------
        parts, families : as in ``describe``
        shared : (n_features, columns) array or None
            The shared part w_0, for couplings that have one.
        """
        return None


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

    def describe_relation(
        self, covariances: Sequence[np.ndarray], families: Sequence[Family]
    ) -> dict[str, object]:
        """As ``describe``, for what the covariances (T_f, T_f) of the families show."""
        return {}

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


def is_identity(C: np.ndarray) -> bool:
    """Whether C is the identity, to the last bit."""
    return np.count_nonzero(C) == len(C) and bool((C.diagonal() == 1.0).all())


class ConcaveCoupling(Coupling):
    """A tie that is not convex: R rises ever more slowly, and lies below each of its convex tangents.

    Fits minimise one tangent after the other, each with a proximal map, and end in a stationary point.
    """

    @abstractmethod
    def check(self) -> None:
        """Raise a ValueError for parameters that cannot be."""

    @abstractmethod
    def value(self, W: np.ndarray, alpha: float) -> float:
        """R(W); its shape may depend on alpha, which multiplies it."""

    @abstractmethod
    def tangent(self, W: np.ndarray, alpha: float) -> Penalty:
        """A convex penalty that, up to a constant, is never below R and touches it at W."""


class RankCoupling(Coupling):
    r"""A bound of the rank: ``R(W) = |W|_F^2 / 2`` where ``rank(W) <= r``, infinite elsewhere; not convex."""

    @abstractmethod
    def checked_rank(self, shape: tuple[int, int]) -> int:
        """The bound r for W of that shape, or a ValueError where no such W can have it."""


class TaskEdges(NamedTuple):
    """Pairs of tasks, ``first`` and ``second`` (n_edges,), and what a difference costs, ``weights > 0``."""

    first: np.ndarray
    second: np.ndarray
    weights: np.ndarray


class FusionCoupling(Coupling):
    r"""Lengths of differences: ``R(W) = sum_e u_e |w_s - w_t| + ridge / 2 |W|_F^2`` over edges e = (s, t).

    W has one column per task here, as for a ``QuadraticCoupling``; tasks of different classes are not tied.
    """

    @abstractmethod
    def checked_ridge(self) -> float:
        """The ridge, positive; raises a ValueError for parameters that cannot be."""

    @abstractmethod
    def edges(self, W: np.ndarray) -> TaskEdges:
        """The edges and their weights; W (rows, T) are the weights of separate ridge models."""


def covariance_root(C: np.ndarray) -> np.ndarray:
    """The symmetric square root of a positive semi-definite matrix."""
    n, apart, alike = len(C), C[0, 0] - C[0, -1], C[0, -1]
    if n > 1 and apart >= 0 and np.count_nonzero(C == alike) == n * n - n and (C.diagonal() == C[0, 0]).all():
        # apart * I + alike * 11': no decomposition, which would hold five matrices of this size
        root = np.full_like(C, (np.sqrt(max(apart + n * alike, 0.0)) - np.sqrt(apart)) / n)
        root.flat[:: n + 1] += np.sqrt(apart)
        return root
    values, vectors = np.linalg.eigh(C)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def spread_factor(vectors: np.ndarray, values: np.ndarray, others: float) -> np.ndarray:
    """The root of a covariance (d, d) of these eigenvectors (d, r) and values, and ``others`` elsewhere."""
    root = (vectors * (np.sqrt(values) - np.sqrt(others))) @ vectors.T
    root.flat[:: len(root) + 1] += np.sqrt(others)
    return root


def solve_psd(C: np.ndarray, B: np.ndarray) -> np.ndarray:
    """``pinv(C) @ B`` for a positive semi-definite C; what is 0 but for rounding counts as 0."""
    return np.linalg.pinv(C, rcond=1e-13, hermitian=True) @ B
