"""Optimisers by hand, schedules, vectors of parameters, and the joint network."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, assert_close
from _gradients import DIFFERENCES, numeric_gradient

from skmtl import nn

# ------------------------------------------------------------------------------------ optimisers


def naive_sgd(theta, gradients, rate, momentum):
    velocity = 0
    for g in gradients:
        velocity = momentum * velocity + g
        theta = theta - rate * velocity
    return theta


def naive_adam(theta, gradients, rate, decay=0.0):
    m = v = 0
    for t, g in enumerate(gradients, start=1):
        theta = theta - rate * decay * theta
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        theta = theta - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return theta


OPTIMISERS = {
    "sgd": (lambda n: nn.sgd(0.9), lambda theta, G: naive_sgd(theta, G, 0.01, 0.9)),
    "plain sgd": (lambda n: nn.sgd(0.0), lambda theta, G: naive_sgd(theta, G, 0.01, 0.0)),
    "adam": (lambda n: nn.adam(), lambda theta, G: naive_adam(theta, G, 0.01)),
    "adamw": (lambda n: nn.adamw(np.full(n, 0.3)), lambda theta, G: naive_adam(theta, G, 0.01, 0.3)),
}
every_optimiser = pytest.mark.parametrize("name", OPTIMISERS)


@every_optimiser
def test_steps_are_those_of_the_algorithm(name, rng):
    make, naive = OPTIMISERS[name]
    theta = rng.normal(size=1007)
    gradients = rng.normal(size=(4, len(theta)))
    expected = naive(theta.copy(), gradients)
    optimiser = make(len(theta))
    state = optimiser.start(theta)
    for gradient in gradients:
        kept = gradient.copy()
        optimiser.step(theta, gradient, state, 0.01)
        assert_close(gradient, kept, SAME_BITS)
    assert_close(theta, expected, ROUNDING)


@every_optimiser
def test_a_run_that_stops_goes_on_with_the_same_bits(name, rng):
    optimiser = OPTIMISERS[name][0](50)
    start = rng.normal(size=50).astype(np.float32)
    gradients = rng.normal(size=(6, 50)).astype(np.float32)

    def run(stop):
        theta, state = start.copy(), optimiser.start(start)
        for i, gradient in enumerate(gradients):
            if i == stop:
                theta, state = theta.copy(), {key: value.copy() for key, value in state.items()}
            optimiser.step(theta, gradient, state, 0.1)
        return theta

    assert run(3).dtype == np.float32
    assert_close(run(3), run(None), SAME_BITS)


@every_optimiser
def test_a_quadratic_is_minimised(name, rng):
    optimiser = OPTIMISERS[name][0](20)
    goal = rng.normal(size=20)
    theta = np.zeros(20)
    state = optimiser.start(theta)
    before = np.abs(theta - goal).max()
    for _ in range(500):
        optimiser.step(theta, theta - goal, state, 0.01)
    assert np.abs(theta - goal).max() < 0.3 * before


def test_schedules_begin_and_end_where_they_say():
    assert [nn.constant()(d) for d in (0.0, 0.5, 0.99)] == [1.0, 1.0, 1.0]
    plain, warm, triangle = nn.cosine(), nn.cosine(0.2), nn.triangle(0.25)
    assert_close([plain(0.0), plain(0.5), plain(1.0)], [1.0, 0.5, 0.0], ROUNDING)
    assert_close([warm(0.0), warm(0.1), warm(0.2), warm(0.6), warm(1.0)], [0, 0.5, 1, 0.5, 0], ROUNDING)
    assert_close(
        [triangle(0.0), triangle(0.125), triangle(0.25), triangle(0.625)], [0, 0.5, 1, 0.5], ROUNDING
    )


def test_a_vector_and_its_views_are_the_same_numbers(rng):
    params = {"a": rng.normal(size=(2, 3)), "b": rng.normal(size=4)}
    vector = nn.Vector(params)
    vector.array[0] = 7.0
    assert vector.views["a"][0, 0] == 7.0 and params["a"][0, 0] != 7.0
    assert vector.length(["b"]) == 4
    assert_close(vector.gather({"b": np.arange(4.0)}), np.r_[np.zeros(6), np.arange(4.0)], SAME_BITS)


# ------------------------------------------------------------------------------- the joint network


def joint_network():
    trunk = nn.chain(nn.dense("trunk", 4), nn.gelu())
    tasks = [
        nn.Task("a", nn.dense("a", 3, gain=1.0), nn.cross_entropy()),
        nn.Task("b", nn.chain(nn.dense("b.0", 2), nn.gelu(), nn.dense("b", 1)), nn.squared()),
    ]
    return nn.JointNetwork(trunk, tasks)


def joint_data(rng, n=7):
    X = rng.normal(size=(n, 3))
    labels = [
        nn.Labels(rng.integers(0, 3, n), rng.uniform(0.5, 1.5, n)),
        nn.Labels(rng.normal(size=(n, 1)), rng.uniform(0.5, 1.5, (n, 1))),
    ]
    return X, labels


def test_the_joint_gradient_is_that_of_central_differences(rng):
    network = joint_network()
    params = network.init(rng, (3,), np.dtype(float))
    X, labels = joint_data(rng)
    weights = np.array([0.3, 1.7])
    gradients = network.joint(params, X, labels, nn.Run(rng)).gradient(weights)
    assert gradients.keys() == params.keys()

    def value():
        return float(weights @ network.joint(params, X, labels, nn.Run(rng)).losses)

    for key in params:
        assert_close(gradients[key], numeric_gradient(value, params[key]), DIFFERENCES, key)


def test_task_gradients_add_up_to_the_joint_one(rng):
    network = joint_network()
    params = network.init(rng, (3,), np.dtype(float))
    done = network.joint(params, *joint_data(rng), nn.Run(rng))
    trunk, heads = done.task_gradients()
    joint = done.gradient(np.ones(2))
    for key, value in heads.items():
        assert_close(value, joint[key], ROUNDING, key)
    assert trunk[0].keys() | heads.keys() == joint.keys()
    for key in trunk[0]:
        assert_close(trunk[0][key] + trunk[1][key], joint[key], ROUNDING, key)


def test_one_head_on_a_trunk_is_the_plain_network(rng):
    trunk, task = joint_network().trunk, joint_network().tasks[0]
    plain = nn.chain(trunk, task.head)
    network = nn.JointNetwork(trunk, [task])
    params = network.init(rng, (3,), np.dtype(float))
    X, (labels, _) = joint_data(rng)
    done = network.joint(params, X, [labels], nn.Run(rng))
    Z, back = plain.forward(params, X, nn.Run(rng))
    value, dZ = task.loss(Z, *labels)
    assert done.losses[0] == value / len(X)
    expected = back(dZ / len(X), need_input=False)[1]
    for key, gradient in done.gradient(np.ones(1)).items():
        assert_close(gradient, expected[key], SAME_BITS, key)
    assert_close(network.outputs(params, X)[0], Z, SAME_BITS)


def test_a_task_without_labels_teaches_nothing(rng):
    network = joint_network()
    params = network.init(rng, (3,), np.dtype(float))
    X, (first, second) = joint_data(rng)
    second = nn.Labels(second.y, np.zeros_like(second.w))
    done = network.joint(params, X, [first, second], nn.Run(rng))
    gradients = done.gradient(np.ones(2))
    assert done.losses[1] == 0
    assert not gradients["b.W"].any() and not gradients["b.0.W"].any() and gradients["trunk.W"].any()


def test_two_heads_of_one_name_are_refused(rng):
    task = joint_network().tasks[0]
    with pytest.raises(ValueError, match=r"same name: parameters \['a.W', 'a.b'\] exist"):
        nn.JointNetwork(nn.chain(), [task, task]).init(rng, (3,), np.dtype(float))
