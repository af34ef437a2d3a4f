"""What the squared loss of each school is made of."""

from __future__ import annotations

import numpy as np


def moments(data) -> tuple[np.ndarray, np.ndarray]:
    """Products of the centred features (T, d, d), and with the centred targets (T, d)."""
    H, c = [], []
    for X, y in zip(*(np.split(a, np.cumsum(data.sizes)[:-1]) for a in (data.X, data.y)), strict=True):
        X, y = X - X.mean(axis=0), y - y.mean()
        H.append(X.T @ X / len(y))
        c.append(X.T @ y / len(y))
    return np.array(H), np.array(c)
