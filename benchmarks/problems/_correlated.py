"""Correlated features of which a few make the targets."""

from __future__ import annotations

import numpy as np


def correlated_table(rows: int, features: int, tasks: int, used: int, *, signal_to_noise: float = 4.0):
    """``X`` (rows, features), ``Y`` (rows, tasks) and the true weights ``W`` (features, tasks), seeded.

    Neighbouring features have a correlation of 0.7 and all unit variance; ``used`` of them have weights.
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, features))
    for j in range(1, features):
        X[:, j] = 0.7 * X[:, j - 1] + np.sqrt(1 - 0.7**2) * X[:, j]
    X /= X.std(axis=0)
    W = np.zeros((features, tasks))
    W[rng.choice(features, used, replace=False)] = rng.normal(size=(used, tasks))
    signal, noise = X @ W, rng.normal(size=(rows, tasks))
    noise *= np.linalg.norm(signal) / np.linalg.norm(noise) / signal_to_noise
    return np.asfortranarray(X), signal + noise, W
