"""Binary tasks that own their rows, few each: logistic regression per task, C = 1, no intercept."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy.special import expit

INSTANCES = {
    "139x110x28": {"tasks": 139, "rows": 110, "features": 28},
    "1000x50x50": {"tasks": 1000, "rows": 50, "features": 50},
}
QUICK = {"20x50x8": {"tasks": 20, "rows": 50, "features": 8}}
QUALITY = "largest gradient norm of a task over that at zero"
LIMIT = 1e-6


def make(tasks: int, rows: int, features: int) -> SimpleNamespace:
    """``X`` (tasks, rows, features), ``Y`` (tasks, rows) of 0 and 1; ``C``, scikit-learn's."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(tasks, rows, features))
    W = rng.normal(size=features) + 0.5 * rng.normal(size=(tasks, features))
    chance = expit(np.einsum("tnd,td->tn", X, W) / np.sqrt(features))
    return SimpleNamespace(X=X, Y=(rng.random(chance.shape) < chance).astype(np.int64), C=1.0)


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """Of ``C * sum of log-losses + 1/2 ||w_t||^2`` at ``coefficients`` (tasks, features)."""
    slope = expit(np.einsum("tnd,td->tn", data.X, coefficients)) - data.Y
    gradient = data.C * np.einsum("tnd,tn->td", data.X, slope) + coefficients
    start = data.C * np.einsum("tnd,tn->td", data.X, 0.5 - data.Y)
    return (np.linalg.norm(gradient, axis=1) / np.linalg.norm(start, axis=1)).max()
