"""Many binary tasks on one complete, shared X: logistic regression, C = 1, no intercept."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy.special import expit

INSTANCES = {
    "20000x200x20": {"rows": 20000, "features": 200, "tasks": 20},
    "60000x784x10": {"rows": 60000, "features": 784, "tasks": 10},
    "2000x2000x100": {"rows": 2000, "features": 2000, "tasks": 100},
}
QUICK = {"2000x50x5": {"rows": 2000, "features": 50, "tasks": 5}}
QUALITY = "largest gradient norm of a task over that at zero"
LIMIT = 1e-6
IMAGE_SIDE = 28


def make(rows: int, features: int, tasks: int) -> SimpleNamespace:
    """``X`` (rows, features), correlated; ``Y`` (rows, tasks) of 0 and 1; ``C``, scikit-learn's.

    784 features are the pixels of images of classes, a task a class; else neighbours are correlated.
    """
    rng = np.random.default_rng(0)
    if features == IMAGE_SIDE**2:
        X, Y = pixels(rng, rows, tasks)
    else:
        X = neighbours_correlated(rng, rows, features)
        W = rng.normal(size=(features, 1)) + rng.normal(size=(features, tasks))
        chance = expit(X @ W / np.sqrt(features))
        Y = rng.random(chance.shape) < chance
    return SimpleNamespace(X=X, Y=Y.astype(np.int64), C=1.0)


def neighbours_correlated(rng: np.random.Generator, rows: int, features: int, rho: float = 0.7) -> np.ndarray:
    """Normal features of variance 1; the correlation of features i and j is ``rho ** |i - j|``."""
    X = rng.normal(size=(rows, features))
    for j in range(1, features):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    return X


def pixels(rng: np.random.Generator, rows: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Synthetic grey images in [0, 1] (rows, 784), and which class each is (rows, classes).

    A class is a smooth random picture; an image is its class's plus smooth variation of its own and a
    little noise, cut off at 0 and 1: about half of the pixels are 0, and the spectrum falls by powers of
    the frequency, as that of scanned digits does.
    """
    frequency = np.arange(10)
    waves = np.cos(np.pi * np.outer(frequency, np.arange(IMAGE_SIDE) + 0.5) / IMAGE_SIDE)
    basis = np.einsum("ai,bj->abij", waves, waves).reshape(len(frequency) ** 2, -1)
    fall = 1.0 / (1.0 + np.add.outer(frequency**2, frequency**2).ravel() ** 0.75)
    label = rng.integers(classes, size=rows)
    smooth = 0.6 * rng.normal(size=(classes, len(fall)))[label] + 0.6 * rng.normal(size=(rows, len(fall)))
    X = (smooth * fall) @ basis
    X += 0.05 * rng.normal(size=X.shape)
    return np.clip(X, 0.0, 1.0, out=X), label[:, None] == np.arange(classes)


def quality(data: SimpleNamespace, coefficients: np.ndarray) -> float:
    """Of ``C * sum of log-losses + 1/2 ||w_t||^2`` at ``coefficients`` (features, tasks)."""
    gradient = data.C * data.X.T @ (expit(data.X @ coefficients) - data.Y) + coefficients
    start = data.C * data.X.T @ (0.5 - data.Y)
    return (np.linalg.norm(gradient, axis=0) / np.linalg.norm(start, axis=0)).max()
