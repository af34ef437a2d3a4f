"""Plain targets: numbers or class labels, 1-D, one column per task, or one row per (sample, task)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length

from ._columns import observed_labels, task_columns


@dataclass(frozen=True)
class TaskTargets:
    """Targets of several tasks, read and checked.

    ``form`` is "vector" (1-D y, one task), "matrix" (one column per task on a shared X) or "rows"
    (1-D y, each row belongs to the task ``task[i]``). ``values`` holds numbers, or the positions of
    the labels in ``classes[t]``, as float64 with 0 where ``observed`` is False; both are (n, T), and
    (n, 1) for "vector" and "rows".
    """

    form: str
    names: list
    values: np.ndarray
    observed: np.ndarray
    classes: list[np.ndarray] | None = None
    task: np.ndarray | None = field(default=None)

    @property
    def n_tasks(self) -> int:
        return len(self.names)

    def rows_of(self, t: int) -> np.ndarray:
        """Indices of the rows with an observed label of task ``t``."""
        if self.form == "rows":
            return np.flatnonzero(self.observed[:, 0] & (self.task == t))
        return np.flatnonzero(self.observed[:, t])

    def labels_of(self, t: int) -> np.ndarray:
        """Numbers or class positions of task ``t``, aligned with ``rows_of(t)``."""
        return self.values[self.rows_of(t), 0 if self.form == "rows" else t]


def read_targets(y, *, classify: bool, missing_label=np.nan, task=None, task_ids=None) -> TaskTargets:
    """Read ``y`` in any of its plain forms.

    Parameters
    ----------
    y : 1-D, (n_samples, n_tasks), data frame or structured array
        NaN, None, NA and ``missing_label`` mean *not observed*.
    classify : bool
        Whether labels are classes or numbers.
    task : (n_samples,) intp, optional
        Task number of each row, for tasks that own their rows; ``task_ids`` names them.

    Raises
    ------
    ValueError
        A task with no observed label, with one class, with labels of the wrong kind; infinite
        numbers; a 1-D y with missing labels (unless rows belong to tasks).
    """
    columns, names, one_dim = task_columns(y)
    if task is not None:
        return _read_rows(columns, classify, missing_label, task, task_ids)
    names = names or [f"task{t}" for t in range(len(columns))]
    if not columns:
        raise ValueError("y has no columns: there is no task to learn")
    shown = [f"task {name!r}" for name in names] if not one_dim else ["y"]
    read = [_read_column(c, classify, missing_label, s) for c, s in zip(columns, shown, strict=True)]
    values, observed, classes = (list(part) for part in zip(*read, strict=True))
    if one_dim and not observed[0].all() and (missing_label is None or missing_label != missing_label):
        raise ValueError("Input y contains NaN: a row of a 1-D y without a label teaches nothing; drop it")
    return TaskTargets(
        "vector" if one_dim else "matrix",
        names,
        np.column_stack(values),
        np.column_stack(observed),
        classes if classify else None,
    )


def _read_rows(columns, classify, missing_label, task, task_ids) -> TaskTargets:
    if len(columns) != 1:
        raise ValueError(
            f"with task_feature each row belongs to one task and y must be 1-D, got {len(columns)} columns"
        )
    check_consistent_length(columns[0], task)
    values, observed, classes = _read_column(columns[0], classify, missing_label, "y")
    shown = np.zeros((len(task_ids), len(classes) if classify else 1), dtype=bool)
    shown[task[observed], values[observed].astype(np.intp) if classify else 0] = True
    for name, mine in zip(task_ids, shown, strict=True):
        _need_labels(mine[mine], f"task {name!r}")
        if classify:
            _need_classes(classes[mine], f"task {name!r}")
    classes = [classes] * len(task_ids) if classify else None
    return TaskTargets("rows", list(task_ids), values[:, None], observed[:, None], classes, task)


def _read_column(column, classify, missing_label, shown):
    observed = observed_labels(column, missing_label)
    _need_labels(observed[observed], shown)
    values = np.zeros(len(column))
    if classify:
        classes, values[observed] = _class_positions(column[observed], shown)
        _need_classes(classes, shown)
        return values, observed, classes
    values[observed] = _numbers(column[observed], shown)
    return values, observed, None


def _numbers(labels: np.ndarray, shown: str) -> np.ndarray:
    try:
        numbers = labels.astype(np.float64)
    except (TypeError, ValueError):
        example = labels.tolist()[0]
        raise ValueError(f"{shown} must hold numbers, got {example!r} of type {labels.dtype}") from None
    if not np.isfinite(numbers).all():
        raise ValueError(f"{shown}: Input y contains infinity or a value too large for float64")
    return numbers


def _class_positions(labels: np.ndarray, shown: str) -> tuple[np.ndarray, np.ndarray]:
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ValueError(f"{shown}: Input y contains infinity")
    if labels.dtype.kind == "O":
        labels = _unboxed(labels, shown)
    try:
        check_classification_targets(labels)
    except ValueError as error:
        raise ValueError(f"{error} ({shown})") from None
    return np.unique(labels, return_inverse=True)


def _unboxed(labels: np.ndarray, shown: str) -> np.ndarray:
    """Object labels as text or numbers: ``np.unique`` and scikit-learn refuse mixed objects."""
    texts = [isinstance(label, str) for label in labels]
    if any(texts) and not all(texts):
        raise ValueError(f"{shown} mixes texts and numbers as labels: {labels.tolist()[0]!r}, ...")
    return np.array(labels.tolist())


def _need_labels(labels: np.ndarray, shown: str) -> None:
    if len(labels) == 0:
        raise ValueError(f"{shown} has no observed label")


def _need_classes(classes: np.ndarray, shown: str) -> None:
    if len(classes) < 2:
        raise ValueError(
            f"{shown} has one class only ({classes.tolist()[0]!r}): a classifier needs labels of at least "
            "two classes"
        )
