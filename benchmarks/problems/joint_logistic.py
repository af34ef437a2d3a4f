"""Many binary tasks on one complete, shared X: logistic regression, C = 1, no intercept."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy.special import expit

INSTANCES = {"20000x200x20": {"rows": 20000, "features": 200, "tasks": 20}}
QUICK = {"2000x50x5": {"rows": 2000, "features": 50, "tasks": 5}}
QUALITY = "largest gradient norm of a task over that at zero"
LIMIT = 1e-6


def make(rows: int, features: int, tasks: int) -> SimpleNamespace:
    """``X`` (rows, features), correlated; ``Y`` (rows, tasks) of 0 and 1; ``C``, scikit-learn's."""
    rng = np.random.default_rng(0)
    X = neighbours_correlated(rng, rows, features)
    W = rng.normal(size=(features, 1)) + rng.normal(size=(features, tasks))
    chance = expit(X @ W / np.sqrt(features))
    return SimpleNamespace(X=X, Y=(rng.random(chance.shape) < chance).astype(np.int64), C=1.0)


def neighbours_correlated(rng: np.random.Generator, rows: int, features: int, rho: float = 0.7) -> np.ndarray:
    """Normal features of variance 1; the correlation of features i and j is ``rho ** |i - j|``."""
    X = rng.normal(size=(rows, features))
    for j in range(1, features):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """Of ``C * sum of log-losses + 1/2 ||w_t||^2`` at ``coefficients`` (features, tasks)."""
    gradient = data.C * data.X.T @ (expit(data.X @ coefficients) - data.Y) + coefficients
    start = data.C * data.X.T @ (0.5 - data.Y)
    return (np.linalg.norm(gradient, axis=0) / np.linalg.norm(start, axis=0)).max()
