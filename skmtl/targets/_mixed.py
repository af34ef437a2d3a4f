"""Targets of which some are numbers and some are labels: one field a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._columns import observed_labels
from ._forms import PLAIN, read_target, restore
from ._reader import TaskTargets, _read_column

TakesLabels = Callable[[str, np.ndarray], bool]


def mixed_columns(y: Any, missing_label) -> tuple[dict[str, np.ndarray], dict]:
    """``y`` as a dict from task to a 1-D array, and its form: see :func:`restore_columns`.

    Raises
    ------
    ValueError
        A field that holds several numbers a sample; and what ``make_targets`` refuses.
    """
    fields, form = read_target(y, missing_label if isinstance(missing_label, int) else None)
    if form["form"] in ("vector", "matrix"):
        columns = np.atleast_2d(fields[PLAIN].T)
        return {f"task{t}": np.ascontiguousarray(column) for t, column in enumerate(columns)}, form
    for name, field in fields.items():
        if field.ndim > 1:
            raise ValueError(
                f"field {name!r} of y holds arrays of shape {field.shape[1:]} a sample; a linear model "
                "learns one number or label a task: give each a field of its own"
            )
    return fields, form


def read_mixed_targets(y: Any, takes_labels: TakesLabels, missing_label) -> tuple[TaskTargets, dict]:
    """Read ``y``; ``takes_labels(name, column)`` says which columns are labels.

    The targets have None for the classes of a task of numbers.

    Raises
    ------
    ValueError
        As ``mixed_columns``; a task with no observed label, with one class, or texts for numbers.
    """
    columns, form = mixed_columns(y, missing_label)
    read = []
    for name, column in columns.items():
        seen = mixed_observed(column, missing_label)
        values, observed = np.zeros(len(column)), seen
        shown = "y" if form["form"] == "vector" else f"task {name!r}"
        values[seen], _, classes = _read_column(column[seen], takes_labels(name, column), None, shown)
        read.append((values, observed, classes))
    values, observed, classes = (list(part) for part in zip(*read, strict=True))
    if form["form"] == "vector" and not observed[0].all():
        raise ValueError("Input y contains NaN: a row of a 1-D y without a label teaches nothing; drop it")
    targets = TaskTargets(
        "vector" if form["form"] == "vector" else "matrix",
        list(columns),
        np.column_stack(values),
        np.column_stack(observed),
        classes,
    )
    return targets, form


def mixed_observed(column: np.ndarray, missing_label) -> np.ndarray:
    """Boolean mask of the entries that are labels; an empty text is none."""
    observed = observed_labels(column, missing_label)
    return observed & (column != "") if column.dtype.kind == "U" else observed


def restore_columns(columns: dict[str, np.ndarray], form: dict) -> Any:
    """Predicted columns in the form of the y that was fitted: structured array, data frame, matrix or 1-D."""
    if form["form"] == "vector":
        return next(iter(columns.values()))
    if form["form"] == "matrix":
        return np.column_stack(list(columns.values()))
    if form["form"] == "structured":
        form = {**form, "dtype": [(name, column.dtype.str, ()) for name, column in columns.items()]}
    return restore(columns, form)
