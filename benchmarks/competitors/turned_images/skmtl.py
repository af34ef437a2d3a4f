"""The kernel, with all that goes before it when a batch is moved."""

from __future__ import annotations

import numpy as np

from skmtl.neural_network._moves import Moves
from skmtl.neural_network._turns import Turn

PACKAGE = "skmtl"


def prepare(data, threads):
    n, *size = data.X.shape[:3]
    state = data.X, np.zeros((2, n)), np.ones((2, n)), np.array(size) / 2, data.angle
    run(state)
    return state


def run(state):
    X, start, step, middle, angle = state
    turn = Turn(np.repeat(middle[:, None], len(X), axis=1), angle)
    return Moves(start, step, X.shape[1:3], turn).images(X)


def result(state, output):
    return output
