"""Ridge regression of many targets on one complete, shared X, with an intercept."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

INSTANCES = {
    "20000x300x50": {"rows": 20000, "features": 300, "tasks": 50},
    "2000x1000x100": {"rows": 2000, "features": 1000, "tasks": 100},
}
QUICK = {"1000x40x10": {"rows": 1000, "features": 40, "tasks": 10}}
QUALITY = "gradient norm of the objective over that at zero"
LIMIT = 1e-8


def make(rows: int, features: int, tasks: int) -> SimpleNamespace:
    """``X`` (rows, features), ``Y`` (rows, tasks) and ``alpha``, the penalty in scikit-learn's sense."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, features)) + rng.normal(size=features)
    W = rng.normal(size=(features, tasks)) / np.sqrt(features)
    return SimpleNamespace(X=X, Y=X @ W + rng.normal(size=(rows, tasks)), alpha=10.0)


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """Of ``1/2 ||Yc - Xc W||^2 + alpha/2 ||W||^2`` at ``coefficients`` (features, tasks), data centred."""
    X, Y = data.X - data.X.mean(axis=0), data.Y - data.Y.mean(axis=0)
    start = X.T @ Y
    gradient = X.T @ (X @ coefficients - Y) + data.alpha * coefficients
    return np.linalg.norm(gradient) / np.linalg.norm(start)
