"""Descent over rows against proximal gradient: one minimum, whatever the form of the data."""

import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, Tolerance, assert_close

from skmtl import MultiTaskLinearRegressor
from skmtl.couplings import (
    Dirty,
    ElementwiseSparsity,
    Independent,
    JointSparsity,
    LowRank,
    OutlierTasks,
    RobustLowRank,
)

EQUAL = Tolerance("equal minima of one convex function", rtol=1e-8)
WEIGHTS = Tolerance("weights at a duality gap of 1e-11", rtol=1e-3, atol=1e-4)
N, D, T = 60, 7, 4
COUPLINGS = [
    JointSparsity(),
    JointSparsity(0.3),
    ElementwiseSparsity(),
    ElementwiseSparsity(0.3),
    Dirty(0.7),
    Dirty(0.4, norm="max"),
    OutlierTasks(1.2),
]


@pytest.fixture
def table(rng):
    X = rng.normal(size=(N, D)) + rng.normal(size=D)
    W = rng.normal(size=(D, T)) * np.array([2, 1, 1, 0, 0, 0, 0])[:, None]
    return X, X @ W + rng.normal(size=(N, T)) + 3.0


def holes(Y, rng):
    return np.where(rng.random(Y.shape) < 0.4, np.nan, Y)


def sparse(X):
    return np.where(np.abs(X) > 0.7, X, 0.0)


def both(coupling, X, y, **settings):
    """The model by block descent, checked against that by proximal gradient."""
    fit = {key: settings.pop(key) for key in ("sample_weight", "target_weight") if key in settings}
    parameters = {"alpha": 0.1, "coupling": coupling, "tol": 1e-11} | settings
    fast = MultiTaskLinearRegressor(**parameters, solver="block-descent").fit(X, y, **fit)
    slow = MultiTaskLinearRegressor(**parameters, solver="proximal-gradient").fit(X, y, **fit)
    assert fast.coef_.any()
    assert_close(fast.objective_, slow.objective_, EQUAL)
    assert_close(fast.coef_, slow.coef_, WEIGHTS)
    assert_close(fast.intercept_, slow.intercept_, WEIGHTS)
    assert 0 <= fast.dual_gap_ and fast.optimality_ <= parameters["tol"]
    return fast


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
class TestForms:
    def test_missing_labels_and_weights_of_labels(self, coupling, intercept, table, rng):
        X, Y = table
        weight = rng.random(Y.shape)
        both(coupling, X, holes(Y, rng), target_weight=weight, fit_intercept=intercept)

    def test_complete_labels(self, coupling, intercept, table, rng):
        X, Y = table
        both(coupling, X, Y, sample_weight=rng.random(N), fit_intercept=intercept)

    def test_rows_of_single_tasks(self, coupling, intercept, table, rng):
        X, Y = table
        task = rng.integers(0, T, N)
        rows = np.column_stack([X, task])
        y, weight = Y[np.arange(N), task], rng.random(N)
        both(coupling, rows, y, sample_weight=weight, task_feature=-1, fit_intercept=intercept)

    def test_sparse_features(self, coupling, intercept, table, rng):
        X, Y = table
        model = both(coupling, sp.csr_array(sparse(X)), Y, fit_intercept=intercept)
        dense = both(coupling, sparse(X), Y, fit_intercept=intercept)
        assert_close(model.coef_, dense.coef_, WEIGHTS)
        both(coupling, sp.csc_matrix(sparse(X)), holes(Y, rng), fit_intercept=intercept)

    def test_sparse_rows_of_single_tasks(self, coupling, intercept, table, rng):
        X, Y = table
        task = rng.integers(0, T, N)
        rows = sp.csr_array(np.column_stack([sparse(X), task]))
        both(coupling, rows, Y[np.arange(N), task], task_feature=-1, fit_intercept=intercept)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("coupling", [c for c in COUPLINGS if not isinstance(c, OutlierTasks)], ids=repr)
def test_tasks_of_fewer_rows_than_features(coupling, intercept, rng, monkeypatch):
    """No second derivatives are kept then, but residuals: 1 number of room leaves no other way."""
    from skmtl.fitting import _products

    monkeypatch.setattr(_products, "SMALL", 1)
    X, task = rng.normal(size=(40, 15)), np.arange(40) % T
    y = X[:, 0] * (1 + task) - X[:, 1] + 0.3 * rng.normal(size=40) + 2.0
    both(coupling, np.column_stack([X, task]), y, task_feature=-1, fit_intercept=intercept)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
@pytest.mark.parametrize("share", [0.05, 0.3])
def test_more_features_than_rows(coupling, share, rng):
    """The second derivatives are singular: the slopes have no part where they are flat."""
    X, Y = rng.normal(size=(12, 20)) + 1.0, rng.normal(size=(12, T))
    both(coupling, X, Y, alpha=share, tol=1e-10)


def test_the_same_model_whatever_the_order_of_the_rows(table, rng):
    X, Y = table
    task = rng.integers(0, T, N)
    rows, y, mixed = np.column_stack([X, task]), Y[np.arange(N), task], rng.permutation(N)
    straight = both(JointSparsity(), rows, y, task_feature=-1)
    assert_close(both(JointSparsity(), rows[mixed], y[mixed], task_feature=-1).coef_, straight.coef_, WEIGHTS)


@pytest.mark.parametrize("coupling", [JointSparsity(0.0), ElementwiseSparsity(0.0)], ids=repr)
@pytest.mark.parametrize("missing", [True, False])
def test_without_a_norm_it_is_ridge_regression_and_says_so(coupling, missing, table, rng):
    X, Y = table
    Y = holes(Y, rng) if missing else Y
    model = MultiTaskLinearRegressor(0.2, coupling=coupling).fit(X, Y)
    ridge = MultiTaskLinearRegressor(0.2, coupling=Independent()).fit(X, Y)
    assert model.optimality_ <= 1e-9
    assert_close(model.objective_, ridge.objective_, EQUAL)


def test_tasks_without_variation(table, rng):
    """A task of constant labels, and features that are constant in one task."""
    X, Y = table
    task = rng.integers(0, T, N)
    X[task == 1, 2] = 4.0
    y = np.where(task == 2, 5.0, Y[np.arange(N), task])
    model = both(JointSparsity(), np.column_stack([X, task]), y, task_feature=-1)
    assert_close(model.coef_[1, 2], 0.0, ROUNDING)


@pytest.mark.parametrize("coupling", [LowRank(), RobustLowRank()], ids=repr)
def test_what_it_cannot_serve_is_refused(coupling, table):
    with pytest.raises(ValueError, match="'block-descent' needs the squared loss with JointSparsity"):
        MultiTaskLinearRegressor(coupling=coupling, solver="block-descent").fit(*table)
