"""What a loss owes a solver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..component import Component


class Curvature(NamedTuple):
    """Second derivative in the raw prediction: its diagonal, and its product with a direction.

    Both are (n, m, C); the product takes and gives arrays of that shape.
    """

    diagonal: np.ndarray
    apply: Callable[[np.ndarray], np.ndarray]


class Loss(Component, ABC):
    """A weighted sum of losses, ``sum_ij w_ij l(y_ij, z_ij)``, over rows i and tasks j.

    Shapes: targets ``y`` and weights ``w >= 0`` are (n, m), raw predictions ``z`` (n, m, C), with
    C = 1 for all but class probabilities over more than two classes. Entries of weight zero are
    unobserved: their y is any finite number.
    """

    #: True where the curvature does not depend on z, so that one Newton step is exact.
    quadratic = False
    #: The largest eigenvalue of the second derivative of l in z, over all y and z; None: no bound.
    smoothness: float | None = None
    #: True where l has kinks: it is minimised by way of ``smoothed``.
    kinked = False
    #: True where l is linear far from y, so that Newton's method needs ``smoothed`` to get there.
    flat = False
    #: True where l has a positive second derivative everywhere, as Newton steps with a penalty want it.
    bends = False
    #: True where a common shift of all columns of a task changes nothing.
    shift_free = False
    #: Whether y holds positions in a list of classes; otherwise it holds numbers.
    takes_labels = False

    @abstractmethod
    def value(self, y: np.ndarray, z: np.ndarray, w: np.ndarray) -> float:
        """The weighted sum of losses."""

    @abstractmethod
    def gradient(self, y: np.ndarray, z: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Derivative of the value in z, (n, m, C)."""

    @abstractmethod
    def curvature(self, y: np.ndarray, z: np.ndarray, w: np.ndarray) -> Curvature:
        """Second derivative of the value in z."""

    def conjugate(self, y: np.ndarray, r: np.ndarray, w: np.ndarray) -> float | None:
        """``sum_ij w_ij l*(y_ij, r_ij / w_ij)``, the convex conjugate in z at r (n, m, C).

        r is a gradient, a multiple of one with a factor in [0, 1], or a balanced one; entries of
        weight zero count nothing. None where the loss has no formula for it: fits then have no
        duality gap.
        """
        return None

    def balance(self, y: np.ndarray, r: np.ndarray, w: np.ndarray) -> np.ndarray:
        """A gradient r (n, m, C) changed so that its sums over rows vanish: a free intercept's dual point.

        It stays where the conjugate is finite, and is r itself at the best intercepts.
        """
        return r

    def smoothed(self, y: np.ndarray, s: np.ndarray, width: np.ndarray) -> tuple[Loss, np.ndarray]:
        """A smooth loss and its targets in the place of this one and y, for slopes near s (n, m).

        The conjugate gets ``mu / 2 (t - s)^2`` more, up to a constant, so that kinks are rounded over about
        ``width`` (broadcast to y) of residuals; where the best slopes are s, the minimum stays.
        """
        raise NotImplementedError(f"{self!r} needs no smoothing")

    def start(self, y: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Constant predictions (m,), equal in all C columns, from which a fit starts."""
        return np.zeros(y.shape[1])

    def mean(self, z: np.ndarray) -> np.ndarray:
        """The prediction of y that a raw prediction stands for."""
        return z

    def n_columns(self, n_classes: int | None) -> int:
        """C, for a task of that many classes (None: numbers)."""
        return 1

    def check(self, y: np.ndarray, shown: str) -> None:
        """Raise ValueError, which names the task as ``shown``, where a label of y (k,) is out of range."""
