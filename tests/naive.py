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

# ---------------------------------------------------------------------------------------------------------
# Convolutional features
# ---------------------------------------------------------------------------------------------------------


def patch_responses(image, filters, bias, contrast):
    """z[y, x, f] = f . p / sqrt(var(p) + contrast) + bias[f] for every patch p that lies within the image."""
    _, kh, kw, _ = filters.shape
    image = image.astype(np.float64)
    out = np.empty((image.shape[0] - kh + 1, image.shape[1] - kw + 1, len(filters)))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            patch = image[y : y + kh, x : x + kw]
            scale = 1.0 if contrast is None else 1 / np.sqrt(patch.var() + contrast)
            for f in range(len(filters)):
                out[y, x, f] = (filters[f] * patch).sum() * scale + bias[f]
    return out


def activate(z, activation, threshold):
    """Channels last: both signs, the positive one, or their sum."""
    positive, negative = np.maximum(z - threshold, 0), np.maximum(-z - threshold, 0)
    if activation == "two-sided":
        return np.concatenate([positive, negative], axis=-1)
    return positive if activation == "relu" else positive + negative


def pool(maps, grid, how):
    """``maps`` (rows, columns, channels) pooled over grid x grid cells, one after the other."""
    cells = []
    for i in range(grid):
        for j in range(grid):
            rows = slice(i * len(maps) // grid, (i + 1) * len(maps) // grid)
            columns = slice(j * maps.shape[1] // grid, (j + 1) * maps.shape[1] // grid)
            cells.append(getattr(np, how)(maps[rows, columns], axis=(0, 1)))
    return np.concatenate(cells)


def reduce(image, factor):
    """Means over factor x factor pixels, the edge repeated where the last ones are missing."""
    padding = [(0, -length % factor) for length in image.shape[:2]]
    image = np.pad(image.astype(np.float64), [*padding, (0, 0)], mode="edge")
    out = np.empty((image.shape[0] // factor, image.shape[1] // factor, image.shape[2]))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            cell = image[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
            out[y, x] = cell.mean(axis=(0, 1))
    return out


def enlarge(maps, factor, shape):
    """Bilinear interpolation between the centres of cells that are ``factor`` pixels wide."""
    for axis in (0, 1):
        centres = (np.arange(maps.shape[axis]) + 0.5) * factor - 0.5
        pixels = np.arange(shape[axis])
        maps = np.apply_along_axis(lambda line, c=centres, p=pixels: np.interp(p, c, line), axis, maps)
    return maps


def dense_maps(image, filters, bias, contrast, activation, threshold, factor):
    """Activations (h, w, channels) at every pixel, of the image reduced ``factor`` times."""
    small = reduce(image, factor)
    before = [(size - 1) // 2 for size in filters.shape[1:3]]
    around = [(b, size - 1 - b) for b, size in zip(before, filters.shape[1:3], strict=True)]
    padded = np.pad(small, [*around, (0, 0)], mode="reflect")
    maps = activate(patch_responses(padded, filters, bias, contrast), activation, threshold)
    return enlarge(maps, factor, image.shape[:2])
