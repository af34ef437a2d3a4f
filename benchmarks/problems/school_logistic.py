"""Logistic regression with joint sparsity (L2,1) of the School data: 139 tasks that own their rows.

The data are ``school.npz`` in the folder that the environment variable ``SKMTL_DATA`` names: 15362 pupils,
27 features (the constant one left out, the others standardised over all pupils). The label says whether a
pupil's exam score is above the median of all. The objective is that of the published method: each task's
loss is averaged over its rows, intercepts are free. The quick instance is drawn and needs no file.

MALSAR's own seconds for its ``Logistic_L21`` (4.3 to 1e-6, GNU Octave) come from another machine and perhaps
from other labels: they are cited, not measured here.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np

INSTANCES = {"alpha 0.11": {"alpha": 0.11}}
QUICK = {"9 tasks drawn": {"alpha": 0.11, "drawn_tasks": 9}}
QUALITY = "certified duality gap over the loss of the best intercepts"
LIMIT = 1e-6


def make(alpha: float, drawn_tasks: int = 0) -> SimpleNamespace:
    """``X`` (n, 27), ``y`` (n,) of 0 and 1, ``task`` (n,) in order, ``n_tasks``, ``alpha``."""
    X, y, task = _drawn(drawn_tasks) if drawn_tasks else _school()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = (y > np.median(y)).astype(np.int64)
    return SimpleNamespace(X=X, y=y, task=task, n_tasks=task.max() + 1, alpha=alpha)


def _school():
    data = np.load(Path(os.environ["SKMTL_DATA"]) / "school.npz")
    order = np.argsort(data["task"], kind="stable")
    task = np.unique(data["task"][order], return_inverse=True)[1]
    return data["X"][order, :-1].astype(np.float64), data["y"][order], task


def _drawn(n_tasks: int):
    rng = np.random.default_rng(0)
    X, task = rng.normal(size=(60 * n_tasks, 27)), np.repeat(np.arange(n_tasks), 60)
    return X, X[:, :3].sum(axis=1) + rng.normal(size=len(X)), task


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """The gap at ``coefficients`` (n_tasks, 28), intercepts last.

    The dual point is the slope of the losses, the larger of the sums over a task's two classes scaled to the
    other so that the intercept's slope vanishes, and all of it scaled into the ball of the dual norm.
    """
    weight = 1.0 / np.bincount(data.task)[data.task]
    W, b = coefficients[:, :-1], coefficients[:, -1]
    z = np.einsum("nd,nd->n", data.X, W[data.task]) + b[data.task]
    value = weight @ (np.logaddexp(0.0, z) - data.y * z) + data.alpha * np.linalg.norm(W, axis=0).sum()
    slope = np.abs(1.0 / (1.0 + np.exp(-z)) - data.y)  # of label 0 upwards, of label 1 downwards
    sums = np.stack([np.bincount(data.task, weight * slope * (data.y == c), data.n_tasks) for c in (0, 1)])
    shrink = sums.min(axis=0) / np.maximum(sums, np.finfo(float).tiny)
    slope *= shrink[data.y, data.task]
    signed = weight * slope * np.where(data.y == 1, -1.0, 1.0)
    G = np.stack([np.bincount(data.task, signed * x, data.n_tasks) for x in data.X.T])
    slope *= min(1.0, data.alpha / np.linalg.norm(G, axis=1).max())
    entropy = -_times_log(slope) - _times_log(1.0 - slope)
    shown = np.bincount(data.task, data.y) / np.bincount(data.task)
    null = -(_times_log(shown) + _times_log(1.0 - shown)).sum()
    return float(value - weight @ entropy) / null


def _times_log(p: np.ndarray) -> np.ndarray:
    return p * np.log(np.maximum(p, np.finfo(float).tiny))
