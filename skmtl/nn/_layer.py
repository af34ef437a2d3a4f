"""What a layer is: two functions. Parameters are a flat dict of arrays, and all state lives in closures."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import NamedTuple

import numpy as np

Params = dict[str, np.ndarray]
Backward = Callable[..., tuple[np.ndarray | None, Params]]


class Run:
    """One pass through a network.

    Parameters
    ----------
    rng : numpy Generator, optional
        Random numbers of the layers that draw any; None means that the network predicts, not learns.
    statistics : dict of arrays, optional
        What layers have gathered in passes before (running means); read, never written.

    Attributes
    ----------
    gathered : dict of arrays
        New values of statistics; whoever trains merges them into its own.
    """

    def __init__(self, rng: np.random.Generator | None = None, statistics: Params | None = None):
        self.rng = rng
        self.statistics = {} if statistics is None else statistics
        self.gathered: Params = {}

    @property
    def learns(self) -> bool:
        return self.rng is not None


class Made(NamedTuple):
    """How a layer was made: by a function, of its arguments."""

    function: Callable[..., Layer]
    args: tuple
    options: dict

    @property
    def arguments(self) -> dict:
        """The arguments by name, defaults too."""
        bound = signature(self.function).bind(*self.args, **self.options)
        bound.apply_defaults()
        return bound.arguments


class Layer(NamedTuple):
    """A layer as a pair of functions.

    ``init(rng, shape, dtype) -> (params, shape)`` takes the shape of one sample and gives the layer's
    first parameters and the shape of one sample of its output.

    ``forward(params, X, run) -> (Y, back)`` takes a batch, samples along the first axis; ``back(dY,
    need_input=True) -> (dX, gradients)`` takes the derivative of a number in Y to its derivatives in X
    (None unless ``need_input``) and in the layer's parameters, under the same names. ``back`` may be called
    any number of times, and writes into nothing.

    ``made`` is for those who say in another language what the layer does, such as files of other programs.
    """

    init: Callable[[np.random.Generator, tuple[int, ...], np.dtype], tuple[Params, tuple[int, ...]]]
    forward: Callable[[Params, np.ndarray, Run], tuple[np.ndarray, Backward]]
    made: Made | None = None


def remembered(make: Callable[..., Layer]) -> Callable[..., Layer]:
    """Wrap a function that makes layers, so that they know how they were made."""

    @wraps(make)
    def make_and_tell(*args, **options) -> Layer:
        return make(*args, **options)._replace(made=Made(make, args, options))

    return make_and_tell


def keeps_shape(rng, shape, dtype) -> tuple[Params, tuple[int, ...]]:
    """``init`` of a layer without parameters whose output has the shape of its input."""
    return {}, shape


def image_shape(shown: str, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """``shape`` of one sample, if it is (h, w, c); else an error that names the layer."""
    if len(shape) != 3:
        raise ValueError(f"{shown} takes images (h, w, c), got samples of shape {shape}")
    return shape


def merge(params: Params, more: Params) -> Params:
    """Both dicts in one; a name in both is an error, because the layers would share an array."""
    twice = params.keys() & more.keys()
    if twice:
        raise ValueError(f"two layers have the same name: parameters {sorted(twice)} exist already")
    return params | more
