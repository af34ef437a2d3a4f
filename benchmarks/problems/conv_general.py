"""A training step: convolutions 3 x 3 (32, then 64 with stride 2) and a residual pair, all normalised; SGD.

Each convolution is followed by batch normalisation and ReLU; the pair (64, 64) adds what it makes to its
input before its last ReLU. The mean over all pixels goes into a linear layer (10).
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

INSTANCES = {
    f"{size}x{size}x3, batch {batch}": {"size": size, "batch": batch, "steps": steps}
    for size, batch, steps in ((32, 64, 6), (64, 16, 6))
}
QUICK = {"12x12x3, batch 4": {"size": 12, "batch": 4, "steps": 2}}
QUALITY = "largest error of a gradient over its largest value, first batch, against float64"
LIMIT = 2e-2  # rounding decides for a few pixels whether they are above 0, and with them for single terms
RATE, MOMENTUM, EPSILON = 1e-3, 0.9, 1e-5
CLASSES = 10
#: Name of a convolution -> filters, channels that it sees, stride.
CONVOLUTIONS = {"a": (32, 3, 1), "b": (64, 32, 2), "c": (64, 64, 1), "d": (64, 64, 1)}


def make(size: int, batch: int, steps: int) -> SimpleNamespace:
    """``X`` (batch, size, size, 3), labels ``y``, and ``params``, float32.

    Convolutions have ``W`` (3, 3, c, k) and ``b`` (k,), their normalisation ``gamma`` and ``beta`` (k,), the
    last layer, "e", ``W`` (64, 10) and ``b``.
    """
    rng = np.random.default_rng(0)
    params = {}
    for name, (filters, depth, _) in CONVOLUTIONS.items():
        params[f"{name}.W"] = rng.normal(size=(3, 3, depth, filters)) / np.sqrt(4.5 * depth)
        params[f"{name}.b"] = rng.normal(size=filters) / 10
        params[f"{name}.gamma"] = rng.uniform(0.5, 1.5, filters)
        params[f"{name}.beta"] = rng.normal(size=filters) / 10
    params["e.W"] = rng.normal(size=(64, CLASSES)) / 8
    params["e.b"] = np.zeros(CLASSES)
    return SimpleNamespace(
        X=rng.normal(size=(batch, size, size, 3)).astype(np.float32),
        y=rng.integers(0, CLASSES, batch),
        params={name: value.astype(np.float32) for name, value in params.items()},
        steps=steps,
    )


def quality(data: SimpleNamespace, gradients: dict[str, np.ndarray]) -> float:
    """``gradients`` of the mean cross-entropy of the whole batch, before any step, shaped as ``params``.

    Those in the convolutions' biases are 0, because the mean is subtracted, and are not compared.
    """
    truth = _gradients(data.X.astype(float), data.y, {k: v.astype(float) for k, v in data.params.items()})
    return max(np.abs(gradients[name] - truth[name]).max() / np.abs(truth[name]).max() for name in truth)


def _gradients(X, y, params) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    h, back_a = _block("a", X, params, found)
    h, back_b = _block("b", h, params, found)
    change, back_c = _block("c", h, params, found)
    change, back_d = _block("d", change, params, found, rectified=False)
    out = np.maximum(h + change, 0)
    rows = out.mean(axis=(1, 2))
    z = rows @ params["e.W"] + params["e.b"]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    p /= len(y)
    found["e.W"], found["e.b"] = rows.T @ p, p.sum(axis=0)
    slope = (p @ params["e.W"].T)[:, None, None] * (out > 0) / (out.shape[1] * out.shape[2])
    back_a(back_b(slope + back_c(back_d(slope))))
    return found


def _block(name: str, X, params, found, *, rectified: bool = True):
    """Convolution, normalisation and ReLU; the way back notes the derivatives in the parameters."""
    W, stride, gamma = params[f"{name}.W"], CONVOLUTIONS[name][2], params[f"{name}.gamma"]
    padded = np.pad(X, [(0, 0), (1, 1), (1, 1), (0, 0)])
    rows, columns = (-(-length // stride) for length in X.shape[1:3])

    def seen(array, i, j):
        return array[:, i : i + stride * rows : stride, j : j + stride * columns : stride]

    places = [(i, j) for i in range(3) for j in range(3)]
    maps = sum(seen(padded, i, j) @ W[i, j] for i, j in places) + params[f"{name}.b"]
    inverse = 1 / np.sqrt(maps.var(axis=(0, 1, 2)) + EPSILON)
    normal = (maps - maps.mean(axis=(0, 1, 2))) * inverse
    out = normal * gamma + params[f"{name}.beta"]

    def back(slope):
        slope = slope * (out > 0) if rectified else slope
        found[f"{name}.gamma"] = (slope * normal).sum(axis=(0, 1, 2))
        found[f"{name}.beta"] = slope.sum(axis=(0, 1, 2))
        inner = slope - slope.mean(axis=(0, 1, 2)) - normal * (slope * normal).mean(axis=(0, 1, 2))
        inner *= gamma * inverse
        found[f"{name}.W"], dX = np.empty(W.shape), np.zeros(padded.shape)
        for i, j in places:
            found[f"{name}.W"][i, j] = np.tensordot(seen(padded, i, j), inner, axes=([0, 1, 2], [0, 1, 2]))
            seen(dX, i, j)[:] += inner @ W[i, j].T
        return dX[:, 1:-1, 1:-1]

    return np.maximum(out, 0) if rectified else out, back
