"""Scores of predicted numbers, per task and averaged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ._observed import mean_observed
from ._table import Task, averaged, read_table


def r2_score(
    y_true, y_pred, *, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Coefficient of determination, 1 - sum (y - p)^2 / sum (y - mean y)^2.

    Parameters
    ----------
    y_true : (n,) or (n, n_tasks) array-like of numbers, data frame or structured array
        NaN, None or ``missing_label`` where not observed.
    y_pred : the same form
        Finite wherever there is a true number.
    average, task, sample_weight, missing_label
        As for :func:`accuracy_score`.

    Returns
    -------
    float, or (n_tasks,) float64
        At most 1; NaN for a task whose numbers are all equal.

    Raises
    ------
    ValueError
        For different shapes, values that are no numbers, a prediction missing where there is a number.
    """
    return averaged(_read(y_true, y_pred, task, sample_weight, missing_label), r2_of, average)


def explained_variance_score(
    y_true, y_pred, *, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """1 - Var(y - p) / Var(y): R2 that forgives a constant offset of the predictions.

    Parameters and returns as for :func:`r2_score`. Papers on multi-task regression call something
    else by this name: :func:`multitask_explained_variance`.
    """
    tasks = _read(y_true, y_pred, task, sample_weight, missing_label)
    return averaged(tasks, _explained_variance, average)


def multitask_explained_variance(
    y_true, y_pred, *, around: str = "task", task=None, sample_weight=None, missing_label=None
) -> float:
    """1 - SSE / SST over all tasks together, "explained variance" in papers on multi-task regression.

    Two definitions are in use, and their values differ by ten points on the School data, so say which.

    Parameters
    ----------
    y_true, y_pred, task, sample_weight, missing_label
        As for :func:`r2_score`.
    around : {"task", "all"}
        "task": SST = sum over tasks t of sum (y - mean of task t)^2, what is explained *within* tasks.
        "all": SST = sum (y - mean of all y)^2, which also credits knowing the tasks' levels.

    Returns
    -------
    float : at most 1; NaN where SST is 0.

    References
    ----------
    Argyriou, Evgeniou & Pontil (2008), "Convex multi-task feature learning" (School data).
    """
    if around not in ("task", "all"):
        raise ValueError(f"around must be 'task' or 'all', got {around!r}")
    tasks = _read(y_true, y_pred, task, sample_weight, missing_label)
    if around == "all":
        return averaged(tasks, r2_of, "micro")
    error, spread = np.array([_squares(one) for one in tasks]).sum(axis=0)
    return float(1 - error / spread) if spread > 0 else float("nan")


def root_mean_squared_error(
    y_true, y_pred, *, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Root of the mean squared error, in units of the task; less is better.

    Parameters and returns as for :func:`r2_score`.
    """
    tasks = _read(y_true, y_pred, task, sample_weight, missing_label)
    return averaged(tasks, rmse_of, average, lower_is_better=True)


def mean_absolute_error(
    y_true, y_pred, *, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Mean absolute error, in units of the task; less is better.

    Parameters and returns as for :func:`r2_score`.
    """
    tasks = _read(y_true, y_pred, task, sample_weight, missing_label)
    return averaged(tasks, mae_of, average, lower_is_better=True)


def relative_rmse(
    y_true,
    y_pred,
    *,
    train_mean=None,
    average="macro",
    task=None,
    sample_weight=None,
    missing_label=None,
) -> float | np.ndarray:
    """RMSE over that of always predicting the mean; its mean over tasks is aRRMSE. Less is better.

    ``sqrt(sum (y - p)^2 / sum (y - m)^2)`` with m the mean of the task in the training rows.

    Parameters
    ----------
    train_mean : (n_tasks,) array-like, optional
        m of each task (with ``task``, in the sorted order of its ids). By default the mean of the
        observed ``y_true``, which makes the values a little larger than the published ones.
    average : {"macro", "worst"} or None

    Other parameters and returns as for :func:`r2_score`.

    References
    ----------
    Spyromitros-Xioufis et al. (2016), "Multi-target regression via input space expansion".
    """
    if average not in ("macro", "worst", None):
        raise ValueError(f"average must be 'macro', 'worst' or None, got {average!r}")
    tasks = _read(y_true, y_pred, task, sample_weight, missing_label)
    means = np.full(len(tasks), np.nan) if train_mean is None else np.asarray(train_mean, dtype=np.float64)
    if means.shape != (len(tasks),) or (train_mean is not None and not np.isfinite(means).all()):
        raise ValueError(f"train_mean must be finite, one per task ({len(tasks)},), got {means}")
    values = [
        _relative(one, mean) if len(one.truth) else np.nan for one, mean in zip(tasks, means, strict=True)
    ]
    if average == "worst":
        return max((value for value in values if value == value), default=float("nan"))
    return np.array(values) if average is None else mean_observed(values)


def _read(y_true, y_pred, task, sample_weight, missing_label) -> list[Task]:
    tasks = read_table(y_true, y_pred, task=task, sample_weight=sample_weight, missing_label=missing_label)
    return [number_task(one) for one in tasks]


def number_task(task: Task) -> Task:
    """The task with labels and predictions as float64; an error where they are no numbers."""
    truth, guess = (_numbers(task, task.truth, "y_true"), _numbers(task, task.guess, "y_pred"))
    return replace(task, truth=truth, guess=guess)


def _numbers(task: Task, values: np.ndarray, name: str) -> np.ndarray:
    if values.ndim != 1 or (len(values) and values.dtype.kind not in "biuf"):
        raise ValueError(f"task {task.name!r}: {name} must be one number per row, got {values[:1].tolist()}")
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"task {task.name!r}: {name} has infinite values")
    return values


def _squares(task: Task, mean: float | None = None) -> tuple[float, float]:
    """Weighted sums of squares: of the error, and around the mean."""
    if not task.weight.sum() > 0:
        return 0.0, 0.0
    mean = np.average(task.truth, weights=task.weight) if mean is None else mean
    error = (task.weight * (task.truth - task.guess) ** 2).sum()
    counted = task.truth[task.weight > 0]
    if (counted == counted[0]).all() and np.isclose(mean, counted[0], rtol=1e-12, atol=0):
        return float(error), 0.0  # not the square of the mean's rounding error
    return float(error), float((task.weight * (task.truth - mean) ** 2).sum())


def r2_of(task: Task) -> float:
    error, spread = _squares(task)
    return 1 - error / spread if spread > 0 else float("nan")


def _explained_variance(task: Task) -> float:
    if not task.weight.sum() > 0:
        return float("nan")
    offset = np.average(task.truth - task.guess, weights=task.weight)
    return r2_of(replace(task, guess=task.guess + offset))


def rmse_of(task: Task) -> float:
    return float(np.sqrt(mean_observed((task.truth - task.guess) ** 2, task.weight)))


def mae_of(task: Task) -> float:
    return mean_observed(np.abs(task.truth - task.guess), task.weight)


def _relative(task: Task, mean: float) -> float:
    error, spread = _squares(task, None if np.isnan(mean) else mean)
    return float(np.sqrt(error / spread)) if spread > 0 else float("nan")
