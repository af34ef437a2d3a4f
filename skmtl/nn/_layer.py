"""What a layer is: two functions. Parameters are a flat dict of arrays, and all state lives in closures."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce, wraps
from inspect import signature
from typing import NamedTuple

import numpy as np

from ..utils._parallel import run_blocks
from ._room import Room

#: A batch is cut into so many parts at most, and one more for each so many operations. Neither depends on
#: the number of threads, so that sums over parts have the same bits for any. With parts of a tenth of that,
#: fits in batches of 16 images of 32 x 32 x 3 took 1.1 times as long.
PARTS, LEAST = 8, 20_000_000

#: What a number costs that is read and written once: memory is slower than arithmetic.
PASS = 10

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
    n_jobs : int, optional
        Threads that layers with much to do share it among; None means 1, -1 all cores.
    room : Room, optional
        Where large arrays are made; whoever passes through a network again and again keeps one.

    Attributes
    ----------
    gathered : dict of arrays
        New values of statistics; whoever trains merges them into its own.
    """

    def __init__(
        self,
        rng: np.random.Generator | None = None,
        statistics: Params | None = None,
        n_jobs: int | None = None,
        room: Room | None = None,
    ):
        self.rng = rng
        self.statistics = {} if statistics is None else statistics
        self.n_jobs = n_jobs
        self.gathered: Params = {}
        self.room = room

    @property
    def learns(self) -> bool:
        return self.rng is not None

    def empty(self, shape: tuple[int, ...], dtype) -> np.ndarray:
        """An array with anything in it."""
        return np.empty(shape, dtype) if self.room is None else self.room.empty(shape, dtype)

    def share(self, work: Callable[[slice], object], n: int, cost: float) -> list:
        """``work(part)`` of the ``parts`` of n samples, by ``n_jobs`` threads; the results in their order."""
        return run_blocks(work, parts(n, cost), self.n_jobs)


def parts(n: int, cost: float) -> list[slice]:
    """Parts of a batch of n samples of ``cost`` operations each; the last may be smaller."""
    count = min(PARTS, max(1, math.ceil(n * cost / LEAST)))
    size = max(1, -(-n // count))
    return [slice(first, min(first + size, n)) for first in range(0, max(n, 1), size)]


def added(arrays: list[np.ndarray]) -> np.ndarray:
    """The sum of arrays, in their order."""
    return reduce(np.add, arrays)


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
        init, forward, _ = make(*args, **options)
        return Layer(init, forward, Made(make, args, options))

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
