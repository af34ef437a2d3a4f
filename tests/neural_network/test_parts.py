"""Heads without a label in a batch: neither momentum nor a penalty moves them."""

import numpy as np
import pytest
from _asserts import SAME_BITS, assert_close

from skmtl import MultiTaskMLPRegressor
from skmtl.neural_network._parts import start, step
from skmtl.nn import adam, adamw, sgd

DECAY = np.linspace(0, 1, 12)
OPTIMISERS = {"sgd": lambda decay: sgd(0.9), "adam": lambda decay: adam(), "adamw": adamw}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_each_part_takes_the_steps_that_it_would_take_alone(name, rng):
    ends, make = np.array([0, 5, 5, 8, 12]), OPTIMISERS[name]
    theta = rng.normal(size=12)
    alone = [theta[a:b].copy() for a, b in zip(ends[:-1], ends[1:], strict=True)]
    remembered = [make(DECAY).start(part) for part in alone]
    state = start(make(DECAY), theta, 4)
    for _ in range(20):
        gradient, present = rng.normal(size=12), np.append(True, rng.random(3) < 0.6)
        step(lambda place: make(DECAY[place]), ends, present, theta, gradient, state, 0.1)
        for t in np.flatnonzero(present):
            place = slice(ends[t], ends[t + 1])
            make(DECAY[place]).step(alone[t], gradient[place], remembered[t], 0.1)
    assert_close(theta, np.concatenate(alone), SAME_BITS)


@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd"])
def test_a_head_rests_while_its_task_has_no_label(solver, rng):
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    model = MultiTaskMLPRegressor((8,), solver=solver, alpha=0.1, random_state=0)
    model.partial_fit(X, Y)
    before = model.params_
    Y[:, 1] = np.nan
    model.partial_fit(X, Y)
    moved = {name for name, value in model.params_.items() if not np.array_equal(value, before[name])}
    assert moved == {"trunk.dense0.W", "trunk.dense0.b", "head0.out.W", "head0.out.b"}
