"""Plain targets as the labels and losses of a joint network, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import expit, logsumexp

from ..nn import Labels, Loss, binary_cross_entropy, cross_entropy, huber, poisson, squared
from ..targets import TaskTargets

REGRESSION_LOSSES = {"squared_error": squared, "huber": huber, "poisson": poisson}


def take_rows(targets: TaskTargets, rows: np.ndarray) -> TaskTargets:
    """The targets of some rows."""
    return replace(targets, values=targets.values[rows], observed=targets.observed[rows])


def class_loss(classes: np.ndarray) -> tuple[Loss, int]:
    """The loss of a task with these classes, and how many outputs it takes."""
    return (binary_cross_entropy(), 1) if len(classes) == 2 else (cross_entropy(), len(classes))


def class_labels(targets: TaskTargets, weight: np.ndarray, dtype) -> list[Labels]:
    """Positions and weights of each task: (n, 1) for two classes, (n,) for more."""
    labels = []
    for t, classes in enumerate(targets.classes):
        shape = (-1, 1) if len(classes) == 2 else (-1,)
        y = targets.values[:, t].reshape(shape)
        labels.append(Labels(y.astype(dtype), average_one(weight[:, t]).reshape(shape).astype(dtype)))
    return labels


def number_labels(targets: TaskTargets, weight: np.ndarray, scales: np.ndarray, dtype) -> list[Labels]:
    """Numbers of each task as ``(y - scales[0]) / scales[1]``, and their weights, both (n, 1)."""
    Y = np.where(targets.observed, (targets.values - scales[0]) / scales[1], 0.0)
    return [
        Labels(Y[:, [t]].astype(dtype), average_one(weight[:, t])[:, None].astype(dtype))
        for t in range(targets.n_tasks)
    ]


def number_scales(targets: TaskTargets, weight: np.ndarray, loss: str) -> np.ndarray:
    """(2, T): each task's mean and standard deviation; 0 and the mean for counts. A spread of 0 is 1."""
    mean = np.average(targets.values, axis=0, weights=weight)
    if loss == "poisson":
        return np.stack([np.zeros_like(mean), np.where(mean > 0, mean, 1.0)])
    spread = np.sqrt(np.average((targets.values - mean) ** 2, axis=0, weights=weight))
    return np.stack([mean, np.where(spread > 0, spread, 1.0)])


def need_counts(targets: TaskTargets) -> None:
    """Refuse observed numbers below 0."""
    lowest = np.where(targets.observed, targets.values, 0).min(axis=0)
    if (lowest < 0).any():
        name = targets.names[int((lowest < 0).argmax())]
        raise ValueError(f"task {name!r}: loss='poisson' needs numbers >= 0, got {lowest.min():g}")


def average_one(w: np.ndarray) -> np.ndarray:
    """Weights scaled to a mean of 1 over all rows, observed or not; zeros stay zeros.

    The mean loss of a random batch is then, on average, the weighted mean over observed labels.
    """
    total = w.sum()
    return w * (len(w) / total) if total > 0 else w


def class_probabilities(Z: np.ndarray) -> np.ndarray:
    """Raw outputs as probabilities (n, C)."""
    if Z.shape[1] == 1:
        return expit(np.hstack([-Z, Z]))
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    return P / P.sum(axis=1, keepdims=True)


def class_log_probabilities(Z: np.ndarray) -> np.ndarray:
    """Logarithms of the probabilities (n, C), finite where the probability itself is 0 in floating point."""
    if Z.shape[1] == 1:
        return -np.hstack([np.logaddexp(0, Z), np.logaddexp(0, -Z)])
    return Z - logsumexp(Z, axis=1, keepdims=True)


def class_positions(Z: np.ndarray) -> np.ndarray:
    """Raw outputs as positions in the list of classes (n,)."""
    return (Z[:, 0] > 0).astype(np.intp) if Z.shape[1] == 1 else Z.argmax(axis=1)


def numbers(outputs: Sequence[np.ndarray], scales: np.ndarray, loss: str) -> np.ndarray:
    """Raw outputs as predictions (n, T)."""
    Z = np.hstack(outputs)
    if loss == "poisson":
        # 700 is where exp leaves the range of float64.
        return scales[1] * np.exp(np.minimum(Z, 700.0))
    return scales[0] + scales[1] * Z
