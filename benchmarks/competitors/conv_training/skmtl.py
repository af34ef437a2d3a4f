"""Layers of skmtl.nn and its optimiser: convolution, ReLU and pooling in one."""

from __future__ import annotations

import numpy as np
from problems.conv_training import MOMENTUM, RATE
from threadpoolctl import threadpool_limits

from skmtl import nn

PACKAGE = "skmtl"


def prepare(data, threads):
    blocks = nn.conv_pool("a", 32), nn.conv_pool("b", 64)
    return start(data, threads, nn.chain(*blocks, nn.flatten(), nn.dense("c", 10)))


def start(data, threads, network):
    # As a fit does: waiting threads of BLAS would keep the layers' own ones from their cores.
    threadpool_limits(1, user_api="blas")
    vector = nn.Vector(data.params)
    state = {"data": data, "network": network, "vector": vector, "optimiser": nn.sgd(MOMENTUM)}
    state |= {"threads": threads, "room": nn.Room()}
    state["momentum"] = state["optimiser"].start(vector.array)
    state["first"] = {name: value.copy() for name, value in gradients(state).items()}
    return state


def gradients(state):
    data = state["data"]
    learner = np.random.default_rng(0)  # nothing here is drawn
    run = nn.Run(learner, n_jobs=state["threads"], room=state["room"])
    scores, back = state["network"].forward(state["vector"].views, data.X, run)
    _, slopes = nn.cross_entropy()(scores, data.y, np.full(len(data.y), 1 / len(data.y), np.float32))
    return back(slopes, need_input=False)[1]


def run(state):
    vector = state["vector"]
    for _ in range(state["data"].steps):
        gradient = vector.gather(gradients(state))
        state["optimiser"].step(vector.array, gradient, state["momentum"], RATE)


def result(state, output):
    return state["first"]
