"""Ridge regression of many targets with alpha chosen by leave-one-out, one alpha for all targets."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

INSTANCES = {
    "20000x300x50": {"rows": 20000, "features": 300, "tasks": 50},
    "2000x1000x100": {"rows": 2000, "features": 1000, "tasks": 100},
}
QUICK = {"500x40x10": {"rows": 500, "features": 40, "tasks": 10}}
QUALITY = "squared error of the chosen model over that of the true weights"
LIMIT = 1.0


def make(rows: int, features: int, tasks: int) -> SimpleNamespace:
    """``X``, ``Y``, ``alphas`` (30,) in scikit-learn's sense, and the true weights ``W``."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, features)) + rng.normal(size=features)
    W = rng.normal(size=(features, tasks)) / np.sqrt(features)
    Y = X @ W + 3.0 * rng.normal(size=(rows, tasks))
    return SimpleNamespace(X=X, Y=Y, W=W, alphas=np.geomspace(1e5, 1e-1, 30))


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """Of ``coefficients`` (features, tasks)."""
    return float(np.linalg.norm(coefficients - data.W) ** 2 / np.linalg.norm(data.W) ** 2)
