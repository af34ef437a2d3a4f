"""Batch normalisation."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ._layer import PASS, Layer, Run, added, remembered


@remembered
def batch_norm(name: str, *, rectified=False, momentum: float = 0.1, epsilon: float = 1e-5) -> Layer:
    """``Y = gamma (X - mean) / sqrt(variance + epsilon) + beta``, per entry of the last axis.

    While learning, mean and variance are the batch's; ``momentum`` of them goes into the running ones,
    the statistics ``name.mean`` and ``name.variance`` (the first batch starts them), with which it
    predicts. Parameters ``name.gamma`` and ``name.beta``. ``rectified`` takes ``max(Y, 0)``, as a ``relu``
    behind it would. Ioffe & Szegedy (2015), algorithms 1 and 2; the running variance is the unbiased one.
    """
    gamma, beta, mean, variance = (f"{name}.{part}" for part in ("gamma", "beta", "mean", "variance"))

    def init(rng, shape, dtype):
        return {gamma: np.ones(shape[-1], dtype), beta: np.zeros(shape[-1], dtype)}, shape

    def forward(params, X, run: Run):
        line = _Line(params[gamma], params[beta], epsilon, rectified)
        if not run.learns:
            Y, back = _fixed(X, line, run.statistics[mean], run.statistics[variance])
        else:
            Y, back, *found = _of_the_batch(X, line, run)
            for key, value in zip((mean, variance), found, strict=True):
                old = run.statistics.get(key)
                run.gathered[key] = value if old is None else old + momentum * (value - old)

        def named(dY, need_input=True):
            dX, *slopes = back(dY, need_input)
            return dX, dict(zip((gamma, beta), slopes, strict=True))

        return Y, named

    return Layer(init, forward)


class _Line(NamedTuple):
    gamma: np.ndarray
    beta: np.ndarray
    epsilon: float
    rectified: bool


def _fixed(X: np.ndarray, line: _Line, mean: np.ndarray, variance: np.ndarray):
    """Y and the way back, to slopes in X, gamma and beta, with given statistics."""
    inverse = 1.0 / np.sqrt(variance + X.dtype.type(line.epsilon))
    normal = (X - mean) * inverse
    Y = normal * line.gamma + line.beta
    if line.rectified:
        np.maximum(Y, 0, out=Y)
    others = tuple(range(X.ndim - 1))

    def back(dY, need_input):
        dY = dY * (Y > 0) if line.rectified else dY
        dX = dY * (line.gamma * inverse) if need_input else None
        return dX, (dY * normal).sum(axis=others), dY.sum(axis=others)

    return Y, back


def _of_the_batch(X: np.ndarray, line: _Line, run: Run):
    """As ``_fixed``, with the batch's own statistics, and these: mean and unbiased variance."""
    from ..kernels import normal  # numba: only who learns with such a layer waits for it

    X, dtype = np.ascontiguousarray(X), X.dtype
    wide, n = _Wide(run, X, normal.WIDTH), X.size // X.shape[-1]
    near = X.reshape(n, -1)[::64].mean(axis=0)
    first, second = wide.sums(normal.moments, [X], wide.tiled(near)) / n
    mean, variance = (near + first).astype(dtype), np.maximum(second - first**2, 0)
    inverse = 1.0 / np.sqrt(variance + line.epsilon)
    numbers = mean, (line.gamma * inverse).astype(dtype), line.beta
    scaling = normal.Scaling(*map(wide.tiled, numbers), line.rectified)
    Y = np.empty_like(X)
    wide.share(lambda part: normal.scaled(wide.rows(X[part]), scaling, wide.rows(Y[part])))

    def back(dY, need_input):
        dY = np.ascontiguousarray(dY, dtype)
        total, product = wide.sums(normal.slope_sums, [dY, X], scaling)
        slopes = (product * inverse).astype(dtype), total.astype(dtype)
        if not need_input:
            return None, *slopes
        dX = np.empty_like(X)
        means = np.stack([wide.tiled((each / n).astype(dtype)) for each in (total, product * inverse**2)])

        def work(part):
            rows = [wide.rows(array[part]) for array in (dY, X, dX)]
            normal.slopes_back(*rows[:2], scaling, means, rows[2])

        wide.share(work)
        return dX, *slopes

    return Y, back, mean, (variance * (n / max(n - 1, 1))).astype(dtype)


class _Wide:
    """Samples like X (b, ..., c) as rows of about ``width`` numbers, which is what the kernels take."""

    def __init__(self, run: Run, X: np.ndarray, width: int):
        self.run, self.n, self.channels = run, len(X), X.shape[-1]
        self.size = X.size // max(len(X), 1)
        self.times = math.gcd(self.size // self.channels, max(width // self.channels, 1))

    def rows(self, X: np.ndarray) -> np.ndarray:
        return X.reshape(-1, self.times * self.channels)

    def tiled(self, numbers: np.ndarray) -> np.ndarray:
        """One number for each channel, for each entry of a row."""
        return np.tile(numbers, self.times)

    def share(self, work) -> list:
        return self.run.share(work, self.n, PASS * self.size)

    def sums(self, kernel, samples: list[np.ndarray], more) -> np.ndarray:
        """The two sums of a kernel for each channel (2, c), float64."""

        def work(part):
            out = np.zeros((2, self.times * self.channels))
            kernel(*(self.rows(array[part]) for array in samples), more, out)
            return out

        return added(self.share(work)).reshape(2, self.times, -1).sum(axis=1)
