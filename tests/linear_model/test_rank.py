"""Weights of a given rank: the closed form, and the factors where there is none."""

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, Tolerance, assert_close
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import Independent, ReducedRank

EQUAL = Tolerance("equal minima, by two ways", rtol=1e-9)
WEIGHTS = Tolerance("weights at a relative slope of 1e-11", rtol=1e-6, atol=1e-7)
GENERAL = Tolerance("a general optimiser without derivatives", rtol=1e-6)
FLAT = Tolerance("central differences at a stationary point", atol=1e-6)
N, D, T = 40, 6, 5


@pytest.fixture
def table(rng):
    X = rng.normal(size=(N, D)) * np.linspace(0.5, 2, D) + 1.0
    W = rng.normal(size=(D, 2)) @ rng.normal(size=(2, T))
    return X, X @ W + rng.normal(size=(N, T)) + 2.0


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("rank", [1, 2, 3, 5])
def test_the_closed_form_and_the_factors_meet(rank, intercept, table):
    parameters = {"alpha": 0.1, "coupling": ReducedRank(rank), "fit_intercept": intercept, "tol": 1e-11}
    exact = MultiTaskLinearRegressor(**parameters).fit(*table)
    factors = MultiTaskLinearRegressor(**parameters, solver="newton-cg").fit(*table)
    assert exact.n_iter_ == 1 and exact.optimality_ < 1e-12
    assert exact.rank_ == rank == np.linalg.matrix_rank(factors.coef_, tol=1e-8)
    assert_close(factors.objective_, exact.objective_, EQUAL)
    assert_close(factors.coef_, exact.coef_, WEIGHTS)


def test_the_closed_form_is_the_best_of_many_starts(table, rng):
    """A general optimiser of the two factors, from ten starts, finds nothing better."""
    X, Y = table
    Xc, Yc = X - X.mean(axis=0), Y - Y.mean(axis=0)

    def objective(f):
        W = f[: D * 2].reshape(D, 2) @ f[D * 2 :].reshape(2, T)
        return 0.5 * ((Yc - Xc @ W) ** 2).sum() / N + 0.05 * (W**2).sum()

    found = min(minimize(objective, rng.normal(size=(D + T) * 2)).fun for _ in range(10))
    model = MultiTaskLinearRegressor(0.1, coupling=ReducedRank(2)).fit(X, Y)
    assert_close(found, model.objective_, GENERAL)
    assert_close(objective(np.concatenate([part.ravel() for part in halves(model.coef_.T)])), found, GENERAL)


def halves(W):
    left, values, right = np.linalg.svd(W)
    return left[:, :2] * values[:2], right[:2]


@pytest.mark.parametrize("form", ["missing", "rows"])
@pytest.mark.parametrize("classify", [False, True])
def test_fits_of_other_forms_are_stationary(form, classify, table, rng):
    """Central differences of the naive objective along both factors and the intercepts vanish."""
    X, Y = table
    Y = (Y > Y.mean(axis=0)).astype(float) if classify else Y
    cls, loss = (
        (MultiTaskLogisticRegression, naive.logistic_loss)
        if classify
        else (MultiTaskLinearRegressor, naive.squared_loss)
    )
    parameters = {"alpha": 0.05, "coupling": ReducedRank(2), "tol": 1e-10}
    if form == "missing":
        Y = np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
        model = cls(**parameters).fit(X, Y)
    else:
        task = rng.permutation(np.arange(N) % T)
        y = Y[np.arange(N), task]
        model = cls(**parameters, task_feature=D).fit(np.column_stack([X, task]), y)

    def ridge(W):
        return 0.5 * (W**2).sum()

    def objective(W, b):
        if form == "missing":
            return naive.shared_objective(loss, X, Y, W, b, 0.05, ridge)
        return naive.own_rows_objective(loss, X, y, task, W, b, 0.05, ridge)

    W, b = model.coef_.T, model.intercept_
    assert model.rank_ == 2 and model.dual_gap_ is None
    assert_close(model.objective_, objective(W, b), EQUAL)
    U, V = halves(W)
    for _ in range(8):
        dW = rng.normal(size=U.shape) @ V + U @ rng.normal(size=V.shape)
        db = rng.normal(size=T)
        change = objective(W + 1e-5 * dW, b + 1e-5 * db) - objective(W - 1e-5 * dW, b - 1e-5 * db)
        assert_close(change / 2e-5, 0.0, FLAT)


def test_planted_directions_are_found_under_missing_labels(rng):
    """Sixty per cent hidden: rank 2 is nearer to the truth than separate models."""
    X, W = rng.normal(size=(60, 10)), rng.normal(size=(10, 2)) @ rng.normal(size=(2, 12))
    Y = np.where(rng.random((60, 12)) < 0.6, np.nan, X @ W + 0.5 * rng.normal(size=(60, 12)))
    tied = MultiTaskLinearRegressor(0.02, coupling=ReducedRank(2)).fit(X, Y)
    apart = MultiTaskLinearRegressor(0.02, coupling=Independent()).fit(X, Y)
    assert naive.norm(tied.coef_.T - W) < 0.6 * naive.norm(apart.coef_.T - W)


def test_full_rank_is_ridge(table):
    tied = MultiTaskLinearRegressor(0.1, coupling=ReducedRank(T), solver="newton-cg", tol=1e-11).fit(*table)
    ridge = MultiTaskLinearRegressor(0.1, coupling=Independent()).fit(*table)
    assert_close(tied.coef_, ridge.coef_, WEIGHTS)


def test_classes_sparse_features_and_wide_data(table, rng):
    X, Y = table
    y = np.digitize(Y, np.quantile(Y, [0.3, 0.6]))
    model = MultiTaskLogisticRegression(0.05, coupling=ReducedRank(3), tol=1e-9).fit(X, y)
    assert model.coef_.shape == (T, 3, D) and model.rank_ == 3
    sparse = MultiTaskLogisticRegression(0.05, coupling=ReducedRank(3), tol=1e-9).fit(sp.csr_array(X), y)
    assert_close(sparse.objective_, model.objective_, EQUAL)
    X, Y = rng.normal(size=(10, 25)), rng.normal(size=(10, T))
    exact = MultiTaskLinearRegressor(0.1, coupling=ReducedRank(2)).fit(X, Y)
    factors = MultiTaskLinearRegressor(0.1, coupling=ReducedRank(2), solver="newton-cg").fit(X, Y)
    assert_close(exact.coef_, factors.coef_, Tolerance("a relative slope of 1e-9", rtol=1e-5, atol=1e-6))


def test_labels_without_any_signal_leave_the_intercepts(rng):
    X = rng.normal(size=(N, D))
    model = MultiTaskLinearRegressor(0.1, coupling=ReducedRank(2)).fit(X, np.ones((N, T)) * np.arange(T))
    assert_close(model.coef_, np.zeros((T, D)), ROUNDING)
    assert_close(model.intercept_, np.arange(T), ROUNDING)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"coupling": ReducedRank(0)}, "ReducedRank.rank must be a whole number, at least 1, got 0"),
        ({"coupling": ReducedRank(1.5)}, "whole number, at least 1, got 1.5"),
        ({"coupling": ReducedRank(True)}, "whole number, at least 1, got True"),
        ({"coupling": ReducedRank(6)}, "ReducedRank.rank is 6, but the weights of 5 columns.*at most rank 5"),
        ({"coupling": ReducedRank(2), "solver": "block-descent"}, "needs a coupling with a proximal map"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals_name_what_does_not_fit(parameters, message, table):
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor(**parameters).fit(*table)


def test_the_closed_form_is_refused_for_missing_labels(table):
    X, Y = table
    Y[0, 0] = np.nan
    with pytest.raises(ValueError, match="'closed-form' needs the squared loss"):
        MultiTaskLinearRegressor(coupling=ReducedRank(2), solver="closed-form").fit(X, Y)


def test_a_fit_that_stops_short_says_so(table):
    X, Y = table
    with pytest.warns(ConvergenceWarning, match="relative gradient along the rank of"):
        MultiTaskLogisticRegression(0.01, coupling=ReducedRank(2), max_iter=3).fit(X, Y > 2)
