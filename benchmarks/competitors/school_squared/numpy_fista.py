"""Accelerated proximal gradient on all parts, as the toolboxes of the field do it, in plain numpy.

Beck & Teboulle (2009) with a step that shrinks where it must; products with the rows of each task.
"""

from __future__ import annotations

import numpy as np
from problems.school_squared import NORMS

PACKAGE = "numpy"
TOLERANCES = [1e-6, 1e-8, 1e-9, 1e-10]


def prepare(data, threads, tol):
    return data, tol


def run(state):
    return fista(*state)


def result(state, output):
    return output


def fista(data, tol):
    """Parts (K, d, T) where the last ten values have changed by at most ``tol``, relative."""
    bounds = np.searchsorted(data.task, np.arange(data.task[-1] + 2))
    blocks = [(data.X[a:b], data.y[a:b]) for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    K = len(data.parts)
    step = 1.0 / (2 * data.squares * K * max(np.linalg.norm(X, 2) ** 2 for X, _ in blocks))
    x = np.zeros((K, data.X.shape[1], len(blocks)))
    ahead, momentum, values = x, 1.0, []
    for _ in range(100_000):
        W = ahead.sum(axis=0)
        slope = np.stack([X.T @ (X @ W[:, t] - y) for t, (X, y) in enumerate(blocks)], axis=1)
        moved = ahead - step * 2 * data.squares * slope
        new = np.stack(
            [PROX[kind](P, step * price) for (kind, price), P in zip(data.parts, moved, strict=True)]
        )
        values.append(_value(data, blocks, new))
        if len(values) > 10 and abs(values[-11] - values[-1]) <= tol * values[-1]:
            return new
        following = 0.5 * (1 + np.sqrt(1 + 4 * momentum**2))
        ahead, x = new + (momentum - 1) / following * (new - x), new
        momentum = following
    return x


def _value(data, blocks, parts):
    W = parts.sum(axis=0)
    squares = sum(float(((X @ W[:, t] - y) ** 2).sum()) for t, (X, y) in enumerate(blocks))
    penalty = sum(price * NORMS[kind](P) for (kind, price), P in zip(data.parts, parts, strict=True))
    return data.squares * squares + penalty


def _shrink(sizes, amount):
    return np.maximum(1 - amount / np.maximum(sizes, 1e-300), 0)


def _peaks(V, amount):
    """Rows less their projection onto the L1 ball."""
    size = -np.sort(-np.abs(V), axis=1)
    excess = (np.cumsum(size, axis=1) - amount) / np.arange(1, V.shape[1] + 1)
    kept = np.count_nonzero(size > excess, axis=1) - 1
    cut = np.maximum(np.take_along_axis(excess, kept[:, None], axis=1), 0)
    return np.clip(V, -cut, cut)


def _trace(V, amount):
    left, values, right = np.linalg.svd(V, full_matrices=False)
    return (left * np.maximum(values - amount, 0)) @ right


PROX = {
    "rows": lambda V, amount: V * _shrink(np.linalg.norm(V, axis=1), amount)[:, None],
    "peaks": _peaks,
    "entries": lambda V, amount: np.sign(V) * np.maximum(np.abs(V) - amount, 0),
    "tasks": lambda V, amount: V * _shrink(np.linalg.norm(V, axis=0), amount),
    "trace": _trace,
}
