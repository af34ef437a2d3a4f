"""Joint sparsity (L2,1), squared loss, on one complete, shared X without intercept: the multi-task lasso.

Instances are ``rows x features x tasks`` and by which number the smallest alpha of no feature is divided.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from problems.joint_logistic import neighbours_correlated

SIZES = {
    (1000, 5000, 50, 100): (10, 50),
    (300, 20000, 20, 50): (10, 50),
    (5000, 500, 100, 50): (10, 50),
    (300, 1000, 10, 50): (10 / 3, 20, 100),
    (500, 4000, 20, 50): (10 / 3, 20, 100),
    (200, 20000, 20, 50): (10 / 3, 20, 100),
    (5000, 500, 20, 50): (10 / 3, 20, 100),
}
INSTANCES = {
    f"{rows}x{features}x{tasks} /{ratio:.3g}": {
        "rows": rows,
        "features": features,
        "tasks": tasks,
        "used": used,
        "ratio": ratio,
    }
    for (rows, features, tasks, used), ratios in SIZES.items()
    for ratio in ratios
}
QUICK = {"60x100x5 /10": {"rows": 60, "features": 100, "tasks": 5, "used": 8, "ratio": 10}}
QUALITY = "duality gap over the value at zero"
LIMIT = 1e-6


def make(rows: int, features: int, tasks: int, used: int, ratio: float) -> SimpleNamespace:
    """``X`` (rows, features), standardised, and ``Y`` (rows, tasks); ``alpha``, scikit-learn's.

    ``used`` features make the targets; the variance of the noise is a quarter of theirs.
    """
    rng = np.random.default_rng(0)
    X = neighbours_correlated(rng, rows, features)
    X = np.asfortranarray((X - X.mean(axis=0)) / X.std(axis=0))
    W = np.zeros((features, tasks))
    W[rng.choice(features, used, replace=False)] = rng.normal(size=(used, tasks))
    signal, noise = X @ W, rng.normal(size=(rows, tasks))
    Y = np.asfortranarray(signal + 0.5 * noise * (np.linalg.norm(signal) / np.linalg.norm(noise)))
    largest = np.linalg.norm(X.T @ Y, axis=1).max() / rows
    return SimpleNamespace(X=X, Y=Y, alpha=largest / ratio)


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """Of ``|Y - X W|^2 / 2 + rows * alpha * sum_j |w_j|`` at ``coefficients`` (features, tasks)."""
    weight = len(data.X) * data.alpha
    R = data.Y - data.X @ coefficients
    value = 0.5 * np.vdot(R, R) + weight * np.linalg.norm(coefficients, axis=1).sum()
    scale = min(1.0, weight / np.linalg.norm(data.X.T @ R, axis=1).max())
    dual = scale * np.vdot(R, data.Y) - 0.5 * scale**2 * np.vdot(R, R)
    return (value - dual) / (0.5 * np.vdot(data.Y, data.Y))
