"""Layers in any order that has no circle, as files of other programs hold them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import erf as erf_of

from ..nn import Layer, Levels, Run, remembered


def _keeps(rng, shape, dtype):
    return {}, shape


@remembered
def fixed(operator: str, constant: np.ndarray) -> Layer:
    """``X`` plus, minus, times or divided by one number, or one for each entry of the last axis."""
    apply = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}[operator]

    def init(rng, shape, dtype):
        if constant.size not in (1, shape[-1]):
            raise ValueError(f"{operator}: {constant.size} numbers do not fit samples of shape {shape}")
        return {}, shape

    def forward(params, X, run: Run):
        c = constant.astype(X.dtype)

        def back(dY, need_input=True):
            return (apply(dY, c) if operator in ("Mul", "Div") else dY), {}

        return apply(X, c), back

    return Layer(init, forward)


@remembered
def erf() -> Layer:
    """The error function of each number."""

    def forward(params, X, run: Run):
        def back(dY, need_input=True):
            return dY * np.exp(-X * X) * X.dtype.type(2 / math.sqrt(math.pi)), {}

        return erf_of(X), back

    return Layer(_keeps, forward)


@remembered
def channels_first_rows() -> Layer:
    """Images as rows of numbers, all pixels of a channel side by side."""

    def forward(params, X, run: Run):
        turned = X.transpose(0, 3, 1, 2)

        def back(dY, need_input=True):
            return dY.reshape(turned.shape).transpose(0, 2, 3, 1), {}

        return turned.reshape(len(X), -1), back

    return Layer(lambda rng, shape, dtype: ({}, (math.prod(shape),)), forward)


class Step(NamedTuple):
    """A layer of ``flow``, the names of what it takes, as ``Levels`` if several, and of what it makes."""

    layer: Layer
    inputs: tuple[str, ...]
    output: str


@remembered
def flow(steps: Sequence[Step], start: str, end: str) -> Layer:
    """Layers in an order in which each finds what it takes, from the value ``start`` to the value ``end``."""

    def init(rng, shape, dtype):
        shapes, params = {start: shape}, {}
        for layer, inputs, output in steps:
            own, shapes[output] = layer.init(rng, _taken(shapes, inputs), dtype)
            params |= own
        return params, shapes[end]

    def forward(params, X, run: Run):
        values, backs = {start: X}, []
        for layer, inputs, output in steps:
            values[output], back = layer.forward(params, _taken(values, inputs), run)
            backs.append(back)

        def go_back(dY, need_input=True):
            slopes, gradients = {end: dY}, {}
            for (_, inputs, output), back in zip(reversed(steps), reversed(backs), strict=True):
                slope = slopes.pop(output, None)
                if slope is None:
                    continue
                below, more = back(slope, need_input=need_input or inputs != (start,))
                gradients |= more
                for name, part in zip(inputs, below if len(inputs) > 1 else [below], strict=True):
                    if part is not None:
                        slopes[name] = slopes[name] + part if name in slopes else part
            return slopes.get(start), gradients

        return values[end], go_back

    return Layer(init, forward)


def _taken(values: dict, inputs: tuple[str, ...]):
    return values[inputs[0]] if len(inputs) == 1 else Levels(values[name] for name in inputs)


@remembered
def two_together(operator: str) -> Layer:
    """The sum or the product, "Add" or "Mul", of two arrays of one shape, given as ``Levels``."""

    def init(rng, shape, dtype):
        if shape[0] != shape[1]:
            raise ValueError(f"{operator}: samples of the shapes {shape[0]} and {shape[1]} differ")
        return {}, shape[0]

    def forward(params, H, run: Run):
        A, B = H

        def back(dY, need_input=True):
            return Levels([dY, dY] if operator == "Add" else [dY * B, dY * A]), {}

        return (A + B if operator == "Add" else A * B), back

    return Layer(init, forward)
