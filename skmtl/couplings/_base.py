"""What a coupling owes an estimator."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from ..component import Component


class Coupling(Component, ABC):
    r"""A quadratic tie between tasks, ``R(W) = tr(W C^+ W') / 2`` with a task covariance C (T, T).

    W is (d, T), one column per task; C is positive semi-definite and ``C^+`` its pseudo-inverse, with
    W confined to the range of C. ``C[s, t]`` says how much tasks s and t are believed to move
    together: it is the prior covariance of their weights, up to 1 / alpha.
    """

    #: True where ``relearn`` changes the covariance, so that fitting alternates.
    learned = False

    @abstractmethod
    def covariance(self, n_tasks: int) -> np.ndarray:
        """The task covariance C (T, T) that a fit starts from."""

    def relearn(self, W: np.ndarray, C: np.ndarray) -> np.ndarray:
        """The covariance that suits weights W (rows, T) best; the given one unless it is learned."""
        return C

    def constant(self, C: np.ndarray) -> float:
        """What R holds besides ``tr(W C^+ W') / 2``: terms in the covariance alone."""
        return 0.0

    def shared(self, W: np.ndarray, C: np.ndarray) -> np.ndarray | None:
        """Weights (rows,) for a task never seen, or None where the tasks share nothing."""
        return None


def covariance_root(C: np.ndarray) -> np.ndarray:
    """The symmetric square root of a positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(C)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def solve_psd(C: np.ndarray, B: np.ndarray) -> np.ndarray:
    """``pinv(C) @ B`` for a positive semi-definite C."""
    return np.linalg.pinv(C, hermitian=True) @ B
