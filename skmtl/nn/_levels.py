"""Trunks that show their heads several arrays: levels of falling resolution, columns of tasks, experts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ._layer import Layer, Params, Run, merge, remembered


class Levels(tuple):
    """Arrays, or derivatives in them; None is a derivative of zero. ``+`` adds them place by place."""

    def __add__(self, other):
        return Levels(_add(a, b) for a, b in zip(self, other, strict=True))


def _add(a, b):
    if a is None or b is None:
        return b if a is None else a
    return a + b


@remembered
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


@remembered
def branches(layers: Sequence[Layer]) -> Layer:
    """What each layer makes of one and the same input, as ``Levels``."""

    def init(rng, shape, dtype):
        return _init_all(rng, [(layer, shape) for layer in layers], dtype)

    def forward(params, X, run: Run):
        Y, backs = zip(*(layer.forward(params, X, run) for layer in layers), strict=True)

        def go_back(slopes, need_input=True):
            total, gradients = None, {}
            for back, slope in zip(backs, slopes, strict=True):
                if slope is not None:
                    dX, more = back(slope, need_input=need_input)
                    total, gradients = _add(total, dX), gradients | more
            return total, gradients

        return Levels(Y), go_back

    return Layer(init, forward)


@remembered
def parallel(layers: Mapping[int, Layer]) -> Layer:
    """What each layer makes of its own place of ``Levels``, in that place; None in the others."""

    def init(rng, shape, dtype):
        params, made = _init_all(rng, [(layer, shape[i]) for i, layer in layers.items()], dtype)
        told = dict(zip(layers, made, strict=True))
        return params, tuple(told.get(i) for i in range(len(shape)))

    def forward(params, H, run: Run):
        parts = {i: layer.forward(params, H[i], run) for i, layer in layers.items()}

        def go_back(slopes, need_input=True):
            gradients: Params = {}
            below = [None] * len(H)
            for i, (_, back) in parts.items():
                if slopes[i] is not None:
                    below[i], more = back(slopes[i], need_input=need_input)
                    gradients |= more
            return (Levels(below) if need_input else None), gradients

        return Levels(parts[i][0] if i in parts else None for i in range(len(H))), go_back

    return Layer(init, forward)


def _init_all(rng, pairs, dtype):
    params: Params = {}
    made = []
    for layer, shape in pairs:
        more, own = layer.init(rng, shape, dtype)
        params = merge(params, more)
        made.append(own)
    return params, tuple(made)


@remembered
def pick(place: int) -> Layer:
    """One of ``Levels`` alone."""

    def forward(params, H, run: Run):
        def back(dY, need_input=True):
            return Levels(dY if i == place else None for i in range(len(H))), {}

        return H[place], back

    return Layer(lambda rng, shape, dtype: ({}, shape[place]), forward)


@remembered
def on_levels(layers: Mapping[int, Layer]) -> Layer:
    """The sum of what each layer makes of its own place of ``Levels``; the shapes must agree."""
    each = parallel(layers)

    def init(rng, shape, dtype):
        params, told = each.init(rng, shape, dtype)
        made = [told[i] for i in layers]
        if len(set(made)) > 1:
            raise ValueError(f"on_levels: the levels' layers make the shapes {made}, which must be equal")
        return params, made[0]

    def forward(params, H, run: Run):
        parts, back = each.forward(params, H, run)

        def go_back(dY, need_input=True):
            slopes = Levels(dY if i in layers else None for i in range(len(H)))
            return back(slopes, need_input=need_input)

        return sum(parts[i] for i in layers), go_back

    return Layer(init, forward)
