"""Schedules: what the learning rate is multiplied by, as a function of the share of steps done, in [0, 1)."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[float], float]


def constant() -> Schedule:
    """Always 1."""
    return lambda done: 1.0


def cosine(warm_up: float = 0.0) -> Schedule:
    """From 1 to 0 along half a cosine (Loshchilov & Hutter 2017, eq. 5, without restarts).

    The first ``warm_up`` share of the steps rises from 0 in a straight line.
    """

    def factor(done: float) -> float:
        if done < warm_up:
            return done / warm_up
        return 0.5 * (1.0 + math.cos(math.pi * (done - warm_up) / (1.0 - warm_up)))

    return factor


def triangle(peak: float = 0.2) -> Schedule:
    """Straight up from 0 to 1 at the share ``peak`` of the steps, straight down to 0 at the end."""
    return lambda done: done / peak if done < peak else (1.0 - done) / (1.0 - peak)
