"""Slow, obvious twins of ridge regression."""

from __future__ import annotations

import numpy as np


def generalised_error(X, Y, penalty, intercept):
    """Mean squared residual of each target over the squared share of freedom that the fit has left."""
    n = len(X)
    H = np.full((n, n), 1.0 / n) if intercept else np.zeros((n, n))
    X = X - H @ X
    H = H + X @ np.linalg.inv(X.T @ X + penalty * np.eye(X.shape[1])) @ X.T
    residual = Y - H @ Y
    return (residual**2).mean(axis=0) / (1.0 - np.trace(H) / n) ** 2
