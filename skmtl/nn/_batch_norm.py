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
    gamma, beta, mean, variance = names(name)

    def init(rng, shape, dtype):
        return {gamma: np.ones(shape[-1], dtype), beta: np.zeros(shape[-1], dtype)}, shape

    def forward(params, X, run: Run):
        line = Line(params[gamma], params[beta], epsilon, rectified)
        if not run.learns:
            Y, back = _fixed(X, line, run.statistics[mean], run.statistics[variance])
        else:
            batch = Batch(X, line, run)
            batch.remember(mean, variance, momentum)
            Y, back = _of_the_batch(batch, run)

        def named(dY, need_input=True):
            dX, *slopes = back(dY, need_input)
            return dX, dict(zip((gamma, beta), slopes, strict=True))

        return Y, named

    return Layer(init, forward)


def names(name: str) -> list[str]:
    """Of the parameters gamma and beta and the statistics mean and variance."""
    return [f"{name}.{part}" for part in ("gamma", "beta", "mean", "variance")]


class Line(NamedTuple):
    """What the normalised values become: parameters, what keeps the deviation from 0, and if rectified."""

    gamma: np.ndarray
    beta: np.ndarray
    epsilon: float
    rectified: bool


def _fixed(X: np.ndarray, line: Line, mean: np.ndarray, variance: np.ndarray):
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


class Batch:
    """A batch X (b, ..., c) and what is computed of it: statistics, and by which numbers it is scaled."""

    def __init__(self, X: np.ndarray, line: Line, run: Run):
        from ..kernels import normal  # numba: only who learns with such a layer waits for it

        self.X, self.run = np.ascontiguousarray(X), run
        self.wide, self.n = _Wide(run, self.X, normal.WIDTH), X.size // X.shape[-1]
        near = self.X.reshape(self.n, -1)[::64].mean(axis=0)
        first, second = self.wide.sums(normal.moments, [self.X], self.wide.tiled(near)) / self.n
        self.mean, self.variance = (near + first).astype(X.dtype), np.maximum(second - first**2, 0)
        self.inverse = 1.0 / np.sqrt(self.variance + line.epsilon)
        scale = (line.gamma * self.inverse).astype(X.dtype)
        self.scaling = normal.Scaling(self.mean, scale, line.beta, line.rectified)

    def remember(self, mean: str, variance: str, momentum: float) -> None:
        """Let ``momentum`` of the statistics, of the variance the unbiased one, go into the running ones."""
        unbiased = (self.variance * (self.n / max(self.n - 1, 1))).astype(self.X.dtype)
        for name, value in ((mean, self.mean), (variance, unbiased)):
            old = self.run.statistics.get(name)
            self.run.gathered[name] = value if old is None else old + momentum * (value - old)

    def slopes(self, sums: np.ndarray) -> list[np.ndarray]:
        """Of the sums (2, c) of slopes, and of slope times ``x - mean``: slopes in gamma (c,) and beta (c,),
        and what those in X lose (2, c)."""
        total, product = sums
        means = np.stack([total, product * self.inverse**2]) / self.n
        return [each.astype(self.X.dtype) for each in (product * self.inverse, total, means)]


def _of_the_batch(batch: Batch, run: Run):
    """As ``_fixed``, with the batch's own statistics."""
    from ..kernels import normal

    X, wide, dtype = batch.X, batch.wide, batch.X.dtype
    scaling = normal.Scaling(*map(wide.tiled, batch.scaling[:3]), batch.scaling.rectified)
    Y = run.empty(X.shape, dtype)
    wide.share(lambda part: normal.scaled(wide.rows(X[part]), scaling, wide.rows(Y[part])))

    def back(dY, need_input):
        dY = np.ascontiguousarray(dY, dtype)
        *slopes, means = batch.slopes(wide.sums(normal.slope_sums, [dY, X], scaling))
        if not need_input:
            return None, *slopes
        dX, means = run.empty(X.shape, dtype), np.stack([wide.tiled(each) for each in means])

        def work(part):
            rows = [wide.rows(array[part]) for array in (dY, X, dX)]
            normal.slopes_back(*rows[:2], scaling, means, rows[2])

        wide.share(work)
        return dX, *slopes

    return Y, back


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
