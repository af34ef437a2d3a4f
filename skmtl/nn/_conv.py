"""Convolution over images with the channels last."""

from __future__ import annotations

import numpy as np

from ._layer import Layer, Run, added, image_shape, parts, remembered


@remembered
def conv(name: str, n_filters: int, *, size: int = 3, stride: int = 1) -> Layer:
    """Cross-correlation of X (n, h, w, c) with ``name.W`` (size, size, c, k) plus ``name.b`` (k,).

    Zeros are added at the borders, ``size // 2`` on each side, so that with stride 1 and an odd size the
    output is (n, h, w, k); else the height is ``(h + 2 (size // 2) - size) // stride + 1``, the width alike.
    W starts normal with variance ``2 / (size^2 c)``.
    """
    weight, bias, pad = f"{name}.W", f"{name}.b", size // 2

    def init(rng, shape, dtype):
        height, width, channels = image_shape(f"conv layer {name!r}", shape)
        rows, columns = ((side + 2 * pad - size) // stride + 1 for side in (height, width))
        W = rng.standard_normal((size, size, channels, n_filters)) * np.sqrt(2 / (size * size * channels))
        return {weight: W.astype(dtype), bias: np.zeros(n_filters, dtype)}, (rows, columns, n_filters)

    def forward(params, X, run: Run):
        from ..kernels import map_slopes, maps  # numba: only who has such a layer waits for it

        W, b = params[weight], params[bias]
        X = np.ascontiguousarray(X, np.result_type(X, W))
        plan = maps.plan(X.shape[1:], n_filters, size, stride, X.dtype)
        cost = 2 * W.size * plan.grid[0] * plan.grid[1]
        banks, Y = maps.pack_ahead(plan, W, b), run.empty((len(X), *plan.grid, n_filters), X.dtype)
        run.share(lambda part: maps.answer(plan.ahead, X[part], banks, Y[part]), len(X), cost)

        def back(dY, need_input=True):
            dY = np.ascontiguousarray(dY, X.dtype)
            most = parts(len(X), 2 * cost)[0].stop
            planes = map_slopes.planes(most, X.shape[1:], plan.grid, plan.window, X.dtype)
            dX = run.empty(X.shape, X.dtype) if need_input else None
            if need_input and stride > size:  # there are pixels that no filter sees
                dX[...] = 0
            turned = maps.pack_back(plan, W) if need_input else []

            def work(part):
                if need_input:
                    maps.answer(plan.back, dY[part], turned, dX[part])
                return map_slopes.filter_slopes(X[part], dY[part], planes)

            dW, db = map(added, zip(*run.share(work, len(X), 2 * cost), strict=True))
            return dX, {weight: dW.reshape(W.shape), bias: db}

        return Y, back

    return Layer(init, forward)
