"""Least squares of tasks that differ in their second derivatives, as descent over rows of W sees it."""

from __future__ import annotations

from functools import cached_property

import numpy as np


class TaskState:
    """W = shared + own, each (d, T), and what is left of the targets at W."""

    def __init__(self, shared: np.ndarray, own: np.ndarray):
        self.shared, self.own = shared, own

    @property
    def W(self) -> np.ndarray:
        return self.shared + self.own

    def parts(self, chosen: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Both parts, in some of the features, in one new array (2, d, T)."""
        return np.stack([self.shared[chosen], self.own[chosen]])

    def where(self) -> tuple[np.ndarray, np.ndarray]:
        """The parts, and what is left of the targets."""
        return self.parts(), self.remainder

    def move(self, parts: np.ndarray, remainder: np.ndarray) -> None:
        """Put others in their place."""
        self.shared[:], self.own[:] = parts
        self.remainder[:] = remainder


class TaskGrams(TaskState):
    """``sum_t w_t' G_t w_t / 2 - <M, W> + square / 2``: for tasks of more rows than features.

    Parameters
    ----------
    grams : (d, d, T)
        G_t, tasks last.
    moments : (d, T)
        M, minus the gradient at zero.
    square : float
        Twice the value at zero.
    parts : (2, d, T)
        Where to start.
    """

    def __init__(self, grams: np.ndarray, moments: np.ndarray, square: float, parts: np.ndarray):
        super().__init__(*parts)
        self.grams, self.moments, self.square, self.null = grams, moments, square, square
        self.bends = np.einsum("jjt->jt", grams)
        self.refresh()

    def refresh(self) -> None:
        """Compute the slopes anew: rounding errors of many small updates go."""
        by_task = np.matmul(self.grams.transpose(2, 0, 1), self.W.T[:, :, None])[:, :, 0]
        self.remainder = self.moments - by_task.T

    def slopes(self) -> np.ndarray:
        """Minus the gradient (d, T)."""
        return self.remainder

    def sums(self) -> tuple[float, float]:
        """The squares of the residuals, and the residuals' product with the targets."""
        W = self.W
        explained = float(np.vdot(W, self.moments))
        return self.square - explained - float(np.vdot(W, self.remainder)), self.square - explained

    def restrict(self, chosen: np.ndarray) -> TaskGrams:
        """The same problem in some of the features."""
        grams, parts = self.grams[np.ix_(chosen, chosen)], self.parts(chosen)
        return TaskGrams(grams, self.moments[chosen], self.square, parts)

    def sweep(self, prices: np.ndarray, tasks: float) -> bool:
        """One pass over the rows, and over the tasks' columns of own where ``tasks`` is a price.

        Returns whether anything has moved.
        """
        from ..kernels.task_rows import descend_grams, descend_tasks

        if not np.isfinite(tasks):
            return descend_grams(self.grams, self.remainder, self.shared, self.own, prices)
        nothing = np.zeros_like(self.own)
        moved = descend_grams(self.grams, self.remainder, self.shared, nothing, prices)
        values, vectors = self._eigen
        return descend_tasks(vectors, values, self.remainder, self.own, tasks) or moved

    @cached_property
    def _eigen(self) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = np.linalg.eigh(self.grams.transpose(2, 0, 1))
        return np.maximum(values, 0.0), vectors


class SharedGram(TaskGrams):
    """The same where all tasks have one second derivative: ``grams`` is (d, d, 1)."""

    def __init__(self, grams: np.ndarray, moments: np.ndarray, square: float, parts: np.ndarray):
        super().__init__(np.ascontiguousarray(grams), moments, square, parts)

    def refresh(self) -> None:
        self.remainder = self.moments - self.grams[:, :, 0] @ self.W

    def restrict(self, chosen: np.ndarray) -> SharedGram:
        grams, parts = self.grams[np.ix_(chosen, chosen)], self.parts(chosen)
        return SharedGram(grams, self.moments[chosen], self.square, parts)


class TaskResiduals(TaskState):
    """The same by its residuals: for tasks of fewer rows than features.

    Parameters
    ----------
    X : (N, d), Fortran order
        Rows of task t are ``bounds[t]`` to ``bounds[t + 1]``.
    y : (N,)
    bounds : (T + 1,) int
    parts : (2, d, T)
        Where to start.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, bounds: np.ndarray, parts: np.ndarray):
        super().__init__(*parts)
        self.X, self.y, self.bounds, self.null = X, y, bounds, float(np.vdot(y, y))
        self.refresh()

    @cached_property
    def bends(self) -> np.ndarray:
        """The sums of squares of each task's features (d, T)."""
        return np.stack(
            [np.einsum("ij,ij->j", X, X) for X in (self.X[rows] for rows in self._rows())], axis=1
        )

    def refresh(self) -> None:
        """Compute the residuals anew: rounding errors of many small updates go."""
        W = self.W
        used = np.flatnonzero(W.any(axis=1))
        R = self.y.copy()
        for t, rows in enumerate(self._rows()):
            R[rows] -= self.X[rows][:, used] @ W[used, t]
        self.remainder = R

    def slopes(self) -> np.ndarray:
        return np.stack([self.remainder[rows] @ self.X[rows] for rows in self._rows()], axis=1)

    def sums(self) -> tuple[float, float]:
        return float(np.vdot(self.remainder, self.remainder)), float(np.vdot(self.remainder, self.y))

    def restrict(self, chosen: np.ndarray) -> TaskResiduals:
        X = np.asfortranarray(self.X[:, chosen])
        part = TaskResiduals(X, self.y, self.bounds, self.parts(chosen))
        part.bends = self.bends[chosen]
        return part

    def sweep(self, prices: np.ndarray, tasks: float) -> bool:
        """One pass over the rows; ``tasks`` is infinite."""
        from ..kernels.task_rows import descend_residuals

        return descend_residuals(
            self.X, self.remainder, self.bounds, self.shared, self.own, self.bends, prices
        )

    def _rows(self):
        return [slice(a, b) for a, b in zip(self.bounds[:-1], self.bounds[1:], strict=True)]
