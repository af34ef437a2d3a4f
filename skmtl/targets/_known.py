"""Targets of tasks that are known already: what ``partial_fit`` is given after its first call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._columns import observed_labels, task_columns
from ._reader import TaskTargets, _numbers


def read_known_targets(
    y, names: Sequence, classes: Sequence[np.ndarray] | None, *, missing_label, vector: bool
) -> TaskTargets:
    """Read ``y`` for tasks with these names and classes (None: numbers).

    A task may have no observed label, or labels of one class.

    Raises
    ------
    ValueError
        Another number of tasks, 1-D in place of 2-D, or a label that is not among its task's classes.
    """
    columns, _, one_dim = task_columns(y)
    if len(columns) != len(names) or one_dim != vector:
        form = "1-D y" if vector else f"y with {len(names)} tasks"
        got = "1-D" if one_dim else f"{len(columns)} tasks"
        raise ValueError(f"the model learns {form}, got {got}")
    read = []
    for t, column in enumerate(columns):
        shown = "y" if vector else f"task {names[t]!r}"
        observed = observed_labels(column, missing_label)
        values = np.zeros(len(column))
        labels = column[observed]
        known = None if classes is None else classes[t]
        values[observed] = _numbers(labels, shown) if known is None else _positions(labels, known, shown)
        read.append((values, observed))
    values, observed = (np.column_stack(part) for part in zip(*read, strict=True))
    if vector and not observed.all() and (missing_label is None or missing_label != missing_label):
        raise ValueError("Input y contains NaN: a row of a 1-D y without a label teaches nothing; drop it")
    form = "vector" if vector else "matrix"
    return TaskTargets(form, list(names), values, observed, None if classes is None else list(classes))


def known_classes(classes, n_tasks: int) -> list[np.ndarray]:
    """What the first ``partial_fit`` is told of the classes, as one sorted array for each task.

    Raises
    ------
    ValueError
        None; a list for another number of tasks; a task of one class.
    """
    if classes is None:
        raise ValueError("classes must be passed on the first call to partial_fit.")
    if not len(classes) or np.ndim(classes[0]) == 0:
        classes = [classes] * n_tasks
    if len(classes) != n_tasks:
        raise ValueError(f"classes has entries for {len(classes)} tasks, but y has {n_tasks}")
    classes = [np.unique(own) for own in classes]
    for own in classes:
        if len(own) < 2:
            raise ValueError(f"classes must hold at least two classes for each task, got {own.tolist()}")
    return classes


def _positions(labels: np.ndarray, classes: np.ndarray, shown: str) -> np.ndarray:
    places = {label: place for place, label in enumerate(classes.tolist())}
    try:
        return np.array([places[label] for label in labels.tolist()], dtype=float)
    except KeyError as unknown:
        raise ValueError(
            f"{shown} has the label {unknown.args[0]!r}, never seen before; known are {classes.tolist()}"
        ) from None
