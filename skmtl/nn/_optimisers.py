"""Optimisers: each writes its step into one vector of parameters and into its own state."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

State = dict[str, np.ndarray]

#: Numbers that are worked on at a time: few enough that all arrays of a block stay in the cache.
BLOCK = 16384


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
        return {"mean": np.zeros_like(theta), "square": np.zeros_like(theta), "count": np.zeros((), np.int64)}

    def step(theta, gradient, state, rate):
        state["count"] += 1
        count = int(state["count"])
        first, second = 1.0 - beta1**count, math.sqrt(1.0 - beta2**count)
        scratch = np.empty(min(BLOCK, len(theta)), theta.dtype)
        for block in _blocks(len(theta)):
            g, mean, square = gradient[block], state["mean"][block], state["square"][block]
            work = scratch[: len(g)]
            _approach(mean, g, 1.0 - beta1, work)
            np.multiply(g, g, out=work)
            _approach(square, work, 1.0 - beta2, work)
            np.sqrt(square, out=work)
            work *= 1.0 / second
            work += epsilon
            np.divide(mean, work, out=work)
            work *= rate / first
            theta[block] -= work

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


def _approach(average: np.ndarray, value: np.ndarray, share: float, work: np.ndarray) -> None:
    """``average += share * (value - average)``, with ``work`` as scratch space; it may be ``value``."""
    np.subtract(value, average, out=work)
    work *= share
    average += work
