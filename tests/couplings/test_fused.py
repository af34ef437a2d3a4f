"""Fused sparse groups: the norm against its twins, fits against its dual norm, planted steps found."""

import naive
import naive_couplings
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, Tolerance, assert_close

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import FusedRowNorm, FusedSparsity, JointSparsity

TWIN = Tolerance("twins that bisect and solve dual problems", rtol=1e-8, atol=1e-8)
EQUAL = Tolerance("equal minima of one convex function", rtol=1e-8)
WEIGHTS = Tolerance("weights at a duality gap of 1e-12", rtol=1e-4, atol=1e-5)
PRICES = (0.2, 0.4, 0.7)
N, D, T = 40, 5, 6


def norm(*prices, n_tasks=T):
    return FusedRowNorm(np.arange(n_tasks)[:, None], *prices)


@pytest.fixture
def matrix(rng):
    return rng.normal(size=(4, T)) * np.array([3.0, 1.0, 0.2, 0.0])[:, None]


@pytest.fixture
def table(rng):
    X = rng.normal(size=(N, D)) + 1.0
    W = np.zeros((D, T))
    W[:2, :3], W[:2, 3:] = rng.normal(size=(2, 1)), rng.normal(size=(2, 1))
    return X, X @ W + 0.5 * rng.normal(size=(N, T)) + 2.0


@pytest.mark.parametrize("prices", [PRICES, (0.0, 0.4, 0.7), (0.3, 0.4, 0.0), (0.3, 0.0, 0.5)])
def test_the_norm_is_its_twin(prices, matrix):
    penalty = norm(*prices)
    assert_close(penalty.value(matrix), naive_couplings.fused_norm(matrix, *prices), ROUNDING)
    assert_close(penalty.dual_norm(matrix), naive_couplings.fused_norm_dual(matrix, *prices), TWIN)
    for step in (0.1, 0.6, 100.0):
        assert_close(penalty.prox(matrix, step), naive_couplings.fused_norm_prox(matrix, step, *prices), TWIN)


@pytest.mark.parametrize("step", [0.1, 0.8])
def test_prox_and_dual_norm_meet(step, matrix):
    """The slope at the prox is in the dual ball and attains the norm there: the composition is exact."""
    penalty = norm(*PRICES)
    P = penalty.prox(matrix, step)
    G = (matrix - P) / step
    assert penalty.dual_norm(G) <= 1 + 1e-9
    assert_close(np.vdot(G, P), penalty.value(P), TWIN)


def test_the_prox_is_the_best_of_many(matrix, rng):
    penalty, step = norm(*PRICES), 0.5

    def value(W):
        return 0.5 * ((W - matrix) ** 2).sum() + step * naive_couplings.fused_norm(W, *PRICES)

    P = penalty.prox(matrix, step)
    best = value(P)
    for size in (1e-3, 1e-1):
        assert all(value(P + size * rng.normal(size=P.shape)) > best for _ in range(20))


def slopes(loss_slope, X, Y, W, b):
    G = np.zeros_like(W)
    for i, t in np.argwhere(~np.isnan(Y)):
        G[:, t] -= loss_slope(Y[i, t], X[i] @ W[:, t] + b[t]) * X[i]
    return T * G / (~np.isnan(Y)).sum()


@pytest.mark.parametrize("classify", [False, True])
def test_fits_with_missing_labels_are_optimal(classify, table, rng):
    X, Y = table
    Y = (Y > Y.mean(axis=0)).astype(float) if classify else Y
    Y = np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
    cls, alpha = (MultiTaskLogisticRegression, 0.03) if classify else (MultiTaskLinearRegressor, 0.2)
    model = cls(alpha, coupling=FusedSparsity(*PRICES), tol=1e-12).fit(X, Y)

    def slope(y, z):
        return 1 / (1 + np.exp(-z)) - y if classify else z - y

    G = slopes(slope, X, Y, model.coef_.T, model.intercept_) / alpha
    value = naive_couplings.fused_norm(model.coef_.T, *PRICES)
    assert naive_couplings.fused_norm_dual(G, *PRICES) <= 1 + 2e-5
    assert value > 0
    assert_close(np.vdot(G, model.coef_.T), value, Tolerance("slopes at a gap of 1e-12", rtol=2e-5))
    assert 0 <= model.dual_gap_ and model.optimality_ <= 1e-12


def test_without_chains_it_is_joint_sparsity(table):
    fused = MultiTaskLinearRegressor(0.3, coupling=FusedSparsity(0, 0, 1), tol=1e-12).fit(*table)
    joint = MultiTaskLinearRegressor(0.3, coupling=JointSparsity(), tol=1e-12).fit(*table)
    assert_close(fused.objective_, joint.objective_, EQUAL)
    assert_close(fused.coef_, joint.coef_, WEIGHTS)


def test_long_wide_and_sparse_forms_are_one_model(table):
    X, Y = table
    parameters = {"alpha": 0.1, "coupling": FusedSparsity(), "tol": 1e-12}
    wide = MultiTaskLinearRegressor(**parameters).fit(X, Y)
    rows = np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)])
    for container in (np.asarray, sp.csr_array):
        long = MultiTaskLinearRegressor(**parameters, task_feature=D).fit(container(rows), Y.T.ravel())
        assert_close(long.objective_, wide.objective_, EQUAL)
        assert_close(long.coef_, wide.coef_, WEIGHTS)


def test_each_class_has_its_own_chain(table, rng):
    """Three classes a task: W (d, T * 3), task after task; the chain of a class takes every third column."""
    X, Y = table
    y = np.digitize(Y, [1.0, 3.0])
    model = MultiTaskLogisticRegression(0.02, coupling=FusedSparsity(*PRICES), tol=1e-10).fit(X, y)
    W = model.coef_.transpose(2, 0, 1)  # (d, T, 3)
    changes = np.abs(np.diff(W, axis=1)).sum()
    value = 0.2 * np.abs(W).sum() + 0.4 * changes + 0.7 * np.sqrt((W**2).sum(axis=(1, 2))).sum()
    Z = np.einsum("nd,dtc->ntc", X, W) + model.intercept_
    loss = sum(naive.multinomial_loss(y[i, t], Z[i, t]) for i in range(N) for t in range(T)) / N
    assert_close(model.objective_, loss + 0.02 * value, EQUAL)
    assert model.change_points_.shape == (T - 1,)


def test_a_planted_change_is_found(rng):
    X = rng.normal(size=(200, 8))
    W = np.zeros((8, 10))
    W[:2, :4], W[:2, 4:] = [[1.0], [-1.0]], [[2.0], [1.0]]
    Y = X @ W + 0.3 * rng.normal(size=(200, 10))
    model = MultiTaskLinearRegressor(0.05, coupling=FusedSparsity(1.0, 4.0, 4.0), tol=1e-10).fit(X, Y)
    assert model.support_.tolist() == [True] * 2 + [False] * 6
    assert np.flatnonzero(model.change_points_).tolist() == [3]


@pytest.mark.parametrize(
    "coupling, message",
    [
        (FusedSparsity(-1), r"FusedSparsity.entries must be a number in \[0, inf\), got -1"),
        (FusedSparsity(steps="x"), "FusedSparsity.steps must be a number"),
        (FusedSparsity(rows=np.inf), "FusedSparsity.rows must be a number"),
        (FusedSparsity(0, 1, 0), "entries and .rows are both 0"),
    ],
    ids=repr,
)
def test_bad_prices_say_what_is_wrong(coupling, message, table):
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor(coupling=coupling).fit(*table)


def test_tasks_of_different_classes_are_refused(table):
    X, Y = table
    y = np.column_stack([np.digitize(Y[:, 0], [1.0, 3.0]), Y[:, 1] > 2])
    with pytest.raises(ValueError, match=r"equally many columns.*have \[3, 1\]"):
        MultiTaskLogisticRegression(coupling=FusedSparsity()).fit(X, y)


def test_a_single_task_has_no_steps(table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=FusedSparsity(0.0, 5.0, 1.0), tol=1e-12).fit(X, Y[:, 0])
    joint = MultiTaskLinearRegressor(0.1, coupling=JointSparsity(), tol=1e-12).fit(X, Y[:, 0])
    assert_close(model.coef_, joint.coef_, WEIGHTS)
    assert model.change_points_.shape == (0,)
