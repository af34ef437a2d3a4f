"""Optimisers: each writes its step into one vector of parameters and into its own state."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

State = dict[str, np.ndarray]

#: Numbers that are worked on at a time: few enough that all arrays of a block stay in the cache.
BLOCK = 65536


class Optimiser(NamedTuple):
    """``start(theta) -> state`` and ``step(theta, gradient, state, rate)``, which writes into both.

    theta and gradient are vectors of one floating type; all of the state is arrays, so that a run can
    stop and go on with the same bits.
    """

    start: Callable[[np.ndarray], State]
    step: Callable[[np.ndarray, np.ndarray, State, float], None]


def _blocks(n: int) -> Iterator[slice]:
    return (slice(first, first + BLOCK) for first in range(0, n, BLOCK))


def sgd(momentum: float = 0.9) -> Optimiser:
    """``v <- momentum v + g; theta <- theta - rate v``."""

    def start(theta):
        return {"velocity": np.zeros_like(theta)}

    def step(theta, gradient, state, rate):
        for block in _blocks(len(theta)):
            velocity = state["velocity"][block]
            velocity *= momentum
            velocity += gradient[block]
            theta[block] -= rate * velocity

    return Optimiser(start, step)


def adam(*, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimiser:
    """Adam: Kingma & Ba (2015), algorithm 1."""

    def start(theta):
        return {"sum": np.zeros_like(theta), "squares": np.zeros_like(theta), "count": np.zeros((), np.int64)}

    def step(theta, gradient, state, rate):
        # The sums are the algorithm's averages without their factors 1 - beta, which the step takes over.
        state["count"] += 1
        count = int(state["count"])
        scale = math.sqrt((1.0 - beta2) / (1.0 - beta2**count))
        length = rate * (1.0 - beta1) / (1.0 - beta1**count) / scale
        work = np.empty(min(BLOCK, len(theta)), theta.dtype)
        for block in _blocks(len(theta)):
            g, sums, squares = gradient[block], state["sum"][block], state["squares"][block]
            move = work[: len(g)]
            sums *= beta1
            sums += g
            squares *= beta2
            squares += np.multiply(g, g, out=move)
            np.sqrt(squares, out=move)
            move += epsilon / scale
            np.divide(sums, move, out=move)
            move *= length
            theta[block] -= move

    return Optimiser(start, step)


def adamw(decay: np.ndarray, **options: float) -> Optimiser:
    """Adam that first shrinks theta by ``rate * decay``: Loshchilov & Hutter (2019), algorithm 2.

    ``decay`` has one number for each parameter; ``options`` are Adam's.
    """
    plain = adam(**options)

    def step(theta, gradient, state, rate):
        for block in _blocks(len(theta)):
            theta[block] -= rate * (decay[block] * theta[block])
        plain.step(theta, gradient, state, rate)

    return Optimiser(plain.start, step)
