"""Batch normalisation, ReLU and pooling as one layer, which keeps its input and what pooling leaves alone."""

from __future__ import annotations

import numpy as np

from ._batch_norm import Batch, Line, batch_norm, names
from ._combine import chain
from ._layer import PASS, Layer, Run, added, remembered
from ._pool import max_pool


@remembered
def norm_pool(name: str, *, momentum: float = 0.1, epsilon: float = 1e-5) -> Layer:
    """``chain(batch_norm(name, rectified=True), max_pool(2))`` in one, in half the memory.

    Parameters, statistics, and the pixel that gets the derivative among equal ones are those of the chain,
    the numbers its own but for rounding.
    """
    gamma, beta, mean, variance = names(name)
    parts = chain(batch_norm(name, rectified=True, momentum=momentum, epsilon=epsilon), max_pool(2))

    def forward(params, X, run: Run):
        if not run.learns:
            return parts.forward(params, X, run)
        from ..kernels import normal_pooled  # numba: only who learns with such a layer waits for it

        batch = Batch(X, Line(params[gamma], params[beta], epsilon, True), run)
        batch.remember(mean, variance, momentum)
        X, scaling, dtype = batch.X, batch.scaling, batch.X.dtype
        n, height, width, channels = X.shape
        Y = run.empty((n, height // 2, width // 2, channels), dtype)
        codes, cost = run.empty(Y.shape, np.uint8), PASS * X[:1].size

        def pool(part):
            normal_pooled.largest_scaled(X[part], scaling, Y[part], codes[part])

        run.share(pool, n, cost)

        def back(dY, need_input=True):
            dY = np.ascontiguousarray(dY, dtype)

            def sums(part):
                out = np.zeros((2, channels))
                normal_pooled.slope_sums(dY[part], codes[part], X[part], scaling.centre, out)
                return out

            *slopes, means = batch.slopes(added(run.share(sums, n, cost)))
            gradients = dict(zip((gamma, beta), slopes, strict=True))
            if not need_input:
                return None, gradients
            dX = run.empty(X.shape, dtype)

            def spread(part):
                normal_pooled.slopes_back(dY[part], codes[part], X[part], scaling, means, dX[part])

            run.share(spread, n, cost)
            return dX, gradients

        return Y, back

    return Layer(parts.init, forward)
