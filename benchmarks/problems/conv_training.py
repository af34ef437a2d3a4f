"""A training step: two convolutions 3 x 3 (32, 64), each with ReLU and max 2, a linear layer (10); SGD."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

INSTANCES = {
    f"{size}x{size}x{channels}, batch {batch}": {
        "size": size,
        "channels": channels,
        "batch": batch,
        "steps": steps,
    }
    for size, channels, batch, steps in ((32, 3, 64, 10), (28, 1, 64, 10), (128, 3, 16, 4))
}
QUICK = {"12x12x3, batch 8": {"size": 12, "channels": 3, "batch": 8, "steps": 2}}
QUALITY = "largest error of a gradient over its largest value, first batch, against float64"
LIMIT = 2e-5
RATE, MOMENTUM = 1e-4, 0.9
CLASSES = 10


def make(size: int, channels: int, batch: int, steps: int) -> SimpleNamespace:
    """``X`` (batch, size, size, channels), labels ``y``, and ``params``, float32.

    Convolutions have ``W`` (3, 3, c, k) and ``b`` (k,), the last layer ``W`` (features, 10), features in the
    order (rows, columns, channels). Pixels and filters are multiples of 1/8, so that the maps are exact in
    float32: else rounding decides, now and then, which of four pixels is the largest, and one such choice
    changes a gradient by more than all roundings together.
    """
    rng = np.random.default_rng(0)
    params = {}
    for name, filters, depth in (("a", 32, channels), ("b", 64, 32)):
        params[f"{name}.W"] = rng.integers(-3, 4, (3, 3, depth, filters)) / 8
        params[f"{name}.b"] = rng.integers(-3, 4, filters) / 8
    features = (size // 4) ** 2 * 64
    params["c.W"] = rng.normal(size=(features, CLASSES)) / (100 * np.sqrt(features))
    params["c.b"] = np.zeros(CLASSES)
    return SimpleNamespace(
        X=(rng.integers(0, 8, (batch, size, size, channels)) / 8).astype(np.float32),
        y=rng.integers(0, CLASSES, batch),
        params={name: value.astype(np.float32) for name, value in params.items()},
        steps=steps,
    )


def quality(data: SimpleNamespace, gradients: dict[str, np.ndarray]) -> float:
    """``gradients`` of the mean cross-entropy of the whole batch, before any step, shaped as ``params``."""
    truth = _gradients(data.X.astype(float), data.y, {k: v.astype(float) for k, v in data.params.items()})
    return max(np.abs(gradients[name] - truth[name]).max() / np.abs(truth[name]).max() for name in truth)


def _gradients(X, y, params):
    h, back_a = _block(X, params["a.W"], params["a.b"])
    h, back_b = _block(h, params["b.W"], params["b.b"])
    rows = h.reshape(len(h), -1)
    z = rows @ params["c.W"] + params["c.b"]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    found = {"c.W": rows.T @ p, "c.b": p.sum(axis=0)}
    dh, found["b.W"], found["b.b"] = back_b((p @ params["c.W"].T).reshape(h.shape))
    _, found["a.W"], found["a.b"] = back_a(dh)
    return found


def _block(X, W, bias):
    """The largest of 2 x 2 responses and 0, and the way back; the first of equal ones gets the derivative."""
    n, height, width, _ = X.shape
    padded = np.pad(X, [(0, 0), (1, 1), (1, 1), (0, 0)])
    patches = sliding_window_view(padded, (3, 3), axis=(1, 2))
    maps = np.einsum("nyxcij,ijck->nyxk", patches, W, optimize=True) + bias
    squares = maps.reshape(n, height // 2, 2, width // 2, 2, -1).transpose(0, 1, 3, 5, 2, 4)
    squares = squares.reshape(*squares.shape[:4], 4)
    first, largest = squares.argmax(axis=-1), squares.max(axis=-1)

    def back(dY):
        slopes = (np.arange(4) == first[..., None]) * (dY * (largest > 0))[..., None]
        slopes = slopes.reshape(*slopes.shape[:4], 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(maps.shape)
        dW = np.einsum("nyxcij,nyxk->ijck", patches, slopes, optimize=True)
        dX = np.zeros(padded.shape)
        for i in range(3):
            for j in range(3):
                dX[:, i : i + height, j : j + width] += slopes @ W[i, j].T
        return dX[:, 1:-1, 1:-1], dW, slopes.sum(axis=(0, 1, 2))

    return np.maximum(largest, 0), back
