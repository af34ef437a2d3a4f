"""Trunks that show their heads several levels: the input, maps of falling resolution, and a vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ._layer import Layer, Params, Run, merge


class Levels(tuple):
    """Arrays of several levels, or derivatives in them; None is a derivative of zero. ``+`` adds levels."""

    def __add__(self, other):
        return Levels(_add(a, b) for a, b in zip(self, other, strict=True))


def _add(a, b):
    if a is None or b is None:
        return b if a is None else a
    return a + b


def pyramid(stages: Sequence[Layer]) -> Layer:
    """The input and the output of every stage, each stage on the output of the one before, as ``Levels``."""

    def init(rng, shape, dtype):
        params: Params = {}
        shapes = [shape]
        for stage in stages:
            more, shape = stage.init(rng, shape, dtype)
            params = merge(params, more)
            shapes.append(shape)
        return params, tuple(shapes)

    def forward(params, X, run: Run):
        levels, backs = [X], []
        for stage in stages:
            X, back = stage.forward(params, X, run)
            levels.append(X)
            backs.append(back)

        def go_back(slopes, need_input=True):
            gradients: Params = {}
            slope = slopes[-1]
            for i in reversed(range(len(backs))):
                if slope is None:
                    slope = slopes[i]
                    continue
                below, more = backs[i](slope, need_input=need_input or i > 0)
                gradients |= more
                slope = _add(slopes[i], below)
            return (slope if need_input else None), gradients

        return Levels(levels), go_back

    return Layer(init, forward)


def on_levels(layers: Mapping[int, Layer]) -> Layer:
    """The sum of what each layer makes of its level of the trunk; the shapes must agree."""

    def init(rng, shape, dtype):
        params: Params = {}
        made = []
        for level, layer in layers.items():
            more, own = layer.init(rng, shape[level], dtype)
            params = merge(params, more)
            made.append(own)
        if len(set(made)) > 1:
            raise ValueError(f"on_levels: the levels' layers make the shapes {made}, which must be equal")
        return params, made[0]

    def forward(params, H, run: Run):
        parts = {level: layer.forward(params, H[level], run) for level, layer in layers.items()}

        def go_back(dY, need_input=True):
            gradients: Params = {}
            slopes = [None] * len(H)
            for level, (_, back) in parts.items():
                slopes[level], more = back(dY, need_input=need_input)
                gradients |= more
            return (Levels(slopes) if need_input else None), gradients

        return sum(Y for Y, _ in parts.values()), go_back

    return Layer(init, forward)
