"""Anderson's extrapolation: where a sequence of iterates seems to lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np


class Movable(Protocol):
    """A state that can be put elsewhere: a point, and an array that is linear in it."""

    def where(self) -> tuple[np.ndarray, np.ndarray]:
        """The point, as a new array, and its image."""

    def move(self, point: np.ndarray, image: np.ndarray) -> None: ...


class Anderson:
    """Remembers some iterates, each with whatever is linear in it, and combines the last of them.

    The combination makes the steps between the iterates cancel as far as they can (Bertrand & Massias 2021,
    "Anderson acceleration of coordinate descent", algorithm 1).

    Parameters
    ----------
    size : int
        How many steps are combined.
    """

    def __init__(self, size: int):
        self.size = size
        self.clear()

    @property
    def full(self) -> bool:
        return len(self._points) > self.size

    def clear(self) -> None:
        """Forget everything."""
        self._points, self._images = [], []

    def note(self, state: Movable) -> None:
        """Remember where a state is."""
        point, image = state.where()
        self._points.append(point)
        self._images.append(image.copy())

    def advance(self, state: Movable, value: Callable[[], float]) -> None:
        """Move the state to where the noted iterates seem to lead, if that is lower, and forget them."""
        before, here = value(), (self._points[-1], self._images[-1])
        state.move(*self._ahead())
        if not value() < before:
            state.move(*here)
        self.clear()

    def _ahead(self) -> tuple[np.ndarray, np.ndarray]:
        points = np.stack(self._points)
        steps = np.diff(points, axis=0).reshape(self.size, -1)
        weights = _flattest(steps @ steps.T)
        combine = [np.tensordot(weights, array[1:], axes=1) for array in (points, np.stack(self._images))]
        return combine[0], combine[1]


def _flattest(gram: np.ndarray) -> np.ndarray:
    """The z with sum 1 and the least ``z' gram z``, a little regularised; the last iterate after no step."""
    size, scale = len(gram), np.trace(gram)
    if scale < np.finfo(float).tiny:
        return np.eye(size)[-1]
    z = np.linalg.solve(gram / scale + 1e-12 * np.eye(size), np.ones(size))
    return z / z.sum()
