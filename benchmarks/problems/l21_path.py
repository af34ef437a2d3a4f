"""A path of 50 multi-task lassos, from the smallest alpha without weights down to a hundredth of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from problems._correlated import correlated_table

INSTANCES = {"A1: 1000x5000x50": {"rows": 1000, "features": 5000, "tasks": 50, "used": 100}}
QUICK = {"60x90x4": {"rows": 60, "features": 90, "tasks": 4, "used": 5}}
QUALITY = "largest duality gap of the path over the value at zero"
LIMIT = 1e-6


def make(rows: int, features: int, tasks: int, used: int) -> SimpleNamespace:
    """``X``, ``Y``, and ``alphas`` (50,) in scikit-learn's sense; no intercept."""
    X, Y, _ = correlated_table(rows, features, tasks, used)
    top = np.linalg.norm(X.T @ Y, axis=1).max() / rows
    return SimpleNamespace(X=X, Y=Y, alphas=np.geomspace(top, top / 100, 50))


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """Of ``||Y - X W||^2 / 2n + alpha ||W||_2,1`` at ``coefficients`` (alphas, features, tasks)."""
    pairs = zip(data.alphas, coefficients, strict=True)
    return max(_gap(data, alpha, W) for alpha, W in pairs)


def _gap(data: SimpleNamespace, alpha: float, W: np.ndarray) -> float:
    weight, R = alpha * len(data.X), data.Y - data.X @ W
    scale = min(1.0, weight / np.linalg.norm(data.X.T @ R, axis=1).max())
    value = 0.5 * np.vdot(R, R) + weight * np.linalg.norm(W, axis=1).sum()
    dual = scale * np.vdot(R, data.Y) - 0.5 * scale**2 * np.vdot(R, R)
    return (value - dual) / (0.5 * np.vdot(data.Y, data.Y))
