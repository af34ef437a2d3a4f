"""Weights of classes and of tasks, in every form that a user may give them in."""

from __future__ import annotations

from numbers import Real

import numpy as np

from ..targets import TaskTargets


def task_weights(targets: TaskTargets, given) -> np.ndarray | None:
    """``task_weight`` as (n_tasks,), positive; None where it is not given.

    Raises
    ------
    ValueError
        Another number of weights than of tasks, the name of no task, a weight that is not positive.
    """
    if given is None:
        return None
    if isinstance(given, dict):
        _need_tasks(given, targets, "task_weight")
        given = [given.get(name, 1.0) for name in targets.names]
    weights = np.asarray(given)
    if weights.shape != (targets.n_tasks,):
        raise ValueError(
            f"task_weight must hold one weight for each of the {targets.n_tasks} tasks, got shape "
            f"{weights.shape}"
        )
    for name, weight in zip(targets.names, weights.tolist(), strict=True):
        if not (_is_number(weight) and 0 < weight < np.inf):
            raise ValueError(
                f"task_weight of task {name!r} must be a positive, finite number, got {weight!r}"
            )
    return weights.astype(np.float64)


def class_weighted(targets: TaskTargets, weight: np.ndarray, given) -> np.ndarray:
    """Label weights times ``class_weight``.

    Raises
    ------
    ValueError
        A label or a task that there is not, a list of another length, a weight that is negative.
    """
    if given is None:
        return weight
    per_task, weight = _per_task(targets, given), weight.copy()
    for t, mine in enumerate(per_task):
        if mine is not None:
            rows, column = targets.rows_of(t), 0 if targets.form == "rows" else t
            factors = _class_factors(targets, t, mine, weight[rows, column])
            weight[rows, column] *= factors[targets.labels_of(t).astype(np.intp)]
    return weight


def _per_task(targets: TaskTargets, given) -> list:
    """One dict, "balanced" or None for each task."""
    if isinstance(given, str | type(None)):
        return [given] * targets.n_tasks
    if not isinstance(given, dict):
        if len(given) != targets.n_tasks:
            raise ValueError(
                f"class_weight must hold one entry for each of the {targets.n_tasks} tasks, got {len(given)}"
            )
        return list(given)
    if all(_is_number(weight) for weight in given.values()):
        return _for_all_tasks(targets, given)
    _need_tasks(given, targets, "class_weight")
    return [given.get(name) for name in targets.names]


def _for_all_tasks(targets: TaskTargets, given: dict) -> list[dict]:
    known = [set(classes.tolist()) for classes in targets.classes]
    strangers = set(given) - set.union(*known)
    if strangers:
        raise ValueError(f"class_weight has the label {strangers.pop()!r}, which no task has")
    return [{label: given[label] for label in labels & set(given)} for labels in known]


def _class_factors(targets: TaskTargets, t: int, given, weight: np.ndarray) -> np.ndarray:
    """The weight of each class of task t; classes without a label in it weigh 1."""
    classes, name = targets.classes[t].tolist(), targets.names[t]
    if isinstance(given, str) and given == "balanced":
        sums = np.bincount(targets.labels_of(t).astype(np.intp), weights=weight, minlength=len(classes))
        mean = sums.sum() / np.count_nonzero(sums)
        return np.divide(mean, sums, out=np.ones(len(classes)), where=sums > 0)
    if not isinstance(given, dict):
        raise ValueError(
            f"class_weight of task {name!r} must be 'balanced', None or a dict of labels, got {given!r}"
        )
    for label, factor in given.items():
        if label not in classes:
            raise ValueError(
                f"class_weight of task {name!r} has the label {label!r}; its classes are {classes}"
            )
        if not (_is_number(factor) and 0 <= factor < np.inf):
            raise ValueError(
                f"class_weight of task {name!r}, label {label!r}, must be a finite number >= 0, got "
                f"{factor!r}"
            )
    return np.array([given.get(label, 1.0) for label in classes], dtype=np.float64)


def _need_tasks(given: dict, targets: TaskTargets, parameter: str) -> None:
    strangers = [name for name in given if name not in targets.names]
    if strangers:
        raise ValueError(f"{parameter} names the task {strangers[0]!r}; the tasks are {targets.names}")


def _is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)
