"""Intercepts shrunk to their common mean: the documented objective, whatever the solver."""

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import SOLVED, Tolerance, assert_close
from scipy.optimize import minimize

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import (
    Dirty,
    Independent,
    JointSparsity,
    LearnedRelation,
    LowRank,
    SharedParameters,
    TaskChain,
)

EQUAL = Tolerance("equal minima of one strictly convex function", rtol=1e-8, atol=1e-8)
BFGS = Tolerance("a general optimiser with numerical derivatives", rtol=1e-7)
SLOPES = Tolerance("slopes at a duality gap of 1e-12", atol=2e-5)

N, D, T = 30, 3, 3
QUADRATIC = [Independent(), SharedParameters(0.6), TaskChain(2.0)]
PROXIMAL = [JointSparsity(), JointSparsity(0.5), LowRank(), Dirty()]


@pytest.fixture
def table(rng):
    """Features with means and scales; targets of three tasks with intercepts that differ."""
    X = rng.normal(size=(N, D)) * [1.0, 2.0, 0.5] + 2.0
    return X, X @ rng.normal(size=(D, T)) + rng.normal(size=(N, T)) + [0.0, 4.0, -3.0]


def _shrinkage(W, b, mean, strength):
    level = b + mean @ W
    return strength / 2 * ((level - level.mean(axis=0)) ** 2).sum()


@pytest.mark.parametrize("solver", ["newton-cg", "closed-form"])
@pytest.mark.parametrize("coupling", QUADRATIC, ids=repr)
def test_complete_regression_minimises_the_formula(coupling, solver, table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=coupling, intercept_penalty=0.7, solver=solver).fit(X, Y)
    _assert_minimum(model, X, Y, coupling)


@pytest.mark.parametrize("coupling", QUADRATIC, ids=repr)
def test_missing_labels_minimise_the_formula(coupling, table, rng):
    X, Y = table
    Y = np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
    for container in (np.asarray, sp.csr_array):
        model = MultiTaskLinearRegressor(0.1, coupling=coupling, intercept_penalty=0.7)
        _assert_minimum(model.fit(container(X), Y), X, Y, coupling)


def _assert_minimum(model, X, Y, coupling):
    seen = ~np.isnan(Y)
    mean = np.average(X, axis=0, weights=seen.sum(axis=1))
    C = coupling.covariance(T)

    def objective(x):
        W, b = x[: D * T].reshape(D, T), x[D * T :]
        plain = naive.shared_objective(
            naive.squared_loss, X, Y, W, b, model.alpha, lambda W: naive.relation_penalty(W, C)
        )
        return plain + _shrinkage(W, b, mean, model.intercept_penalty)

    here = np.concatenate([model.coef_.T.ravel(), model.intercept_])
    assert_close(model.objective_, objective(here), EQUAL)
    assert_close(minimize(objective, here + 0.01, method="BFGS").fun, model.objective_, BFGS)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_of_tasks_that_own_their_rows_minimise_the_formula(n_classes, table, rng):
    X, Y = table
    task = rng.permutation(np.arange(N) % T)
    y = np.digitize(Y[:, 0], np.quantile(Y[:, 0], np.arange(1, n_classes) / n_classes))
    model = MultiTaskLogisticRegression(0.05, task_feature=D, intercept_penalty=0.3)
    model.fit(np.column_stack([X, task]), y)
    C = 1 if n_classes == 2 else n_classes
    mean = X.mean(axis=0)

    def objective(x):
        W, b = x[: T * C * D].reshape(T, C, D), x[T * C * D :].reshape(T, C)
        scores = [W[task[i]] @ X[i] + b[task[i]] for i in range(N)]
        loss = naive.logistic_loss if C == 1 else naive.multinomial_loss
        value = T / N * sum(loss(y[i], z[0] if C == 1 else z) for i, z in enumerate(scores))
        value += model.alpha * sum(naive.shared_parameters_penalty(W[:, c].T, 0.5) for c in range(C))
        return value + sum(_shrinkage(W[:, c].T, b[:, c], mean, 0.3) for c in range(C))

    here = np.concatenate([model.coef_.ravel(), model.intercept_.ravel()])
    assert_close(model.objective_, objective(here), EQUAL)
    assert_close(minimize(objective, here, method="BFGS").fun, model.objective_, BFGS)


@pytest.mark.parametrize("own_rows", [False, True])
@pytest.mark.parametrize("coupling", PROXIMAL, ids=repr)
def test_proximal_couplings_end_with_a_gap(coupling, own_rows, table, rng):
    """The gap is a proof for the slopes; those of the intercepts vanish, by the formula."""
    X, Y = table
    task = rng.permutation(np.arange(N) % T)
    y = Y[np.arange(N), task] if own_rows else Y
    form = {"task_feature": D} if own_rows else {}
    model = MultiTaskLinearRegressor(0.1, coupling=coupling, intercept_penalty=0.7, tol=1e-12, **form)
    model.fit(np.column_stack([X, task]) if own_rows else X, y)
    assert model.optimality_ <= 1e-12
    level = model.intercept_ + model.coef_ @ X.mean(axis=0)
    slopes = 0.7 * (level - level.mean())
    for t in range(T):
        mine = task == t if own_rows else np.full(N, True)
        residual = X[mine] @ model.coef_[t] + model.intercept_[t] - (y[mine] if own_rows else y[:, t])
        slopes[t] += residual.sum() * (T if own_rows else 1) / N
    assert_close(slopes, np.zeros(T), SLOPES)


@pytest.mark.parametrize("coupling", PROXIMAL, ids=repr)
def test_the_gap_bounds_the_distance_to_the_minimum(coupling, table):
    X, Y = table
    y = (Y > Y.mean(axis=0)).astype(int)
    parameters = {"alpha": 0.02, "coupling": coupling, "intercept_penalty": 0.5}
    exact = MultiTaskLogisticRegression(**parameters, tol=1e-11).fit(X, y)
    for tol in (1e-1, 1e-3):
        short = MultiTaskLogisticRegression(**parameters, tol=tol).fit(X, y)
        assert 0 <= short.objective_ - exact.objective_ + 1e-10 <= short.dual_gap_ + 2e-10


@pytest.mark.parametrize("coupling", [SharedParameters(), LearnedRelation(), JointSparsity()], ids=repr)
def test_a_strong_penalty_leaves_one_intercept(coupling, table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=coupling, intercept_penalty=1e7, tol=1e-6).fit(X, Y)
    level = model.intercept_ + model.coef_ @ X.mean(axis=0)
    assert np.ptp(level) < 1e-4
    assert_close(level.mean(), Y.mean(), SOLVED)


def test_a_shift_of_the_features_changes_nothing(table):
    X, Y = table
    here = MultiTaskLinearRegressor(0.1, intercept_penalty=0.5).fit(X, Y)
    there = MultiTaskLinearRegressor(0.1, intercept_penalty=0.5).fit(X + 7.0, Y)
    assert_close(there.predict(X + 7.0), here.predict(X), SOLVED)


def test_few_rows_of_many_tasks_gain_by_shrunk_intercepts(rng):
    """Sixty tasks of five rows whose levels differ little: free intercepts follow the noise."""
    errors = []
    task = np.repeat(np.arange(60), 5)
    for _ in range(5):
        level, w = rng.normal(size=60) * 0.3, rng.normal(size=4)
        X = rng.normal(size=(300, 4))
        y = X @ w + level[task] + rng.normal(size=300)
        fits = [
            MultiTaskLinearRegressor(0.5, task_feature=4, intercept_penalty=strength)
            .fit(np.column_stack([X, task]), y)
            .predict(np.column_stack([X, task]))
            for strength in (0.0, 2.0)
        ]
        errors.append([np.mean((fit - X @ w - level[task]) ** 2) for fit in fits])
    free, shrunk = np.mean(errors, axis=0)
    assert shrunk < 0.8 * free


def test_without_intercepts_there_is_nothing_to_shrink(table):
    with pytest.raises(
        ValueError, match=r"intercept_penalty=0.5 shrinks intercepts, but fit_intercept=False"
    ):
        MultiTaskLinearRegressor(intercept_penalty=0.5, fit_intercept=False).fit(*table)
    with pytest.raises(ValueError, match="'block-descent' needs.*without feature_mask and intercept_penalty"):
        MultiTaskLinearRegressor(coupling=JointSparsity(), intercept_penalty=0.5, solver="block-descent").fit(
            *table
        )
