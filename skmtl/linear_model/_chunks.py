"""Rows that come in chunks: known tasks go on, new ones are taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_array, check_consistent_length, validate_data

from ..targets._columns import observed_labels, task_columns
from ..targets._estimator import _two_dimensional
from ..targets._tasks import encode_tasks, find_task_column, split_task_column
from ..utils._weights import checked_weights


class TaskChunk(NamedTuple):
    """The labelled rows of one task in a chunk: dense X (n, d), y (n,), weights (n,)."""

    t: int
    X: np.ndarray
    y: np.ndarray
    w: np.ndarray


def read_features(model, X, *, first: bool):
    """Checked features without the task column, and each row's task or None; tasks not seen so far are
    appended to the model's."""
    if model.task_feature is None:
        model._task_ids = None
        return validate_data(model, X, reset=first, **model._checks), None
    X = _two_dimensional(X)
    validate_data(model, X, reset=first, skip_check_array=True)
    if first:
        model._task_position, model._task_shown = find_task_column(X, model.task_feature)
        model._task_ids = []
    X, ids = split_task_column(X, model._task_position, model._task_shown)
    model._task_ids = list(dict.fromkeys([*model._task_ids, *ids.tolist()]))
    task = encode_tasks(ids, model._task_ids, model._task_shown, "error")
    return check_array(X, estimator=model, input_name="X", **model._checks), task


def read_form(y, task, known: Sequence | None) -> tuple[list[np.ndarray], str, list]:
    """The columns of y, its form and the tasks' names; ``known`` are those of earlier chunks, or None."""
    columns, names, one_dim = task_columns(y)
    if task is not None:
        if len(columns) != 1:
            raise ValueError(f"with task_feature y must be 1-D, got {len(columns)} columns")
        return columns, "rows", []
    names = names or [f"task{t}" for t in range(len(columns))]
    if known is not None and len(columns) != len(known):
        raise ValueError(
            f"y has {len(columns)} tasks, earlier chunks had {len(known)}; a task without labels in a chunk "
            "is a column of NaN"
        )
    return columns, "vector" if one_dim else "matrix", names


def task_chunks(X, columns, task, coded, weights) -> Iterator[TaskChunk]:
    """The rows of every task that has labels of positive weight here; ``coded(t, labels)`` checks them."""
    sample_weight, target_weight, missing_label = weights
    check_consistent_length(X, columns[0])
    row_weight = checked_weights(sample_weight, (X.shape[0],), "sample_weight")
    if target_weight is not None and task is not None:
        raise ValueError("target_weight is for tasks that share X; with task_feature use sample_weight")
    label_weight = checked_weights(target_weight, (X.shape[0], len(columns)), "target_weight")
    for t in range(len(columns)) if task is None else np.unique(task):
        column, w = (
            columns[0 if task is not None else t],
            row_weight * label_weight[:, 0 if task is not None else t],
        )
        mine = observed_labels(column, missing_label) & (w > 0) & (True if task is None else task == t)
        if mine.any():
            rows = X[np.flatnonzero(mine)]
            yield TaskChunk(
                int(t), rows.toarray() if sp.issparse(rows) else rows, coded(t, column[mine]), w[mine]
            )


def coded_numbers(labels: np.ndarray, shown: str) -> np.ndarray:
    """Labels as finite float64."""
    try:
        numbers = labels.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{shown} must hold numbers, got {labels.tolist()[0]!r}") from None
    if not np.isfinite(numbers).all():
        raise ValueError(f"{shown}: Input y contains infinity or a value too large for float64")
    return numbers


def coded_classes(labels: np.ndarray, classes: np.ndarray, shown: str) -> np.ndarray:
    """The positions of labels among the classes, as float64."""
    position = {label: float(place) for place, label in enumerate(classes.tolist())}
    strangers = [label for label in labels.tolist() if label not in position]
    if strangers:
        raise ValueError(f"{shown} has the label {strangers[0]!r}, which is not among its {classes.tolist()}")
    return np.array([position[label] for label in labels.tolist()])
