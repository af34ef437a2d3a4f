"""Accelerated proximal gradient as the papers state it, in plain numpy: Liu, Ji & Ye (2009), algorithm 1.

The step is found by doubling the curvature until the quadratic bound holds and is never lengthened again; the
momentum is never dropped. A loop over tasks, as in the published program for tasks that own their rows.
"""

from __future__ import annotations

import numpy as np

PACKAGE = "numpy"
TOLERANCES = [1500, 3000]  # steps


def prepare(data, threads, tol):
    rows = np.split(np.arange(len(data.y)), np.flatnonzero(np.diff(data.task)) + 1)
    blocks = [(data.X[mine], 2.0 * data.y[mine] - 1.0) for mine in rows]
    run((blocks, data.alpha, 2))
    return blocks, data.alpha, tol


def run(state):
    blocks, alpha, steps = state
    x = before = np.zeros((len(blocks), blocks[0][0].shape[1] + 1))
    momentum, curvature = 1.0, 1.0
    for _ in range(steps):
        following = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum**2))
        ahead = x + (momentum - 1.0) / following * (x - before)
        value, gradient = _loss(blocks, ahead)
        while True:
            new = _prox(ahead - gradient / curvature, alpha / curvature)
            move = new - ahead
            bound = value + np.vdot(gradient, move) + 0.5 * curvature * np.vdot(move, move)
            if _loss(blocks, new)[0] <= bound + 1e-14 * abs(value):
                break
            curvature *= 2.0
        x, before, momentum = new, x, following
    return x


def _loss(blocks, x):
    value, gradient = 0.0, np.empty_like(x)
    for t, (X, sign) in enumerate(blocks):
        margin = sign * (X @ x[t, :-1] + x[t, -1])
        value += np.logaddexp(0.0, -margin).mean()
        slope = -sign / (1.0 + np.exp(margin)) / len(sign)
        gradient[t, :-1], gradient[t, -1] = slope @ X, slope.sum()
    return value, gradient


def _prox(x, amount):
    out = x.copy()
    norms = np.linalg.norm(x[:, :-1], axis=0)
    out[:, :-1] *= np.maximum(1.0 - amount / np.maximum(norms, 1e-300), 0.0)
    return out


def result(state, output):
    return output
