"""Slow, obvious twins of row descent with curvatures that differ between columns."""

from __future__ import annotations

import numpy as np
from naive import norm, shrink_block


def weighted_row(wanted, bend, weight, ridge, by_rows):
    """The minimiser of ``sum_p bend_p w_p^2 / 2 - wanted_p w_p`` plus an elastic net, by bisection of |w|."""
    if not by_rows:
        return np.array([shrink_block(c, weight) / (h + ridge) for c, h in zip(wanted, bend, strict=True)])
    if norm(wanted) <= weight:
        return np.zeros_like(wanted)
    low, high = 0.0, norm(wanted) / min(bend + ridge)
    for _ in range(200):
        r = 0.5 * (low + high)
        low, high = (r, high) if norm(wanted / ((bend + ridge) * r + weight)) > 1 else (low, r)
    return wanted / (bend + ridge + weight / r)


def descend_weighted(grams, moment, W, weight, ridge, passes, by_rows):
    """Each row in turn to its minimum of ``sum_p w_p' gram_p w_p / 2 - moment_p' w_p`` plus a penalty."""
    W = W.copy()
    for _ in range(passes):
        for j in range(len(W)):
            bend = np.array([gram[j, j] for gram in grams])
            pull = np.array([gram[j] @ w for gram, w in zip(grams, W.T, strict=True)])
            W[j] = weighted_row(moment[j] - pull + bend * W[j], bend, weight, ridge, by_rows)
    return W
