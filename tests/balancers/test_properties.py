"""What each balancer promises, by name, on sampled Gramians of known kind."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, Tolerance, assert_close

from skmtl import balancers as b

SOLVED_QP = Tolerance("a convex problem solved to about 1e-7", rtol=1e-5, atol=1e-6)


def independent(rng, T):
    return rng.normal(size=(T, 2 * T))


def conflicting(rng, T):
    """Gradients that point away from their mean as far as a common direction allows."""
    rows = rng.normal(size=(T, 2 * T))
    return rows - 0.9 * rows.mean(axis=0)


def dependent(rng, T):
    """One gradient is the sum of two others."""
    rows = rng.normal(size=(T, 2 * T))
    rows[0] = rows[1] + rows[2]
    return rows


def wide_scales(rng, T):
    return rng.normal(size=(T, 2 * T)) * np.logspace(-3, 3, T)[:, None]


def stationary(rng, T):
    """A convex combination of the gradients is zero."""
    rows = rng.normal(size=(T, 2 * T))
    w = rng.dirichlet(np.ones(T))
    rows[0] = -(w[1:] @ rows[1:]) / w[0]
    return rows


KINDS = [independent, conflicting, dependent, wide_scales, stationary]
PURE = [b.MGDA(), b.CAGrad(), b.CAGrad(c=1.0), b.IMTLG(), b.NashMTL(), b.Aligned()]
ALL = [
    *PURE,
    b.Fixed(),
    b.Uncertainty(),
    b.DynamicWeightAverage(),
    b.FAMO(),
    b.GradNorm(),
    b.PCGrad(),
]

kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
sizes = pytest.mark.parametrize("T", [3, 7])
pure = pytest.mark.parametrize("balancer", PURE, ids=repr)
every = pytest.mark.parametrize("balancer", ALL, ids=repr)


def weights_of(balancer, J, losses=None):
    losses = np.ones(len(J)) if losses is None else losses
    return balancer.weigh(losses, J @ J.T, balancer.start(len(J)))[0]


@every
@kinds
def test_weights_are_finite_numbers_one_for_each_task(balancer, kind, rng):
    weights = weights_of(balancer, kind(rng, 4))
    assert weights.shape == (4,) and weights.dtype == np.float64 and np.isfinite(weights).all()
    assert weights.any()


@every
def test_the_same_call_gives_the_same_bits_and_writes_into_nothing(balancer, rng):
    losses, J = rng.uniform(0.5, 2.0, 4), independent(rng, 4)
    G = J @ J.T
    state = balancer.start(4)
    for array in (losses, G, *state.values()):
        array.flags.writeable = False
    first, after = balancer.weigh(losses, G, state)
    second, again = balancer.weigh(losses, G, state)
    assert_close(second, first, SAME_BITS)
    assert after.keys() == again.keys() == state.keys()
    balancer.after_epoch(losses, balancer.after_step(0.9 * losses, after))


@pytest.mark.parametrize("balancer", [one for one in ALL if not isinstance(one, b.PCGrad)], ids=repr)
@sizes
def test_permuting_tasks_permutes_weights(balancer, T, rng):
    losses, J = rng.uniform(0.5, 2.0, T), independent(rng, T)
    order = rng.permutation(T)

    def run(losses, J):
        state = balancer.start(T)
        for factor in (1.0, 0.8, 0.5):
            weights, state = balancer.weigh(losses**factor, J @ J.T, state)
            state = balancer.after_epoch(losses**factor, balancer.after_step(losses**0.7, state))
        return weights

    assert_close(run(losses[order], J[order]), run(losses, J)[order], SOLVED_QP)


def test_one_conflict_does_not_depend_on_the_order_of_projections(rng):
    """Two tasks leave PCGrad no choice of order."""
    J = np.array([[1.0, 0.0], [-0.5, 1.0]])
    forward, backward = weights_of(b.PCGrad(), J), weights_of(b.PCGrad(), J[::-1])
    assert_close(backward, forward[::-1], ROUNDING)


@every
def test_one_task_keeps_its_direction(balancer, rng):
    weights = weights_of(balancer, rng.normal(size=(1, 5)))
    assert weights.shape == (1,) and weights[0] > 0


@every
def test_a_task_without_labels_changes_nothing_for_the_others(balancer, rng):
    """NaN loss and zero gradient: the weights stay finite, and the gradient maps leave the task out."""
    J = independent(rng, 4)
    J[2] = 0
    losses = np.array([1.0, 2.0, np.nan, 0.5])
    state = balancer.start(4)
    for _ in range(3):
        weights, state = balancer.weigh(losses, J @ J.T, state)
        state = balancer.after_epoch(losses, balancer.after_step(0.9 * losses, state))
    assert np.isfinite(weights).all()
    if isinstance(balancer, b.GramianBalancer):
        kept = [0, 1, 3]
        assert weights[2] == 0
        assert_close(weights[kept], weights_of(balancer, J[kept]), SOLVED_QP)


@pytest.mark.parametrize("balancer", [b.MGDA(), b.CAGrad(c=1.0), b.NashMTL()], ids=repr)
@pytest.mark.parametrize("kind", [k for k in KINDS if k is not stationary], ids=lambda kind: kind.__name__)
@sizes
def test_no_loss_is_made_to_grow(balancer, kind, T, rng):
    """Where the tasks are not at a stationary point, at which there is no such direction."""
    J = kind(rng, T)
    direction = weights_of(balancer, J) @ J
    cosines = J @ direction / (np.linalg.norm(J, axis=1) * np.linalg.norm(direction))
    assert cosines.min() > -1e-5


@pytest.mark.parametrize(
    "balancer", [b.MGDA(), b.CAGrad(), b.CAGrad(c=1.0), b.IMTLG(), b.Aligned()], ids=repr
)
@kinds
def test_the_combination_grows_in_proportion_to_the_gradients(balancer, kind, rng):
    """Multiplying all losses by one number multiplies the step by it: the weights stay."""
    J = kind(rng, 4)
    assert_close(weights_of(balancer, 7.0 * J), weights_of(balancer, J), SOLVED_QP)


def test_nash_and_imtl_do_not_see_the_scale_of_a_loss(rng):
    J = independent(rng, 4)
    scale = np.array([1e-2, 1.0, 5.0, 1e3])
    for balancer in (b.NashMTL(), b.IMTLG()):
        plain, scaled = (
            weights_of(balancer, J) @ J,
            weights_of(balancer, scale[:, None] * J) @ (scale[:, None] * J),
        )
        plain, scaled = (d / np.linalg.norm(d) for d in (plain, scaled))
        assert_close(scaled, plain, SOLVED_QP)


@sizes
def test_pareto_stationary_points_stop_mgda(T, rng):
    J = stationary(rng, T)
    direction = weights_of(b.MGDA(), J) @ J
    assert np.linalg.norm(direction) < 1e-6 * np.linalg.norm(J)
    J = independent(rng, T)
    assert np.linalg.norm(weights_of(b.MGDA(), J) @ J) > 1e-2 * np.linalg.norm(J)


@kinds
@sizes
def test_mgda_is_the_shortest_convex_combination(kind, T, rng):
    """Optimality over the simplex: every gradient is at least as long along the shortest one."""
    J = kind(rng, T)
    weights = weights_of(b.MGDA(), J)
    assert weights.min() >= 0
    assert_close(weights.sum(), 1.0, ROUNDING)
    shortest = weights @ J
    scale = (J**2).sum(axis=1).mean()
    assert (J @ shortest - shortest @ shortest).min() > -1e-7 * scale


@pytest.mark.parametrize("kind", [independent, conflicting, wide_scales], ids=lambda kind: kind.__name__)
@sizes
def test_imtl_projects_alike_on_every_gradient(kind, T, rng):
    """Dependent gradients have no such combination in general."""
    J = kind(rng, T)
    weights = weights_of(b.IMTLG(), J)
    assert_close(weights.sum(), 1.0, ROUNDING)
    projections = J / np.linalg.norm(J, axis=1, keepdims=True) @ (weights @ J)
    assert_close(
        projections / np.abs(projections).max(),
        np.full(T, projections[0] / np.abs(projections).max()),
        SOLVED_QP,
    )


@kinds
@sizes
def test_nash_solves_its_equation(kind, T, rng):
    J = kind(rng, T)
    weights = weights_of(b.NashMTL(), J)
    assert weights.min() > 0
    # with the ridge: (G + ridge diag(G)) w = 1 / w
    G = J @ J.T
    left = (G + 1e-6 * np.diag(np.diag(G))) @ weights * weights
    assert_close(left, np.ones(T), SOLVED_QP)


@sizes
def test_aligned_is_the_sum_of_the_nearest_orthogonal_gradients(T, rng):
    J = independent(rng, T)
    U, s, Vt = np.linalg.svd(J, full_matrices=False)
    orthogonal = s.min() * U @ Vt
    assert_close(weights_of(b.Aligned(), J) @ J, orthogonal.sum(axis=0), SOLVED_QP)


@sizes
def test_without_conflict_pcgrad_is_the_sum(T, rng):
    J = np.abs(independent(rng, T))
    assert_close(weights_of(b.PCGrad(), J), np.ones(T), SAME_BITS)


def test_pcgrad_orders_differ_from_batch_to_batch_and_repeat_with_the_seed(rng):
    J = conflicting(rng, 6)
    G = J @ J.T

    def run(seed):
        balancer = b.PCGrad(seed=seed)
        state, seen = balancer.start(6), []
        for _ in range(4):
            weights, state = balancer.weigh(np.ones(6), G, state)
            seen.append(weights)
        return np.array(seen)

    assert_close(run(3), run(3), SAME_BITS)
    assert np.abs(run(3) - run(4)).max() > 1e-3
    assert np.abs(np.diff(run(3), axis=0)).max() > 1e-3


@pytest.mark.parametrize("c", [0.1, 0.5, 1.0])
def test_cagrad_stays_in_its_ball(c, rng):
    J = conflicting(rng, 5)
    mean = J.mean(axis=0)
    away = np.linalg.norm(weights_of(b.CAGrad(c=c), J) @ J - mean)
    assert_close(away, c * np.linalg.norm(mean), SOLVED_QP)


@pytest.mark.parametrize(
    "balancer, message",
    [
        (b.Fixed(weights=[1, 2]), r"weights has shape \(2,\), but there are 3 tasks"),
        (b.Fixed(weights=[1, -2, 1]), "finite, >= 0 and not all 0"),
        (b.Uncertainty(rate=0), "rate must be a number above 0, got 0"),
        (b.DynamicWeightAverage(temperature=-1), "temperature must be a number above 0"),
        (b.FAMO(decay=-1), "decay must be a number at least 0"),
        (b.GradNorm(alpha=float("nan")), "alpha must be a number at least 0, got nan"),
        (b.CAGrad(c="1"), "c must be a number at least 0, got '1'"),
        (b.NashMTL(ridge=0), "ridge must be a number above 0"),
    ],
)
def test_bad_parameters_are_refused_at_the_start(balancer, message):
    with pytest.raises(ValueError, match=message):
        balancer.start(3)
