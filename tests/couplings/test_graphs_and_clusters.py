"""Task graphs and learned groups: the covariance against the written-out penalty, planted structure found."""

import naive
import numpy as np
import pytest
from _asserts import ROUNDING, SOLVED, Tolerance, assert_close
from scipy.optimize import minimize

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import ClusteredTasks, GivenRelation, Independent, TaskChain, TaskGraph

SIGNED = np.array([[0.0, 2.0, -1.0], [2.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
GENERAL = Tolerance("a general optimiser", rtol=1e-6)


def penalty(coupling, W):
    return naive.relation_penalty(W, coupling.covariance(W.shape[1]))


@pytest.mark.parametrize("strength", [0.0, 0.3, 5.0])
def test_a_graph_is_its_formula(strength, rng):
    W = rng.normal(size=(4, 3))
    expected = naive.graph_penalty(W, SIGNED, strength)
    assert_close(penalty(TaskGraph(SIGNED, strength), W), expected, ROUNDING)


def test_a_chain_is_its_formula_and_the_graph_of_a_path(rng):
    W = rng.normal(size=(4, 5))
    steps = sum(((W[:, t] - W[:, t + 1]) ** 2).sum() for t in range(4))
    assert_close(penalty(TaskChain(0.7), W), 0.5 * (W**2).sum() + 0.35 * steps, ROUNDING)
    path = np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
    assert_close(TaskChain(0.7).covariance(5), TaskGraph(path, 0.7).covariance(5), ROUNDING)


def test_neighbours_become_alike_and_opponents_opposite(rng):
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 3))
    W = MultiTaskLinearRegressor(0.1, coupling=TaskGraph(SIGNED, 1e5)).fit(X, Y).coef_
    assert_close(W[1], W[0], Tolerance("a strength of 1e5", atol=1e-4))
    assert_close(W[2], -W[0], Tolerance("a strength of 1e5", atol=1e-4))
    apart = MultiTaskLinearRegressor(0.1, coupling=TaskGraph(SIGNED, 0)).fit(X, Y)
    assert_close(apart.coef_, MultiTaskLinearRegressor(0.1, coupling=Independent()).fit(X, Y).coef_, SOLVED)


@pytest.mark.parametrize(
    "coupling, message",
    [
        (TaskGraph(np.zeros((2, 2))), r"TaskGraph.adjacency must be \(3, 3\), got shape \(2, 2\)"),
        (TaskGraph(np.triu(np.ones((3, 3)), 1)), "finite and symmetric"),
        (TaskGraph(np.full((3, 3), np.inf)), "finite and symmetric"),
        (TaskGraph(SIGNED + np.eye(3)), "0 on the diagonal"),
        (TaskGraph(SIGNED, -1), r"TaskGraph.strength must be a number in \[0, inf\), got -1"),
        (TaskChain("x"), r"TaskChain.strength must be a number in \[0, inf\), got 'x'"),
        (ClusteredTasks(4), r"n_clusters must be a whole number in \[1, 3\], got 4"),
        (ClusteredTasks(0), r"n_clusters must be a whole number in \[1, 3\], got 0"),
        (ClusteredTasks(1.5), r"n_clusters must be a whole number in \[1, 3\], got 1.5"),
        (ClusteredTasks(2, 0), r"centre_price must be a number in \(0, inf\), got 0"),
    ],
    ids=repr,
)
def test_bad_parameters_say_what_is_wrong(coupling, message):
    with pytest.raises(ValueError, match=message):
        coupling.covariance(3)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_learned_groups_minimise_their_formula(k, rng):
    """No M with the same trace and bounds, found by a general optimiser over its spectrum, is better."""
    W, eta = rng.normal(size=(6, 5)), 0.2
    coupling = ClusteredTasks(k, eta)
    C = coupling.relearn(W, coupling.covariance(5))
    values, vectors = np.linalg.eigh(W.T @ W)
    found = minimize(
        lambda m: 0.5 * eta * (1 + eta) * (values / (eta + m)).sum(),
        np.full(5, k / 5),
        bounds=[(0, 1)] * 5,
        constraints={"type": "eq", "fun": lambda m: m.sum() - k},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert_close(naive.relation_penalty(W, C), found.fun, GENERAL)
    M = C * eta * (1 + eta) - eta * np.eye(5)
    assert_close(np.trace(M), float(k), ROUNDING)
    spectrum = np.linalg.eigvalsh(M)
    assert spectrum[0] >= -1e-10 and spectrum[-1] <= 1 + 1e-10


def test_groups_that_are_exact_cost_their_centres_alone():
    """Two groups of equal tasks: only the centres are paid for, ``eta / 2`` a squared length."""
    W = np.array([[1.0, 1.0, -2.0, -2.0], [0.0, 0.0, 3.0, 3.0]])
    coupling = ClusteredTasks(2, 0.3)
    C = coupling.relearn(W, coupling.covariance(4))
    assert_close(naive.relation_penalty(W, C), 0.5 * 0.3 * (W**2).sum(), ROUNDING)


def test_fewer_directions_than_groups():
    coupling = ClusteredTasks(3, 0.5)
    C = coupling.relearn(np.array([[1.0, 1.0, 1.0, 1.0]]), coupling.covariance(4))
    assert_close(np.trace(C) * 0.75 - 2.0, 3.0, ROUNDING, "tr M")
    zero = coupling.relearn(np.zeros((2, 4)), coupling.covariance(4))
    assert np.isfinite(zero).all()


@pytest.mark.parametrize("classify", [False, True])
def test_planted_groups_are_found(classify, rng):
    X, centres = rng.normal(size=(150, 5)), 2 * rng.normal(size=(5, 3))
    groups = np.array([0, 1, 0, 2, 1, 2, 0])
    Y = X @ (centres[:, groups] + 0.2 * rng.normal(size=(5, 7))) + 0.5 * rng.normal(size=(150, 7))
    cls = MultiTaskLogisticRegression if classify else MultiTaskLinearRegressor
    model = cls(0.05, coupling=ClusteredTasks(3), tol=1e-6).fit(X, (Y > 0).astype(float) if classify else Y)
    assert model.task_labels_.tolist() == groups.tolist()


def test_a_learned_grouping_is_the_joint_minimum(rng):
    """No feasible M near the learned one, with weights fitted to it, has a smaller objective."""
    X, eta = rng.normal(size=(40, 4)), 0.3
    Y = X @ rng.normal(size=(4, 3)) + rng.normal(size=(40, 3))
    learned = MultiTaskLinearRegressor(0.2, coupling=ClusteredTasks(2, eta), tol=1e-11).fit(X, Y)
    M = learned.task_covariance_ * eta * (1 + eta) - eta * np.eye(3)

    def objective(M):
        C = (M + eta * np.eye(3)) / (eta * (1 + eta))
        fitted = MultiTaskLinearRegressor(0.2, coupling=GivenRelation(0.5 * (C + C.T))).fit(X, Y)
        return fitted.objective_

    assert_close(objective(M), learned.objective_, GENERAL)
    for seed in range(6):
        turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
        other = turn @ np.diag([1.0, 0.7, 0.3]) @ turn.T
        for share in (0.02, 0.3):
            assert objective((1 - share) * M + share * other) > learned.objective_ - 1e-9


def test_tasks_of_different_classes_are_never_in_one_group(rng):
    X = rng.normal(size=(60, 3))
    Y = np.column_stack([np.digitize(X @ rng.normal(size=3), cuts) for cuts in ([0], [0], [-0.5, 0.5], [0])])
    model = MultiTaskLogisticRegression(0.05, coupling=ClusteredTasks(1), tol=1e-6).fit(X, Y)
    assert model.task_labels_.tolist() == [0, 0, 1, 0]
