"""Slow, obvious twins of penalties of tasks in an order, in groups, and of those that are not convex."""

from __future__ import annotations

import naive
import numpy as np
from scipy.optimize import lsq_linear


def flatten_steps(row, amount):
    """The minimiser of ``|x - row|^2 / 2 + amount * sum_t |x[t] - x[t + 1]|``, by its dual problem.

    ``x = row - D'z`` with the differences D and the z in [-amount, amount] that makes x shortest.
    """
    if len(row) == 1 or amount == 0:
        return np.array(row)
    D = np.diff(np.eye(len(row)), axis=0)
    z = lsq_linear(D.T, row, bounds=(-amount, amount), method="bvls", tol=1e-14).x
    return row - D.T @ z


def fused_norm(W, entries, steps, rows):
    changes = sum(abs(row[t] - row[t + 1]) for row in W for t in range(len(row) - 1))
    return entries * naive.entry_norm(W) + steps * changes + rows * naive.row_norm(W)


def fused_norm_prox(V, step, entries, steps, rows):
    """Flattened, then shrunk entry by entry, then as a row; see the test that no move from it is better."""
    flat = np.stack([flatten_steps(row, step * steps) for row in V])
    return naive.row_norm_prox(naive.entry_norm_prox(flat, step * entries), step * rows)


def fused_norm_dual(G, entries, steps, rows):
    """The smallest step whose prox is zero, row by row, by bisection."""
    largest = 0.0
    for row in G:
        low, high = 0.0, np.abs(row).sum() / max(entries, rows)
        for _ in range(45):
            middle = (low + high) / 2
            zero = not fused_norm_prox(row[None], middle, entries, steps, rows).any()
            low, high = (low, middle) if zero else (middle, high)
        largest = max(largest, high)
    return largest


def concave_row_penalty(W, alpha, penalty, concavity):
    """MCP or SCAD of the row norms, alpha included: the integral of its slope by many small steps."""

    def slope(x):
        if penalty == "mcp":
            return max(alpha - x / concavity, 0.0)
        return min(alpha, max(concavity * alpha - x, 0.0) / (concavity - 1))

    total = 0.0
    for row in W:
        grid = np.linspace(0.0, naive.norm(row), 2001)
        values = [slope(x) for x in grid]
        total += sum(0.5 * (a + b) for a, b in zip(values, values[1:], strict=False)) * (grid[1] - grid[0])
    return total


def fusion_penalty(W, pairs, ridge):
    """W (d, T); pairs are (s, t, weight)."""
    return sum(u * naive.norm(W[:, s] - W[:, t]) for s, t, u in pairs) + 0.5 * ridge * (W**2).sum()


def sparse_relation_penalty(V, P, sparsity, smoothing):
    """For the specific weights V (d, T) and a precision P."""
    T = len(P)
    off = sum(abs(P[s, t]) for s in range(T) for t in range(T) if s != t)
    tied = sum(P[s, t] * (V[:, s] @ V[:, t]) for s in range(T) for t in range(T))
    return 0.5 * (tied - np.log(np.linalg.det(P)) + smoothing * np.trace(P) + sparsity * off)
