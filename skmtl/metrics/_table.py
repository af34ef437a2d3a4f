"""Tables of labels and predictions, split into tasks; a missing label costs its own entry alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..targets._columns import observed_labels, task_columns
from ..utils._weights import checked_weights
from ._observed import checked_average, mean_observed

AVERAGES = ("macro", "micro", "samples", "worst", None)


@dataclass(frozen=True)
class Task:
    """The observed entries of a task: labels (m,), predictions (m,) or (m, C), weights, rows (m,)."""

    name: str
    truth: np.ndarray
    guess: np.ndarray
    weight: np.ndarray
    rows: np.ndarray
    classes: np.ndarray | None = None


def read_table(y_true, y_pred, *, task=None, sample_weight=None, missing_label=None) -> list[Task]:
    """One ``Task`` per column of ``y_true``, or per task id where tasks own their rows.

    ``y_pred`` has the form of ``y_true``, or is a list of numpy arrays, one per task, (n,) or (n, C).
    """
    truths, names, _ = task_columns(y_true)
    guesses = _predictions(y_pred, names, len(truths))
    n = len(truths[0]) if truths else 0
    for guess in guesses:
        if len(guess) != n:
            raise ValueError(f"y_true has {n} rows, y_pred {len(guess)}")
    weight = checked_weights(sample_weight, (n,), "sample_weight")
    names = [str(t) for t in range(len(truths))] if names is None else names
    parts = [(name, t, g, np.arange(n)) for name, t, g in zip(names, truths, guesses, strict=True)]
    if task is not None:
        parts = _by_id(parts, task, n)
    return [_observed(*part, weight, missing_label) for part in parts]


def _predictions(y_pred, names, n_tasks: int) -> list[np.ndarray]:
    is_list = isinstance(y_pred, list | tuple) and len(y_pred) == n_tasks
    if is_list and all(isinstance(part, np.ndarray) and part.ndim > 0 for part in y_pred):
        columns, found_names = list(y_pred), None
    else:
        columns, found_names, _ = task_columns(y_pred)
    if len(columns) != n_tasks and n_tasks == 1 and np.ndim(y_pred) == 2:
        columns = [np.asarray(y_pred)]  # probabilities of the classes of the only task
    if len(columns) != n_tasks:
        raise ValueError(f"y_true has {n_tasks} tasks, y_pred {len(columns)}")
    if names is not None and found_names is not None and names != found_names:
        raise ValueError(f"y_true has the tasks {names}, y_pred {found_names}")
    return columns


def _by_id(parts: list, task, n: int) -> list:
    if len(parts) != 1:
        raise ValueError(f"task= is for tasks that own their rows, with 1-D y; y_true has {len(parts)} tasks")
    ids = task_columns(task)[0]
    if len(ids) != 1 or len(ids[0]) != n:
        raise ValueError(f"task must be ({n},), a task id per row of y_true")
    names, codes = np.unique(ids[0], return_inverse=True)
    _, truth, guess, _ = parts[0]
    order = np.argsort(codes, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if n else []
    return [(str(name), truth[at], guess[at], at) for name, at in zip(names.tolist(), groups, strict=True)]


def _observed(name: str, truth, guess, rows, weight, missing_label) -> Task:
    seen = observed_labels(truth, missing_label)
    truth, guess, rows = _own_kind(truth[seen]), guess[seen], rows[seen]
    if guess.ndim == 1:
        predicted = observed_labels(guess, None)
        if not predicted.all():
            raise ValueError(
                f"task {name!r}: y_pred is missing in row {rows[~predicted][0]}, which has a label"
            )
        guess = _own_kind(guess)
    elif guess.dtype.kind == "f" and np.isnan(guess).any():
        raise ValueError(f"task {name!r}: y_pred has NaN in row {rows[np.isnan(guess).any(axis=1)][0]}")
    return Task(name, truth, guess, weight[rows], rows)


def _own_kind(values: np.ndarray) -> np.ndarray:
    """Objects as the numbers or texts they are."""
    return np.array(values.tolist()) if values.dtype.kind == "O" and len(values) else values


def averaged(tasks: list[Task], metric: Callable[[Task], float], average, *, lower_is_better: bool = False):
    """``metric`` of each task, and over them as ``average`` says.

    macro: mean over tasks. micro: all entries as one task. samples: the metric within each row, over
    its tasks, then the weighted mean over rows. worst: of the worst task. None: (T,) array. What is
    undefined (NaN) is left out.
    """
    checked_average(average, AVERAGES)
    if average == "micro":
        return metric(_pooled(tasks))
    if average == "samples":
        rows = _by_row(tasks)
        return mean_observed([metric(row) for row in rows], [row.weight[0] for row in rows])
    scores = np.array([metric(task) if len(task.truth) else np.nan for task in tasks], dtype=np.float64)
    if average is None:
        return scores
    if average == "macro":
        return mean_observed(scores)
    seen = scores[~np.isnan(scores)]
    return float((seen.max if lower_is_better else seen.min)()) if seen.size else float("nan")


def _pooled(tasks: list[Task]) -> Task:
    if any(task.guess.ndim > 1 for task in tasks):
        raise ValueError("average='micro' and 'samples' need one column of predictions per task")
    return Task(
        "all tasks",
        *(_joined([getattr(task, name) for task in tasks]) for name in ("truth", "guess", "weight", "rows")),
    )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    kinds = {part.dtype.kind in "US" for part in parts if len(part)}
    if len(kinds) > 1:
        raise ValueError("average='micro' and 'samples' need labels of one kind: here are texts and numbers")
    return np.concatenate([part for part in parts if len(part)] or parts)


def _by_row(tasks: list[Task]) -> list[Task]:
    pool = _pooled(tasks)
    order = np.argsort(pool.rows, kind="stable")
    cuts = np.flatnonzero(np.diff(pool.rows[order])) + 1
    return [
        Task(f"row {pool.rows[at[0]]}", pool.truth[at], pool.guess[at], pool.weight[at], pool.rows[at])
        for at in (np.split(order, cuts) if len(order) else [])
    ]
