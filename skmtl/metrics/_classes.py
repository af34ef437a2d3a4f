"""Scores of predicted classes, per task and averaged."""

from __future__ import annotations

from functools import partial

import numpy as np

from ._observed import mean_observed
from ._table import Task, averaged, read_table


def accuracy_score(
    y_true, y_pred, *, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Share of observed labels that are predicted right.

    Parameters
    ----------
    y_true : (n,) or (n, n_tasks) array-like, data frame or structured array
        Labels; NaN, None or ``missing_label`` where not observed: that costs this entry alone.
    y_pred : the same form, or a list of (n,) arrays, one per task
        Needed wherever there is a true label.
    average : {"macro", "micro", "samples", "worst"} or None
        The mean over tasks; all entries as one task; within each sample over its tasks, then the
        mean over samples; the worst task; or None for an array over tasks. What is undefined (NaN)
        is left out.
    task : (n,) array-like, optional
        For tasks that own their rows: the task of each row, with 1-D y.
    sample_weight : (n,) array-like, optional
    missing_label : int or str, optional

    Returns
    -------
    float, or (n_tasks,) float64 for ``average=None``
        In [0, 1]; NaN for a task without an observed label. With ``task``, in the sorted order of ids.

    Raises
    ------
    ValueError
        For different shapes or numbers of tasks, a prediction that is missing where there is a label,
        texts compared with numbers, unusable weights.

    Examples
    --------
    >>> import numpy as np
    >>> y_true = np.array([[0, 1], [1, np.nan], [1, 0]])
    >>> accuracy_score(y_true, np.array([[0, 1], [1, 1], [0, 0]]), average=None).round(3).tolist()
    [0.667, 1.0]
    """
    return averaged(_read(y_true, y_pred, task, sample_weight, missing_label), accuracy_of, average)


def hamming_loss(
    y_true, y_pred, *, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Share of observed labels that are predicted wrong: 1 - accuracy.

    Parameters and returns as for :func:`accuracy_score`; less is better, the worst task has the most.
    """
    tasks = _read(y_true, y_pred, task, sample_weight, missing_label)
    return averaged(tasks, lambda one: 1.0 - accuracy_of(one), average, lower_is_better=True)


def balanced_accuracy_score(
    y_true, y_pred, *, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Mean over the true classes of the share of their labels that are predicted right.

    Parameters and returns as for :func:`accuracy_score`.
    """
    return averaged(_read(y_true, y_pred, task, sample_weight, missing_label), balanced_accuracy_of, average)


def recall_score(
    y_true, y_pred, *, positive=None, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Recall TP / (TP + FN).

    Parameters
    ----------
    positive : label, optional
        The class whose recall it is, ``positive=1`` for tables of 0 and 1. None: the mean over the
        true classes of each task, which is the balanced accuracy.

    Other parameters and returns as for :func:`accuracy_score`. Undefined without a true label of the class.
    """
    tasks = _read(y_true, y_pred, task, sample_weight, missing_label)
    return averaged(
        tasks, balanced_accuracy_of if positive is None else partial(_recall_of, positive), average
    )


def f1_score(
    y_true, y_pred, *, positive=None, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """F1 = 2 TP / (2 TP + FP + FN).

    Parameters
    ----------
    positive : label, optional
        The class whose F1 it is, ``positive=1`` for tables of 0 and 1. None: the mean over the classes
        of each task that are true or predicted anywhere (macro F1).

    Other parameters and returns as for :func:`accuracy_score`. Undefined where the class is neither
    true nor predicted anywhere.
    """
    tasks = _read(y_true, y_pred, task, sample_weight, missing_label)
    return averaged(tasks, macro_f1_of if positive is None else partial(_f1_of, positive), average)


def _read(y_true, y_pred, task, sample_weight, missing_label) -> list[Task]:
    tasks = read_table(y_true, y_pred, task=task, sample_weight=sample_weight, missing_label=missing_label)
    return [label_task(one) for one in tasks]


def label_task(task: Task) -> Task:
    """The task itself; an error where its predictions cannot be labels like its own."""
    if task.guess.ndim != 1:
        raise ValueError(f"task {task.name!r}: y_pred must be labels (n,), got {task.guess.shape}")
    if len(task.truth) and (task.truth.dtype.kind in "US") != (task.guess.dtype.kind in "US"):
        label, guess = task.truth[0].item(), task.guess[0].item()
        raise ValueError(
            f"task {task.name!r}: labels like {label!r}, predictions like {guess!r}: one is text"
        )
    return task


def accuracy_of(task: Task) -> float:
    return mean_observed(task.truth == task.guess, task.weight)


def _class_counts(task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weight of the right, the true and the predicted labels of each class that occurs."""
    n = len(task.truth)
    classes, codes = np.unique(np.concatenate([task.truth, task.guess]), return_inverse=True)
    truth, guess, k = codes[:n], codes[n:], len(classes)
    right = truth == guess
    return (
        np.bincount(truth[right], task.weight[right], minlength=k),
        np.bincount(truth, task.weight, minlength=k),
        np.bincount(guess, task.weight, minlength=k),
    )


def balanced_accuracy_of(task: Task) -> float:
    right, true, _ = _class_counts(task)
    return mean_observed(right[true > 0] / true[true > 0])


def macro_f1_of(task: Task) -> float:
    right, true, found = _class_counts(task)
    seen = true + found > 0
    return mean_observed(2 * right[seen] / (true + found)[seen])


def _recall_of(positive, task: Task) -> float:
    return mean_observed(task.guess[task.truth == positive] == positive, task.weight[task.truth == positive])


def _f1_of(positive, task: Task) -> float:
    true, found = task.truth == positive, task.guess == positive
    total = task.weight[true].sum() + task.weight[found].sum()
    return float(2 * task.weight[true & found].sum() / total) if total > 0 else float("nan")
