"""Slow, obvious twins of the fast code, written from the formulas."""

from __future__ import annotations

import numpy as np

# ---------------------------------------------------------------------------------- linear models


def logistic_loss(y, z):
    """Two classes, y in {0, 1}: minus the logarithm of the probability of the label."""
    p = 1.0 / (1.0 + np.exp(-z))
    return -np.log(p if y == 1 else 1.0 - p)


def multinomial_loss(y, z):
    """Minus the logarithm of the softmax probability of class y."""
    e = np.exp(z)
    return -np.log(e[int(y)] / e.sum())


def squared_loss(y, z):
    """Half the squared error."""
    return 0.5 * (z - y) ** 2


def shared_parameters_penalty(W, sharing):
    """``min over w_0 of ||w_0||^2 / 2s + sum_t ||w_t - w_0||^2 / 2(1-s)``, by its normal equation.

    W is (d, T). Setting the derivative in w_0 to zero: w_0 / s = sum_t (w_t - w_0) / (1 - s).
    """
    s, T = sharing, W.shape[1]
    w0 = W.sum(axis=1) / ((1 - s) / s + T)
    return w0 @ w0 / (2 * s) + sum((W[:, t] - w0) @ (W[:, t] - w0) for t in range(T)) / (2 * (1 - s))


def relation_penalty(W, C):
    """``sum over tasks s, t of (C^-1)[s, t] <w_s, w_t> / 2``."""
    P = np.linalg.inv(C)
    T = len(C)
    return 0.5 * sum(P[s, t] * (W[:, s] @ W[:, t]) for s in range(T) for t in range(T))


def own_rows_objective(model_loss, X, y, task, W, b, alpha, penalty):
    """Joint objective of tasks that own their rows: every label counts the same, summed over T tasks.

    W is (d, T), one column per task; the sum runs row by row.
    """
    T = W.shape[1]
    total = 0.0
    for i in range(len(X)):
        total += model_loss(y[i], X[i] @ W[:, task[i]] + b[task[i]])
    return T * total / len(X) + alpha * penalty(W)


def shared_objective(model_loss, X, Y, W, b, alpha, penalty):
    """Joint objective on a shared X with NaN for missing labels, label by label."""
    total, count = 0.0, 0
    for i in range(len(X)):
        for t in range(Y.shape[1]):
            if not np.isnan(Y[i, t]):
                total += model_loss(Y[i, t], X[i] @ W[:, t] + b[t])
                count += 1
    return Y.shape[1] * total / count + alpha * penalty(W)
