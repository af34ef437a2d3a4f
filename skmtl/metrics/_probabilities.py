"""Scores of probabilities and of anything else that sorts samples, per task and averaged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ._observed import mean_observed
from ._table import Task, averaged, read_table


def roc_auc_score(
    y_true, y_score, *, classes=None, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties half.

    Parameters
    ----------
    y_true : (n,) or (n, n_tasks) array-like, data frame or structured array
        Labels; NaN, None or ``missing_label`` where not observed.
    y_score : the same form, or a list of arrays, one per task
        (n,): a score of the second class, for tasks of two classes. (n, n_classes): one per class, as
        ``predict_proba`` gives; then the mean over classes of one against the rest.
    classes : list of arrays of labels, optional
        The sorted classes of each task, an estimator's ``classes_``. By default 0, 1, 2, ....
    average : {"macro", "micro", "samples", "worst"} or None
        As for :func:`accuracy_score`.
    task, sample_weight, missing_label
        As for :func:`accuracy_score`.

    Returns
    -------
    float, or (n_tasks,) float64
        NaN for a task that has positives only, or negatives only.

    Raises
    ------
    ValueError
        For scores that are not finite, labels outside ``classes``, another number of columns than
        classes.
    """
    tasks = _read(y_true, y_score, classes, task, sample_weight, missing_label)
    return averaged(tasks, auc_of, average)


def average_precision_score(
    y_true, y_score, *, classes=None, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Average precision, ``sum over falling thresholds of (R_k - R_{k-1}) P_k``; its mean is mAP.

    Parameters and returns as for :func:`roc_auc_score`; NaN for a task without positives.
    """
    tasks = _read(y_true, y_score, classes, task, sample_weight, missing_label)
    return averaged(tasks, average_precision_of, average)


def log_loss(
    y_true, y_prob, *, classes=None, average="macro", task=None, sample_weight=None, missing_label=None
) -> float | np.ndarray:
    """Mean of minus the logarithm of the probability given to the true label; less is better.

    Parameters as for :func:`roc_auc_score`, with probabilities as scores: in [0, 1], and with a sum of
    1 where there is one per class. A probability below 2.2e-16 counts as that.
    """
    tasks = _read(y_true, y_prob, classes, task, sample_weight, missing_label)
    losses = [replace(one, guess=_losses(one)) for one in tasks]
    return averaged(losses, _mean_loss, average, lower_is_better=True)


def _read(y_true, y_score, classes, task, sample_weight, missing_label) -> list[Task]:
    tasks = read_table(y_true, y_score, task=task, sample_weight=sample_weight, missing_label=missing_label)
    return scored_tasks(tasks, classes)


def scored_tasks(tasks: list[Task], classes) -> list[Task]:
    """The tasks with positions among their classes as labels, and float64 scores."""
    return [_coded(one, of) for one, of in zip(tasks, _classes_of(classes, tasks), strict=True)]


def _classes_of(classes, tasks: list[Task]) -> list:
    if classes is None:
        return [np.arange(one.guess.shape[1] if one.guess.ndim == 2 else 2) for one in tasks]
    if len(classes) == 0 or np.ndim(classes[0]) == 0:  # one set of classes for every task
        return [np.asarray(classes)] * len(tasks)
    if len(classes) != len(tasks):
        raise ValueError(f"classes has {len(classes)} entries, but there are {len(tasks)} tasks")
    return [np.asarray(of) for of in classes]


def _coded(task: Task, classes: np.ndarray) -> Task:
    scores = task.guess
    if len(scores) and scores.dtype.kind not in "biuf" or not np.isfinite(scores.astype(np.float64)).all():
        raise ValueError(f"task {task.name!r}: scores must be finite numbers")
    if (scores.shape[1] if scores.ndim == 2 else 2) != len(classes):
        raise ValueError(
            f"task {task.name!r}: {len(classes)} classes need scores of shape (n, {len(classes)}), "
            f"or (n,) for two, got {scores.shape}"
        )
    matches = task.truth[:, None] == classes[None, :]
    known = np.broadcast_to(matches, (len(task.truth), len(classes))).any(axis=1)
    if not known.all():
        raise ValueError(
            f"task {task.name!r}: label {task.truth[~known].tolist()[0]!r} is not among its classes "
            f"{classes.tolist()}"
        )
    scores = scores.astype(np.float64)
    two = scores[:, 1] if scores.ndim == 2 and len(classes) == 2 else scores
    return replace(task, truth=matches.argmax(axis=1), guess=two)


def auc_of(task: Task) -> float:
    return _over_classes(task, _auc)


def average_precision_of(task: Task) -> float:
    return _over_classes(task, _precision)


def log_loss_of(task: Task) -> float:
    return mean_observed(_losses(task), task.weight)


def _mean_loss(task: Task) -> float:
    return mean_observed(task.guess, task.weight)


def _over_classes(task: Task, curve) -> float:
    """``curve`` of the second of two classes; the mean over classes where there are more."""
    if task.guess.ndim == 1:
        return curve(task.truth == 1, task.guess, task.weight)
    columns = task.guess.T
    return mean_observed([curve(task.truth == k, column, task.weight) for k, column in enumerate(columns)])


def _tied(positive, score, weight) -> tuple[np.ndarray, np.ndarray]:
    """Weight of the positives and of the negatives at each distinct score, by rising score."""
    values, at = np.unique(score, return_inverse=True)
    n = len(values)
    return np.bincount(at, weight * positive, minlength=n), np.bincount(at, weight * ~positive, minlength=n)


def _auc(positive, score, weight) -> float:
    up, down = _tied(positive, score, weight)
    pairs = up.sum() * down.sum()
    below = down.cumsum() - down / 2
    return float((up * below).sum() / pairs) if pairs > 0 else float("nan")


def _precision(positive, score, weight) -> float:
    up, down = (part[::-1] for part in _tied(positive, score, weight))
    found = (up + down).cumsum()
    total = up.sum()
    precision = up.cumsum() / np.where(found > 0, found, 1.0)
    return float((up * precision).sum() / total) if total > 0 else float("nan")


def _losses(task: Task) -> np.ndarray:
    p = task.guess
    if ((p < 0) | (p > 1)).any():
        raise ValueError(
            f"task {task.name!r}: probabilities must lie in [0, 1], got {p.min():g} to {p.max():g}"
        )
    if p.ndim == 1:
        given = np.where(task.truth == 1, p, 1 - p)
    else:
        off = np.abs(p.sum(axis=1) - 1)
        if (off > 1e-3).any():
            raise ValueError(
                f"task {task.name!r}: the probabilities of a row must sum to 1; row "
                f"{task.rows[off.argmax()]} is off by {off.max():.3g}"
            )
        given = p[np.arange(len(p)), task.truth]
    return -np.log(np.maximum(given, np.finfo(np.float64).eps))
