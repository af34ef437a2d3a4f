"""Optimisers: each writes its step into one vector of parameters and into its own state."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

State = dict[str, np.ndarray]


class Optimiser(NamedTuple):
    """``start(theta) -> state`` and ``step(theta, gradient, state, rate)``, which writes into both.

    theta and gradient are contiguous vectors of one floating type; all of the state is arrays, so that a run
    can stop and go on with the same bits.
    """

    start: Callable[[np.ndarray], State]
    step: Callable[[np.ndarray, np.ndarray, State, float], None]


def sgd(momentum: float = 0.9) -> Optimiser:
    """``v <- momentum v + g; theta <- theta - rate v``."""

    def start(theta):
        return {"velocity": np.zeros_like(theta)}

    def step(theta, gradient, state, rate):
        from ..kernels import steps  # numba: only who learns in batches waits for it

        number = theta.dtype.type
        steps.sgd(theta, gradient, state["velocity"], number(momentum), number(rate))

    return Optimiser(start, step)


def adam(*, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimiser:
    """Adam: Kingma & Ba (2015), algorithm 1."""

    def start(theta):
        return {"sum": np.zeros_like(theta), "squares": np.zeros_like(theta), "count": np.zeros((), np.int64)}

    def step(theta, gradient, state, rate):
        from ..kernels import steps  # numba: only who learns in batches waits for it

        # The sums are the algorithm's averages without their factors 1 - beta, which the step takes over.
        state["count"] += 1
        count = int(state["count"])
        scale = math.sqrt((1.0 - beta2) / (1.0 - beta2**count))
        length = rate * (1.0 - beta1) / (1.0 - beta1**count) / scale
        pairs = (tuple(map(theta.dtype.type, pair)) for pair in ((beta1, beta2), (length, epsilon / scale)))
        steps.adam(theta, gradient, state["sum"], state["squares"], *pairs)

    return Optimiser(start, step)


def adamw(decay: np.ndarray, **options: float) -> Optimiser:
    """Adam that first shrinks theta by ``rate * decay``: Loshchilov & Hutter (2019), algorithm 2.

    ``decay`` has one number for each parameter; ``options`` are Adam's.
    """
    plain = adam(**options)

    def step(theta, gradient, state, rate):
        from ..kernels import steps  # numba: only who learns in batches waits for it

        steps.shrink(theta, decay.astype(theta.dtype, copy=False), theta.dtype.type(rate))
        plain.step(theta, gradient, state, rate)

    return Optimiser(plain.start, step)


def add_penalty(gradient: np.ndarray, penalty: np.ndarray, theta: np.ndarray) -> None:
    """``g <- g + penalty theta``, the gradient of ``sum penalty theta^2 / 2`` added in place."""
    from ..kernels import steps  # numba: only who learns in batches waits for it

    steps.add_penalty(gradient, penalty, theta)
