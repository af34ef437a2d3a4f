"""Multi-task relationship learning (Zhang & Yeung 2010) on London schools: 139 tasks that own their rows.

Scores and features are standardised over all rows. The data, 15362 rows of 28 columns, are ``school.npz``
(``X``, ``y``, ``task``) in the folder of ``SKMTL_DATA``; without it, rows of that shape are drawn. The
paper's ridge, the first term of its penalty, is left out: what is compared is the relation.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np

INSTANCES = {"all rows": {"per_task": None}}
QUICK = {"15 rows a task": {"per_task": 15}}
QUALITY = "objective over that of the means, above a lower bound"
LIMIT = 1e-6
PRICE = 0.01


def make(per_task: int | None) -> SimpleNamespace:
    """``blocks``: X (n_t, d) and y (n_t,) of each task, and ``price`` of half the squared trace norm."""
    X, y, task = _rows()
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
    order = np.argsort(task, kind="stable")
    bounds = np.searchsorted(task[order], np.arange(task.max() + 2))
    parts = [order[a:b][:per_task] for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    X, y = np.concatenate([X[rows] for rows in parts]), np.concatenate([y[rows] for rows in parts])
    return SimpleNamespace(X=X, y=y, sizes=np.array([len(rows) for rows in parts]), price=PRICE)


def _rows():
    folder = os.environ.get("SKMTL_DATA")
    if folder:
        with np.load(Path(folder) / "school.npz") as data:
            return data["X"][:, :-1].astype(float), data["y"].astype(float), data["task"].astype(int)
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(139), 110)
    X = rng.normal(size=(len(task), 27)) * np.linspace(0.2, 3, 27)
    W = rng.normal(size=27) + rng.normal(size=(139, 4)) @ rng.normal(size=(4, 27))
    return X, (X * W[task]).sum(axis=1) + 10 * rng.normal(size=len(task)), task


def blocks(data: SimpleNamespace):
    """The tasks' centred X and y, over the square root of their rows."""
    for X, y in zip(*(np.split(a, np.cumsum(data.sizes)[:-1]) for a in (data.X, data.y)), strict=True):
        yield (X - X.mean(axis=0)) / np.sqrt(len(y)), (y - y.mean()) / np.sqrt(len(y))


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """The duality gap of ``sum_t |X_t w_t - y_t|^2 / 2 + price / 2 * |W|_*^2`` at W' (tasks, features).

    The dual point is the residual: every W is judged by the same lower bound of its own.
    """
    value = null = dual = 0.0
    slopes = np.empty_like(coefficients)
    for t, (X, y) in enumerate(blocks(data)):
        r = y - X @ coefficients[t]
        value, null, dual = value + 0.5 * r @ r, null + 0.5 * y @ y, dual + r @ y - 0.5 * r @ r
        slopes[t] = X.T @ r
    trace = np.linalg.svd(coefficients, compute_uv=False).sum()
    bound = np.linalg.svd(slopes, compute_uv=False)[0] ** 2 / (2 * data.price)
    return (value + 0.5 * data.price * trace**2 - dual + bound) / null
