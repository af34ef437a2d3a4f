"""What every estimator on plain targets shares: reading X and y at fit, X at predict."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, validate_data

from ..utils._weights import checked_weights
from ._reader import TaskTargets, read_targets
from ._scores import TaskScoresMixin
from ._tasks import distinct_tasks, encode_tasks, find_task_column, split_task_column


class TaskTargetsMixin(TaskScoresMixin):
    """Reads 1-D y, (n, T) y with missing labels, and tasks that own their rows (``task_feature``).

    The estimator has the parameters ``task_feature``, ``unknown_task`` and ``missing_label``; fitting
    sets ``n_tasks_``, ``task_names_in_`` and, for classifiers, ``classes_``.
    """

    #: Formats that X keeps; any other becomes the first.
    _feature_dtypes: tuple = (np.float64,)

    @property
    def _checks(self) -> dict:
        return {"accept_sparse": ("csr", "csc"), "dtype": list(self._feature_dtypes)}

    def _read_fit(self, X, y, *, classify: bool):
        """Checked features without the task column, and the targets."""
        task = self._task_ids = None
        if self.task_feature is None:
            X = validate_data(self, X, **self._checks)
        else:
            X = _two_dimensional(X)
            validate_data(self, X, skip_check_array=True)
            self._task_position, self._task_shown = find_task_column(X, self.task_feature)
            X, ids = split_task_column(X, self._task_position, self._task_shown)
            self._task_ids = distinct_tasks(ids, self._task_shown)
            task = encode_tasks(ids, self._task_ids, self._task_shown, "error")
            X = check_array(X, estimator=self, input_name="X", **self._checks)
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        targets = read_targets(
            y, classify=classify, missing_label=self.missing_label, task=task, task_ids=self._task_ids
        )
        check_consistent_length(X, targets.values)
        self._remember(targets)
        return X, targets

    def _read_predict(self, X) -> tuple[np.ndarray, np.ndarray | None]:
        """Checked features without the task column, and each row's task (-1: unseen)."""
        check_is_fitted(self)
        if self._task_ids is None:
            return validate_data(self, X, reset=False, **self._checks), None
        X = _two_dimensional(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        X, ids = split_task_column(X, self._task_position, self._task_shown)
        task = encode_tasks(ids, self._task_ids, self._task_shown, self.unknown_task)
        return check_array(X, estimator=self, input_name="X", **self._checks), task

    def _read_stranger(self, X, task):
        """Checked features of rows that all belong to one task not seen before, and its id."""
        X = _two_dimensional(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        X, ids = split_task_column(X, self._task_position, self._task_shown)
        ids = list(dict.fromkeys(ids.tolist()))
        if len(ids) != 1 or ids[0] in self._task_ids:
            raise ValueError(
                f"task_feature {self._task_shown} must hold one id that is new, the same in every row; got "
                f"{ids[:10]}"
            )
        if task is not None and task != ids[0]:
            raise ValueError(f"task={task!r}, but the rows of X belong to {ids[0]!r}; leave task out")
        return check_array(X, estimator=self, input_name="X", **self._checks), ids[0]

    def _remember(self, targets: TaskTargets) -> None:
        self._form = targets.form
        self.n_tasks_ = targets.n_tasks
        self.task_names_in_ = np.array(targets.names)
        if targets.classes is not None:
            one = targets.form != "matrix"
            self.classes_ = targets.classes[0] if one else list(targets.classes)


def label_weights(targets: TaskTargets, sample_weight, target_weight, *, every_task=True) -> np.ndarray:
    """Weight of each label, in the shape of ``targets.values``; 0 where unobserved.

    Raises ValueError where a task is left without any weight, unless ``every_task`` is False.
    """
    weight = targets.observed.astype(np.float64)
    if sample_weight is not None:
        weight *= checked_weights(sample_weight, (len(weight),), "sample_weight")[:, None]
    if target_weight is not None:
        if targets.form == "rows":
            raise ValueError("target_weight is for tasks that share X; with task_feature use sample_weight")
        target_weight = np.asarray(target_weight)
        if targets.form == "vector" and target_weight.ndim == 1:
            target_weight = target_weight[:, None]
        weight *= checked_weights(target_weight, weight.shape, "target_weight")
    if every_task:
        _need_weights(targets, weight)
    return weight


def _need_weights(targets: TaskTargets, weight: np.ndarray) -> None:
    if targets.form == "rows":
        counts = np.bincount(targets.task[weight[:, 0] > 0], minlength=targets.n_tasks)
    else:
        counts = np.count_nonzero(weight > 0, axis=0)
    for name, count in zip(targets.names, counts, strict=True):
        if not count:
            raise ValueError(f"task {name!r} has no observed label with a positive weight")


def _two_dimensional(X):
    if hasattr(X, "shape") and len(X.shape) == 2:
        return X
    X = np.asarray(X)
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array X with a task column, got an array of shape {X.shape}")
    return X
