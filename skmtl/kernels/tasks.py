"""Newton steps of many small problems, each solved while its rows stay in the cache."""

from __future__ import annotations

import numpy as np

from ._jit import kernel


@kernel()
def solve_tasks(X, bounds, offsets, bend, ridge, forcing, x):
    """Solve ``(A_t' diag(bend) A_t + ridge_t I_0) p_t = x_t`` for each task t in place.

    By conjugate gradients. Rows of A_t are those of X (n, d) from ``bounds[t]`` to ``bounds[t + 1]``, less
    ``offsets[t, :d]``, and at the end ``offsets[t, d]``, 1 for an intercept and 0 for none; I_0 is the
    identity but for a 0 in that last place.
    X and offsets (k, d + 1) are C-contiguous; bend (n,); ridge (k,); forcing (k,), the share of the
    right-hand side that may be left over; x (k, d + 1), right-hand sides in, solutions out.
    """
    for t in range(len(ridge)):
        first, last = bounds[t], bounds[t + 1]
        if forcing[t] < 1.0:
            solve_task(X[first:last], offsets[t], bend[first:last], ridge[t], forcing[t], x[t])
        else:
            x[t] = 0.0


@kernel()
def solve_task(X, offset, bend, ridge, forcing, x):
    """``solve_tasks`` for one task, preconditioned by the diagonal: X (m, d), offset and x (d + 1,)."""
    size = len(x)
    r, p, along = x.copy(), np.zeros(size, X.dtype), np.empty(size, X.dtype)
    inverse = inverse_diagonal(X, offset, bend, ridge)
    x[:] = 0.0
    before, target = 0.0, forcing * forcing * np.dot(r, r)
    for _ in range(10 * size):
        rs = 0.0
        for j in range(size):
            rs += inverse[j] * r[j] * r[j]
        share = rs / before if before > 0.0 else 0.0
        for j in range(size):
            p[j] = inverse[j] * r[j] + share * p[j]
        curve = bent_product(X, offset, bend, ridge, p, along)
        if not curve > 0.0:  # solved, or a direction without curvature
            break
        length, before, square = rs / curve, rs, 0.0
        for j in range(size):
            x[j] += length * p[j]
            r[j] -= length * along[j]
            square += r[j] * r[j]
        if square <= target:
            break


@kernel()
def bent_product(X, offset, bend, ridge, p, along):
    """``along = (A' diag(bend) A + ridge I_0) p``; returns ``p' along``."""
    d = X.shape[1]
    shift, total, curve = offset[d] * p[d], 0.0, 0.0
    for j in range(d):
        shift -= offset[j] * p[j]
        along[j] = 0.0
    for i in range(len(X)):
        z = shift
        for j in range(d):
            z += X[i, j] * p[j]
        s = bend[i] * z
        curve += s * z
        total += s
        for j in range(d):
            along[j] += s * X[i, j]
    for j in range(d):
        along[j] += ridge * p[j] - total * offset[j]
        curve += ridge * p[j] * p[j]
    along[d] = total * offset[d]
    return curve


@kernel()
def inverse_diagonal(X, offset, bend, ridge):
    """One over the diagonal of ``A' diag(bend) A + ridge I_0``, 0 where that is 0."""
    d = X.shape[1]
    diagonal, total = np.zeros(d + 1, X.dtype), 0.0
    for i in range(len(X)):
        total += bend[i]
        for j in range(d):
            x = X[i, j] - offset[j]
            diagonal[j] += bend[i] * x * x
    for j in range(d):
        diagonal[j] += ridge
    diagonal[d] = total * offset[d] * offset[d]
    for j in range(d + 1):
        diagonal[j] = 1.0 / diagonal[j] if diagonal[j] > 0.0 else 0.0
    return diagonal
