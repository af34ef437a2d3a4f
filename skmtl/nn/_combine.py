"""Layers made of layers."""

from __future__ import annotations

import numpy as np

from ._layer import Layer, Params, Run, merge, remembered


@remembered
def chain(*layers: Layer) -> Layer:
    """Each layer on the output of the one before; no layers at all pass their input on."""

    def init(rng, shape, dtype):
        params: Params = {}
        for layer in layers:
            more, shape = layer.init(rng, shape, dtype)
            params = merge(params, more)
        return params, shape

    def forward(params, X, run: Run):
        backs = []
        for layer in layers:
            X, back = layer.forward(params, X, run)
            backs.append(back)

        def go_back(dY, need_input=True):
            gradients: Params = {}
            for i in reversed(range(len(backs))):
                dY, more = backs[i](dY, need_input=need_input or i > 0)
                gradients |= more
            return dY, gradients

        return X, go_back

    return Layer(init, forward)


@remembered
def residual(layer: Layer, *, rectified: bool = False) -> Layer:
    """``Y = X + layer(X)``, or with ``rectified`` the larger of it and 0, as a ``relu`` behind it would make.

    Raises
    ------
    ValueError
        At ``init``, where the layer's output has another shape than its input.
    """

    def init(rng, shape, dtype):
        params, made = layer.init(rng, shape, dtype)
        if made != shape:
            raise ValueError(f"residual: the layer makes {made} of {shape}; the shapes must be equal")
        return params, shape

    def forward(params, X, run: Run):
        change, back = layer.forward(params, X, run)
        Y = X + change
        if rectified:
            np.maximum(Y, 0, out=Y)

        def go_back(dY, need_input=True):
            dY = dY * (Y > 0) if rectified else dY
            dX, gradients = back(dY, need_input=need_input)
            return (dX + dY if need_input else None), gradients

        return Y, go_back

    return Layer(init, forward)
