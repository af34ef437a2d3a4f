"""Linear classification of several tasks: everything but the loss."""

from __future__ import annotations

import numpy as np
from sklearn.base import ClassifierMixin

from ..targets import TaskTargets, join_labels, label_weights
from ..utils._init import extended_init
from ..utils._sklearn import StrOptions
from ._base import LinearTaskModel
from ._weights import class_weighted


class LinearTaskClassifier(LinearTaskModel, ClassifierMixin):
    """Weighs classes and decodes raw scores; subclasses give the loss."""

    _classify = True
    _parameter_constraints = {
        **LinearTaskModel._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    __init__ = extended_init(LinearTaskModel, {"class_weight": None})

    def _label_weights(self, targets: TaskTargets, sample_weight, target_weight):
        weight = label_weights(targets, sample_weight, target_weight)
        return class_weighted(targets, weight, self.class_weight)

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
