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
