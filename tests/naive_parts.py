"""Descent over rows where tasks differ, slow and obvious: the twin of ``skmtl.kernels.task_rows``."""

import numpy as np


def solve_row_of_parts(wanted, bends, rows, entries, peak):
    """The p and q (T,) with least ``sum_t h_t (p + q)_t^2 / 2 - c_t (p + q)_t + rows |p| + entries |q|_1``.

    By bisection on the length r of p, or its largest magnitude where ``peak``; c is wanted, h is bends.
    """

    def given(r):
        p, q = np.zeros(len(wanted)), np.zeros(len(wanted))
        for t, (c, h) in enumerate(zip(wanted, bends, strict=True)):
            size = min(abs(c) / h, r) if peak else min(abs(c) / (h * r + rows), entries / rows) * r
            p[t] = np.sign(c) * size
            q[t] = np.sign(c) * max(abs(c) - h * size - entries, 0.0) / h
        return p, q

    def still_pays(r):
        p, q = given(r)
        left = [abs(c - h * (a + b)) for c, h, a, b in zip(wanted, bends, p, q, strict=True)]
        return sum(left) > rows if peak else sum(x * x for x in left) > rows * rows

    low, high = 0.0, sum(abs(c) / h for c, h in zip(wanted, bends, strict=True))
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if np.isfinite(rows) and still_pays(middle) else (low, middle)
    return given(low) if low > 0 else (np.zeros(len(wanted)), given(0.0)[1])


def descend_parts(grams, moments, shared, own, prices, peak=False):
    """One pass over the rows of P = shared and Q = own (d, T); prices are of rows, entries and ridge."""
    rows, entries, ridge = prices
    shared, own = shared.copy(), own.copy()
    for j in range(len(shared)):
        W = shared + own
        W[j] = 0.0
        wanted = [moments[j, t] - grams[j, :, t] @ W[:, t] for t in range(W.shape[1])]
        shared[j], own[j] = solve_row_of_parts(wanted, grams[j, j] + ridge, rows, entries, peak)
    return shared, own
