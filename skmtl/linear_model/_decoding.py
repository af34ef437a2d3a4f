"""From columns of weights and raw scores to what users ask for, task by task."""

from __future__ import annotations

import numpy as np

from ..targets import join_labels


class TaskColumns:
    """``coef_`` and ``intercept_`` of models with ``_W``, ``_b`` and ``_columns_of``."""

    @property
    def coef_(self):
        """Slopes, by task: see the class."""
        return self._by_task(self._W.T)

    @property
    def intercept_(self):
        """Intercepts, by task: see the class."""
        return self._by_task(self._b)

    def _by_task(self, rows: np.ndarray):
        parts = [rows[self._columns_of(t)] for t in range(self.n_tasks_)]
        if self._form == "vector":
            return parts[0]
        if len({len(part) for part in parts}) > 1:
            return parts
        return np.stack([part[0] for part in parts]) if len(parts[0]) == 1 else np.stack(parts)


class ClassDecoding:
    """Labels and scores of models with ``_raw``, ``_columns_of`` and ``classes_``."""

    def decision_function(self, X):
        """Raw scores: of the second class of two (n,), or of each class (n, n_classes).

        With a matrix y: (n, n_tasks) where every task has two classes, else a list per task.
        """
        Z = self._raw(X)
        if self._form != "matrix":
            return Z[:, 0] if Z.shape[1] == 1 else Z
        parts = self._split(Z)
        return np.hstack(parts) if all(part.shape[1] == 1 for part in parts) else parts

    def predict(self, X) -> np.ndarray:
        """Labels (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        Z = self._raw(X)
        if self._form != "matrix":
            return self.classes_[positions(Z)]
        return join_labels([c[positions(z)] for c, z in zip(self.classes_, self._split(Z), strict=True)])

    def _split(self, Z: np.ndarray) -> list[np.ndarray]:
        return [Z[:, self._columns_of(t)] for t in range(self.n_tasks_)]


def positions(Z: np.ndarray) -> np.ndarray:
    """The class each row of raw scores (n, C) stands for, as its position."""
    return (Z[:, 0] > 0).astype(int) if Z.shape[1] == 1 else Z.argmax(axis=1)
