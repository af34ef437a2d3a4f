"""Each balancer's numbers on one small case, by hand or by a general optimiser."""

from __future__ import annotations

import numpy as np
from _asserts import ROUNDING, Tolerance, assert_close
from scipy.optimize import LinearConstraint, NonlinearConstraint, minimize, root

from skmtl import balancers as b

OPTIMISED = Tolerance("a general optimiser's result", rtol=2e-4, atol=2e-4)

J = np.array([[3.0, 0.0, 1.0], [-1.0, 2.0, 0.0], [0.5, 0.5, -2.0]])
G = J @ J.T
ONES = np.ones(3)


def weights_of(balancer, losses=ONES, gramian=G):
    return balancer.weigh(losses, gramian, balancer.start(len(losses)))[0]


def test_fixed():
    assert_close(weights_of(b.Fixed()), ONES, ROUNDING)
    assert_close(weights_of(b.Fixed([1, 0, 2])), [1.0, 0.0, 2.0], ROUNDING)


def test_uncertainty_takes_one_step_and_comes_to_rest_at_one_over_the_loss():
    balancer = b.Uncertainty(rate=0.1)
    losses = np.array([3.0, 1.0, 0.5])
    weights, state = balancer.weigh(losses, None, balancer.start(3))
    assert_close(weights, ONES, ROUNDING)
    assert_close(state["log_variance"], [0.2, 0.0, -0.05], ROUNDING)
    for _ in range(2000):
        weights, state = balancer.weigh(losses, None, state)
    assert_close(weights, 1 / losses, ROUNDING)


def test_dwa_by_hand():
    balancer = b.DynamicWeightAverage(temperature=2.0)
    state = balancer.start(2)
    state = balancer.after_epoch(np.array([4.0, 1.0]), state)
    assert_close(balancer.weigh(None, None, state)[0], [1.0, 1.0], ROUNDING)
    state = balancer.after_epoch(np.array([2.0, 0.9]), state)
    e = np.exp(np.array([0.5, 0.9]) / 2)
    assert_close(balancer.weigh(None, None, state)[0], 2 * e / e.sum(), ROUNDING)


def test_famo_by_hand():
    balancer = b.FAMO(rate=0.5, decay=0.0)
    before, after = np.array([2.0, 1.0]), np.array([1.0, 1.0])
    weights, state = balancer.weigh(before, None, balancer.start(2))
    assert_close(weights, [1 / 3, 2 / 3], Tolerance("1e-8 beside the losses", rtol=1e-7))
    state = balancer.after_step(after, state)
    # z = 1/2 each, log 2 fallen and 0: slope = z (fallen - mean fallen) = (log 2 / 4, -log 2 / 4)
    step = 0.5 * np.log(2) / 4
    assert_close(state["logits"], [-step, step], Tolerance("1e-8 beside the losses", rtol=1e-6))


def test_gradnorm_goes_down_the_gradient_of_its_loss():
    balancer = b.GradNorm(alpha=1.5, rate=0.01)
    first, now = np.array([2.0, 1.0, 4.0]), np.array([1.0, 0.9, 1.0])
    _, state = balancer.weigh(first, G, balancer.start(3))
    w = state["weights"]
    norms = np.sqrt(np.diag(G))
    pace = now / first / (now / first).mean()
    goal = (w * norms).mean() * pace**1.5

    def loss(v):
        return np.abs(v * norms - goal).sum()

    slope = np.array([(loss(w + h) - loss(w - h)) / 2e-6 for h in 1e-6 * np.eye(3)])
    moved = w - 0.01 * slope / norms.mean()
    _, state = balancer.weigh(now, G, state)
    assert_close(state["weights"], 3 * moved / moved.sum(), Tolerance("central differences", rtol=1e-6))


def test_gradnorm_makes_equal_norms_where_all_learn_at_one_pace():
    balancer = b.GradNorm(rate=0.002)
    state = balancer.start(3)
    for _ in range(3000):
        weights, state = balancer.weigh(ONES, G, state)
    pull = weights * np.sqrt(np.diag(G))
    assert_close(pull / pull.mean(), ONES, Tolerance("steps of 0.002 around the goal", atol=0.02))


def test_pcgrad_by_hand():
    # g1 = (1, 0), g2 = (-1, 1): <g1, g2> = -1. g1 + g2 / 2 and g2 + g1 are orthogonal to g2 and g1.
    gramian = np.array([[1.0, -1.0], [-1.0, 2.0]])
    assert_close(weights_of(b.PCGrad(), np.ones(2), gramian), [2.0, 1.5], ROUNDING)


def test_mgda_of_two_tasks_has_a_closed_form():
    a, c = np.array([2.0, 0.0]), np.array([1.0, 3.0])
    share = np.clip((c - a) @ c / ((a - c) @ (a - c)), 0, 1)
    gramian = np.array([[a @ a, a @ c], [a @ c, c @ c]])
    assert_close(weights_of(b.MGDA(), np.ones(2), gramian), [share, 1 - share], ROUNDING)


def test_mgda_takes_the_shorter_of_two_that_point_one_way():
    gramian = np.outer([1.0, 3.0], [1.0, 3.0])
    assert_close(weights_of(b.MGDA(), np.ones(2), gramian), [1.0, 0.0], ROUNDING)


def test_cagrad_solves_the_primal_problem():
    """Maximise t with <g_i, d> >= t and ||d - g_0|| <= c ||g_0||, by another solver."""
    mean, c = J.mean(axis=0), 0.5
    found = minimize(
        lambda v: -v[-1],
        np.append(mean, (J @ mean).min()),
        constraints=[
            LinearConstraint(np.column_stack([J, -ONES]), 0, np.inf),
            NonlinearConstraint(lambda v: c**2 * mean @ mean - (v[:3] - mean) @ (v[:3] - mean), 0, np.inf),
        ],
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert_close(weights_of(b.CAGrad(c=c)) @ J, found.x[:3], OPTIMISED)


def test_cagrad_without_a_ball_is_the_mean():
    assert_close(weights_of(b.CAGrad(c=0)), ONES / 3, ROUNDING)


def test_imtl_of_two_tasks_by_hand():
    # g1 = (2, 0), g2 = (0, 1): equal projections on (1, 0) and (0, 1) with 2 a = 1 - a
    assert_close(weights_of(b.IMTLG(), np.ones(2), np.diag([4.0, 1.0])), [1 / 3, 2 / 3], ROUNDING)


def test_nash_solves_its_equation_as_a_root_finder_does():
    found = root(lambda w: G @ w - 1 / w, 1 / np.sqrt(np.diag(G)), tol=1e-12)
    assert found.success
    assert_close(weights_of(b.NashMTL(ridge=1e-12)), found.x, Tolerance("two solvers", rtol=1e-8))


def test_aligned_scales_orthogonal_gradients_to_the_shortest():
    assert_close(weights_of(b.Aligned(), ONES, np.diag([4.0, 1.0, 9.0])), [1 / 2, 1, 1 / 3], ROUNDING)
