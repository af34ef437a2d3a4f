"""Slow and obvious twin of the kernel that solves many small problems."""

import numpy as np


def solve_tasks(X, bounds, offsets, bend, ridge, right):
    """Each task's normal equations, dense: (tasks, d + 1)."""
    out = []
    for t in range(len(ridge)):
        rows = slice(bounds[t], bounds[t + 1])
        A = np.hstack([X[rows] - offsets[t, :-1], np.full((len(X[rows]), 1), offsets[t, -1])])
        H = A.T @ np.diag(bend[rows]) @ A + ridge[t] * np.diag([1.0] * X.shape[1] + [0.0])
        out.append(np.linalg.lstsq(H, right[t], rcond=None)[0])
    return np.array(out)
