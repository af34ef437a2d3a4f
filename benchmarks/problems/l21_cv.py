"""Joint sparsity with its alpha chosen by 5 folds, out of 100 from the largest to a thousandth of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from problems._correlated import correlated_table

INSTANCES = {"A3: 5000x500x100": {"rows": 5000, "features": 500, "tasks": 100, "used": 50}}
QUICK = {"200x30x5": {"rows": 200, "features": 30, "tasks": 5, "used": 5}}
QUALITY = "squared error of the chosen model on noise-free rows over the signal"
LIMIT = 0.02


def make(rows: int, features: int, tasks: int, used: int) -> SimpleNamespace:
    """``X``, ``Y`` and the true weights ``W`` (features, tasks); an intercept is fitted."""
    X, Y, W = correlated_table(rows, features, tasks, used)
    return SimpleNamespace(X=X, Y=Y, W=W)


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """Of the chosen model's ``coefficients`` (features, tasks)."""
    signal = data.X @ data.W
    return float(np.linalg.norm(data.X @ coefficients - signal) ** 2 / np.linalg.norm(signal) ** 2)
