"""Batch normalisation."""

from __future__ import annotations

import numpy as np

from ._layer import Layer, Run, remembered


@remembered
def batch_norm(name: str, *, momentum: float = 0.1, epsilon: float = 1e-5) -> Layer:
    """``Y = gamma (X - mean) / sqrt(variance + epsilon) + beta``, per entry of the last axis.

    While learning, mean and variance are the batch's; ``momentum`` of them goes into the running ones,
    the statistics ``name.mean`` and ``name.variance`` (the first batch starts them), with which it
    predicts. Parameters ``name.gamma`` and ``name.beta``. Ioffe & Szegedy (2015), algorithms 1 and 2; the
    running variance is the unbiased one.
    """
    gamma, beta, mean, variance = (f"{name}.{part}" for part in ("gamma", "beta", "mean", "variance"))

    def init(rng, shape, dtype):
        return {gamma: np.ones(shape[-1], dtype), beta: np.zeros(shape[-1], dtype)}, shape

    def blend(run: Run, key: str, value: np.ndarray) -> None:
        old = run.statistics.get(key)
        run.gathered[key] = value if old is None else old + momentum * (value - old)

    def learn(params, X, run: Run):
        rows = X.reshape(-1, X.shape[-1])
        n = len(rows)
        centre = rows.mean(axis=0)
        spread = rows.var(axis=0)
        blend(run, mean, centre)
        blend(run, variance, spread * (n / max(n - 1, 1)))
        inverse = 1.0 / np.sqrt(spread + X.dtype.type(epsilon))
        normal = (rows - centre) * inverse
        scale = params[gamma]

        def back(dY, need_input=True):
            dY = dY.reshape(normal.shape)
            gradients = {gamma: (dY * normal).sum(axis=0), beta: dY.sum(axis=0)}
            if not need_input:
                return None, gradients
            dX = dY - gradients[beta] / n - normal * (gradients[gamma] / n)
            return (dX * (scale * inverse)).reshape(X.shape), gradients

        return (normal * scale + params[beta]).reshape(X.shape), back

    def predict(params, X, run: Run):
        inverse = 1.0 / np.sqrt(run.statistics[variance] + X.dtype.type(epsilon))
        normal = (X - run.statistics[mean]) * inverse
        scale = params[gamma]
        others = tuple(range(X.ndim - 1))

        def back(dY, need_input=True):
            gradients = {gamma: (dY * normal).sum(axis=others), beta: dY.sum(axis=others)}
            return (dY * (scale * inverse) if need_input else None), gradients

        return normal * scale + params[beta], back

    def forward(params, X, run: Run):
        return (learn if run.learns else predict)(params, X, run)

    return Layer(init, forward)
