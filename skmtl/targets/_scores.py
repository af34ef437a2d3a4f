"""Scores for each task and over all, on observed labels alone."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import r2_score

from ..utils._weights import checked_weights
from ._columns import observed_labels, task_columns
from ._tasks import encode_tasks, split_task_column


class TaskScoresMixin:
    """``score`` and ``score_tasks`` of estimators that read plain targets."""

    def score_tasks(self, X, y, sample_weight=None) -> dict:
        """Score of each task on its observed labels: accuracy for classes, R2 for numbers.

        A task without an observed label in y scores NaN.

        Parameters
        ----------
        X, y : as in ``fit``
        sample_weight : (n_samples,), optional

        Returns
        -------
        dict : name of the task -> score

        Raises
        ------
        ValueError
            Where y holds a class that the task never showed at fit.
        """
        weight = checked_weights(sample_weight, (len(_as_rows(X)),), "sample_weight")
        predicted = self.predict(X)
        scores = {}
        for name, classes, rows, labels, column in self._labels_by_task(X, y):
            mine = predicted[rows] if column is None else predicted[rows, column]
            scores[name] = task_score(name, classes, labels, mine, weight[rows])
        return scores

    def score(self, X, y, sample_weight=None) -> float:
        """Mean over tasks of ``score_tasks``; over all rows where tasks own their rows.

        Tasks without an observed label in y are left out.
        """
        if self._form != "rows":
            return float(np.nanmean(list(self.score_tasks(X, y, sample_weight).values())))
        column = task_columns(y)[0][0]
        rows = np.flatnonzero(observed_labels(column, self.missing_label))
        weight = checked_weights(sample_weight, (len(column),), "sample_weight")
        classes = getattr(self, "classes_", None)
        return task_score("y", classes, column[rows], self.predict(X)[rows], weight[rows])

    def _labels_by_task(self, X, y):
        columns, _, _ = task_columns(y)
        if self._form == "rows":
            yield from self._labels_of_rows(X, columns[0])
            return
        if len(columns) != self.n_tasks_:
            raise ValueError(f"y has {len(columns)} tasks, the model was fitted on {self.n_tasks_}")
        for t, column in enumerate(columns):
            rows = np.flatnonzero(observed_labels(column, self.missing_label))
            classes = getattr(self, "classes_", None)
            one = self._form == "vector"
            classes = classes if one or classes is None else classes[t]
            yield self.task_names_in_[t].item(), classes, rows, column[rows], None if one else t

    def _labels_of_rows(self, X, column):
        _, ids = split_task_column(_as_rows(X), self._task_position, self._task_shown)
        task = encode_tasks(ids, self._task_ids, self._task_shown, self.unknown_task)
        observed = observed_labels(column, self.missing_label)
        for t, name in enumerate(self._task_ids):
            rows = np.flatnonzero(observed & (task == t))
            yield name, getattr(self, "classes_", None), rows, column[rows], None


def task_score(name, classes, labels, predicted, weight) -> float:
    """Accuracy of labels, R2 of numbers (``classes`` None); NaN where there is nothing to compare."""
    if len(labels) == 0:
        return float("nan")
    if classes is None:
        if len(labels) < 2:
            return float("nan")
        return float(r2_score(labels.astype(float), predicted, sample_weight=weight))
    known = np.array([label in set(classes.tolist()) for label in labels.tolist()])
    if not known.all():
        raise ValueError(
            f"task {name!r}: y has the label {labels[~known].tolist()[0]!r}, never seen at fit; "
            f"known are {classes.tolist()}"
        )
    right = np.array([p == label for p, label in zip(predicted.tolist(), labels.tolist(), strict=True)])
    return float(np.average(right, weights=weight))


def _as_rows(X):
    return X if hasattr(X, "shape") else np.asarray(X)
