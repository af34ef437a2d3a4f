"""All tasks in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..utils._table import text_table
from ._classes import accuracy_of, balanced_accuracy_of, label_task, macro_f1_of
from ._numbers import mae_of, number_task, r2_of, rmse_of
from ._observed import mean_observed
from ._probabilities import auc_of, average_precision_of, log_loss_of, scored_tasks
from ._table import Task, read_table

_CLASS = {"accuracy": accuracy_of, "balanced_accuracy": balanced_accuracy_of, "f1": macro_f1_of}
_PROBABILITY = {"roc_auc": auc_of, "average_precision": average_precision_of, "log_loss": log_loss_of}
_NUMBER = {"r2": r2_of, "rmse": rmse_of, "mae": mae_of}
_LOWER_IS_BETTER = {"log_loss", "rmse", "mae"}


def multitask_report(
    y_true,
    y_pred,
    *,
    y_prob=None,
    classes=None,
    kinds: str | Sequence[str] = "auto",
    task_names: Sequence[str] | None = None,
    task=None,
    sample_weight=None,
    missing_label=None,
    output_dict: bool = False,
    digits: int = 3,
) -> str | dict:
    """Scores of every task, their mean and their worst, as text like ``classification_report``.

    Parameters
    ----------
    y_true : (n,) or (n, n_tasks) array-like, data frame or structured array
        Labels and numbers; NaN, None or ``missing_label`` where not observed.
    y_pred : the same form
    y_prob : list of arrays, one per task, or (n, n_tasks) array-like, optional
        Probabilities: (n, n_classes), or (n,) of the second of two classes; None in the list for a
        task of numbers. Adds ROC AUC, average precision and log-loss.
    classes : list of arrays of labels, optional
        The classes of each task that the columns of ``y_prob`` stand for; 0, 1, ... by default.
    kinds : "auto", "class", "number", or a sequence of the last two, one per task
        "auto": numbers where a label or prediction has a fractional part, else classes. A count is
        taken for a class unless you say "number".
    task_names : sequence of str, optional
        By default the columns' names, or their positions.
    task, sample_weight, missing_label
        As for :func:`accuracy_score`.
    output_dict : bool
        Return a dict in place of the text.
    digits : int
        Decimals in the text.

    Returns
    -------
    str, or dict with the keys "tasks" (name -> {"kind", "observed", metric -> value}), "mean" and
    "worst" (metric -> value)
        Metrics of classes: accuracy, balanced accuracy, F1 (macro over classes); of numbers: R2, RMSE,
        MAE. NaN ("-" in the text) where undefined: left out of mean and worst.

    Examples
    --------
    >>> import numpy as np
    >>> y_true = np.array([[0, 1.5], [1, 2.0], [1, np.nan], [0, 0.5]])
    >>> y_pred = np.array([[0, 1.0], [1, 2.0], [0, 3.0], [0, 1.0]])
    >>> print(multitask_report(y_true, y_pred, task_names=["kind", "size"]))
    task     kind  observed  accuracy  balanced_accuracy     f1     r2   rmse    mae
    --------------------------------------------------------------------------------
    kind    class         4     0.750              0.750  0.733      -      -      -
    size   number         3         -                  -      -  0.571  0.408  0.333
    mean                        0.750              0.750  0.733  0.571  0.408  0.333
    worst                       0.750              0.750  0.733  0.571  0.408  0.333
    """
    options = {"task": task, "sample_weight": sample_weight, "missing_label": missing_label}
    tasks = _named(read_table(y_true, y_pred, **options), task_names)
    kinds = _kinds(kinds, tasks)
    rows = [_scores(one, kind) for one, kind in zip(tasks, kinds, strict=True)]
    if y_prob is not None:
        tables = _filled(y_prob, kinds, None if task is None else len(tasks))
        _add_probabilities(rows, kinds, read_table(y_true, tables, **options), classes)
    names = [one.name for one in tasks]
    report = {
        "tasks": dict(zip(names, rows, strict=True)),
        "mean": _over(rows, False),
        "worst": _over(rows, True),
    }
    return report if output_dict else _text(report, digits)


def _named(tasks: list[Task], names: Sequence[str] | None) -> list[Task]:
    if names is None:
        return tasks
    if len(names) != len(tasks) or len(set(names)) != len(names):
        raise ValueError(f"task_names must be {len(tasks)} different names, got {list(names)}")
    return [replace(one, name=str(name)) for one, name in zip(tasks, names, strict=True)]


def _kinds(kinds, tasks: list[Task]) -> list[str]:
    if isinstance(kinds, str):
        kinds = [_guess_kind(one) for one in tasks] if kinds == "auto" else [kinds] * len(tasks)
    kinds = list(kinds)
    if len(kinds) != len(tasks) or not set(kinds) <= {"class", "number"}:
        raise ValueError(
            f"kinds must be 'auto', 'class', 'number' or {len(tasks)} of the last two, got {kinds}"
        )
    return kinds


def _guess_kind(task: Task) -> str:
    values = [part for part in (task.truth, task.guess) if part.dtype.kind == "f"]
    return "number" if any((part != np.rint(part)).any() for part in values) else "class"


def _scores(task: Task, kind: str) -> dict:
    task, metrics = (label_task(task), _CLASS) if kind == "class" else (number_task(task), _NUMBER)
    return {"kind": kind, "observed": len(task.truth), **_values(task, metrics)}


def _values(task: Task, metrics: dict) -> dict[str, float]:
    return {name: metric(task) if len(task.truth) else float("nan") for name, metric in metrics.items()}


def _filled(y_prob, kinds: list[str], own_rows: int | None):
    """``y_prob`` with a column of zeros, never read, in place of each None."""
    if not isinstance(y_prob, list | tuple) or own_rows is not None:
        return y_prob
    if len(y_prob) != len(kinds):
        raise ValueError(f"y_prob has {len(y_prob)} entries, but there are {len(kinds)} tasks")
    known = [part for part in y_prob if part is not None]
    return [np.zeros(len(known[0])) if part is None else part for part in y_prob] if known else None


def _add_probabilities(rows: list[dict], kinds: list[str], tables: list[Task], classes) -> None:
    at = [t for t, kind in enumerate(kinds) if kind == "class"]
    if isinstance(classes, list | tuple) and len(classes) == len(kinds) and np.ndim(classes[0]) != 0:
        classes = [classes[t] for t in at]
    for t, scored in zip(at, scored_tasks([tables[t] for t in at], classes), strict=True):
        rows[t].update(_values(scored, _PROBABILITY))


def _over(rows: list[dict], worst: bool) -> dict[str, float]:
    """Mean over the tasks that have the metric, or the worst of them."""
    out = {}
    for name in _columns(rows):
        values = np.array([row[name] for row in rows if name in row])
        seen = values[~np.isnan(values)]
        pick = np.max if name in _LOWER_IS_BETTER else np.min
        out[name] = float(pick(seen)) if worst and len(seen) else mean_observed(values)
    return out


def _columns(rows: list[dict]) -> list[str]:
    return [name for name in [*_CLASS, *_PROBABILITY, *_NUMBER] if any(name in row for row in rows)]


def _text(report: dict, digits: int) -> str:
    rows = {**report["tasks"]}
    columns = _columns(list(rows.values()))
    lines = [
        [name, row["kind"], str(row["observed"]), *_cells(row, columns, digits)] for name, row in rows.items()
    ]
    lines += [[name, "", "", *_cells(report[name], columns, digits)] for name in ("mean", "worst")]
    return text_table(["task", "kind", "observed", *columns], lines)


def _cells(row: dict, columns: list[str], digits: int) -> list[str]:
    values = [row.get(name, float("nan")) for name in columns]
    return ["-" if np.isnan(value) else f"{value:.{digits}f}" for value in values]
