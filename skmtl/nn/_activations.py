"""Activations, and dropout: layers without parameters."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf

from ._layer import Layer, Run, keeps_shape, remembered


@remembered
def relu() -> Layer:
    """``Y = max(X, 0)``; the derivative at 0 is 0."""

    def forward(params, X, run: Run):
        Y = np.maximum(X, 0)

        def back(dY, need_input=True):
            return (dY * (Y > 0) if need_input else None), {}

        return Y, back

    return Layer(keeps_shape, forward)


@remembered
def gelu() -> Layer:
    """``Y = X Phi(X)`` with the normal distribution function Phi, not an approximation of it."""

    def forward(params, X, run: Run):
        below = 0.5 * (1.0 + erf(X * math.sqrt(0.5)))

        def back(dY, need_input=True):
            if not need_input:
                return None, {}
            density = np.exp(-0.5 * X * X) * (1.0 / math.sqrt(2.0 * math.pi))
            return dY * (below + X * density), {}

        return X * below, back

    return Layer(keeps_shape, forward)


@remembered
def dropout(rate: float) -> Layer:
    """Each number is 0 with probability ``rate``, else divided by ``1 - rate``; only while learning.

    Raises
    ------
    ValueError
        Where ``rate`` is not in [0, 1).
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate must be in [0, 1), got {rate!r}")

    def forward(params, X, run: Run):
        if not run.learns or rate == 0:
            return X, lambda dY, need_input=True: (dY if need_input else None, {})
        kept = (run.rng.random(X.shape, dtype=np.float32) >= rate) * X.dtype.type(1.0 / (1.0 - rate))
        return X * kept, lambda dY, need_input=True: (dY * kept if need_input else None, {})

    return Layer(keeps_shape, forward)
