"""The linear models minimise what their documentation says: against scikit-learn and the naive objective."""

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import SOLVED, Tolerance, assert_close
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression, Ridge

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import GivenRelation, Independent, LearnedRelation, SharedParameters

EQUAL = Tolerance("equal minima of one strictly convex function", rtol=1e-8, atol=1e-8)
PEER = Tolerance("scikit-learn's own stopping rule", rtol=1e-4, atol=2e-5)
BFGS = Tolerance("a general optimiser with numerical derivatives", rtol=1e-6)
OPTIMUM = Tolerance("gradients vanish at the optimum", atol=1e-6)

N, D, T = 30, 4, 3
RELATION = GivenRelation([[1.0, 0.6, -0.4], [0.6, 1.0, 0.0], [-0.4, 0.0, 1.0]])
COUPLINGS = [Independent(), SharedParameters(0.6), RELATION]


@pytest.fixture
def table(rng):
    """Features with means and scales, and targets of three related tasks."""
    X = rng.normal(size=(N, D)) * [1.0, 3.0, 0.5, 1.0] + 2.0
    shared = rng.normal(size=(D, 1))
    return X, X @ (shared + 0.3 * rng.normal(size=(D, T))) + rng.normal(size=(N, T))


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("solver", ["auto", "newton-cg"])
def test_independent_regression_is_ridge(table, intercept, solver):
    X, Y = table
    ours = MultiTaskLinearRegressor(0.1, coupling=Independent(), fit_intercept=intercept, solver=solver).fit(
        X, Y
    )
    ridge = Ridge(0.1 * N, fit_intercept=intercept).fit(X, Y)
    assert_close(ours.coef_, ridge.coef_, EQUAL)
    assert_close(ours.predict(X), ridge.predict(X), EQUAL)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_independent_classification_is_logistic_regression(table, n_classes):
    X, Y = table
    y = np.digitize(Y[:, 0], np.quantile(Y[:, 0], np.arange(1, n_classes) / n_classes))
    ours = MultiTaskLogisticRegression(0.02, coupling=Independent()).fit(X, y)
    peer = LogisticRegression(C=1 / (0.02 * N), tol=1e-12, max_iter=10_000).fit(X, y)
    assert_close(ours.coef_, peer.coef_, PEER)
    assert_close(ours.predict_proba(X), peer.predict_proba(X), PEER)


def test_sample_weights_are_ridge_s(table, rng):
    X, Y = table
    weight = rng.random(N)
    ours = MultiTaskLinearRegressor(0.1, coupling=Independent()).fit(X, Y, sample_weight=weight)
    assert_close(ours.coef_, Ridge(0.1 * weight.sum()).fit(X, Y, sample_weight=weight).coef_, EQUAL)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_missing_labels_against_the_naive_objective(table, coupling, rng):
    """Both the value reported and its minimum, for every coupling, with labels missing."""
    X, Y = table
    Y = Y.copy()
    Y[rng.random(Y.shape) < 0.3] = np.nan
    model = MultiTaskLinearRegressor(0.1, coupling=coupling).fit(X, Y)
    C = coupling.covariance(T)

    def objective(W, b):
        return naive.shared_objective(
            naive.squared_loss, X, Y, W, b, 0.1, lambda W: naive.relation_penalty(W, C)
        )

    assert_close(model.objective_, objective(model.coef_.T, model.intercept_), EQUAL)
    _assert_stationary(objective, model.coef_.T, model.intercept_)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_tasks_that_own_their_rows_against_the_naive_objective(table, coupling, rng):
    X, Y = table
    task = rng.permutation(np.arange(N) % T)
    y = (Y[np.arange(N), task] > Y.mean()).astype(int)
    model = MultiTaskLogisticRegression(0.05, coupling=coupling, task_feature=D).fit(
        np.column_stack([X, task]), y
    )
    C = coupling.covariance(T)

    def objective(W, b):
        return naive.own_rows_objective(
            naive.logistic_loss, X, y, task, W, b, 0.05, lambda W: naive.relation_penalty(W, C)
        )

    assert_close(model.objective_, objective(model.coef_.T, model.intercept_), EQUAL)
    _assert_stationary(objective, model.coef_.T, model.intercept_)


def _assert_stationary(objective, W, b):
    """Central differences of the naive objective vanish at the solution."""
    for entry in np.ndindex(W.shape):
        step = np.zeros_like(W)
        step[entry] = 1e-5
        slope = (objective(W + step, b) - objective(W - step, b)) / 2e-5
        assert_close(slope, 0.0, OPTIMUM, f"slope {entry}")
    for t in range(len(b)):
        step = np.zeros_like(b)
        step[t] = 1e-5
        assert_close((objective(W, b + step) - objective(W, b - step)) / 2e-5, 0.0, OPTIMUM, f"intercept {t}")


def test_tasks_of_several_classes_that_own_their_rows(table, rng):
    """Three classes in three tasks: the coupling acts class by class."""
    X, Y = table
    task = rng.permutation(np.arange(N) % T)
    y = np.digitize(Y[:, 0], np.quantile(Y[:, 0], [0.3, 0.6]))
    coupling = SharedParameters(0.6)
    model = MultiTaskLogisticRegression(0.05, coupling=coupling, task_feature=0).fit(
        np.column_stack([task, X]), y
    )

    def objective(parameters):
        W, b = parameters[: T * 3 * D].reshape(T, 3, D), parameters[T * 3 * D :].reshape(T, 3)
        loss = sum(naive.multinomial_loss(y[i], W[task[i]] @ X[i] + b[task[i]]) for i in range(N))
        penalties = [naive.shared_parameters_penalty(W[:, c].T, 0.6) for c in range(3)]
        return T * loss / N + 0.05 * sum(penalties)

    here = np.concatenate([model.coef_.ravel(), model.intercept_.ravel()])
    assert model.coef_.shape == (T, 3, D)
    assert_close(model.objective_, objective(here), EQUAL)
    assert_close(minimize(objective, here, method="BFGS").fun, model.objective_, BFGS)


def test_classes_of_different_number_side_by_side(table):
    """Binary and multinomial tasks on one X: untied, each equals its own model."""
    X, Y = table
    two = (Y[:, 0] > Y[:, 0].mean()).astype(int)
    three = np.digitize(Y[:, 1], np.quantile(Y[:, 1], [0.3, 0.6]))
    ours = MultiTaskLogisticRegression(0.05, coupling=SharedParameters(0.5)).fit(
        X, np.column_stack([two, three])
    )
    for t, y in enumerate([two, three]):
        alone = MultiTaskLogisticRegression(0.05, coupling=Independent()).fit(X, y)
        assert_close(ours.coef_[t], alone.coef_, SOLVED)
        assert_close(ours.predict_proba(X)[t], alone.predict_proba(X), SOLVED)
    assert ours.task_covariance_.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("coupling", [*COUPLINGS, LearnedRelation(), SharedParameters(1.0)], ids=repr)
def test_both_solvers_find_the_same_model(table, coupling):
    X, Y = table
    exact = MultiTaskLinearRegressor(0.1, coupling=coupling, solver="closed-form").fit(X, Y)
    iterated = MultiTaskLinearRegressor(0.1, coupling=coupling, solver="newton-cg").fit(X, Y)
    assert_close(iterated.coef_, exact.coef_, SOLVED)
    assert_close(iterated.objective_, exact.objective_, EQUAL)
    assert_close(iterated.task_covariance_, exact.task_covariance_, SOLVED)
    assert max(exact.optimality_, iterated.optimality_) <= 1e-7


def test_full_sharing_is_one_pooled_model_with_task_intercepts(table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=SharedParameters(1.0)).fit(X, Y)
    pooled = Ridge(0.1 * N / T).fit(X, Y.mean(axis=1))
    assert_close(model.coef_, np.tile(pooled.coef_, (T, 1)), SOLVED)


def test_a_learned_relation_is_the_joint_minimum(table):
    """No relation near the learned one, with weights fitted to it, has a smaller objective."""
    X, Y = table
    learned = MultiTaskLinearRegressor(0.1, coupling=LearnedRelation(smoothing=1e-2)).fit(X, Y)
    C = learned.task_covariance_

    def objective(C):
        fitted = MultiTaskLinearRegressor(0.1, coupling=GivenRelation(C)).fit(X, Y)
        return fitted.objective_ + 0.1 * LearnedRelation(smoothing=1e-2).constant(C)

    assert_close(
        objective(C), learned.objective_, Tolerance("the stopping rule of the alternation", rtol=1e-6)
    )
    for s, t in [(0, 1), (0, 2), (1, 2)]:
        for size in (0.05, -0.05):
            moved = C.copy()
            moved[s, t] += size
            moved[t, s] += size
            assert objective(moved) > learned.objective_


def test_opposed_tasks_are_learned_as_opposed(rng):
    X = rng.normal(size=(60, 5))
    w = rng.normal(size=5)
    Y = np.column_stack([X @ w, X @ w, -(X @ w)]) + 0.3 * rng.normal(size=(60, 3))
    C = MultiTaskLinearRegressor(0.3, coupling=LearnedRelation(sharing=0)).fit(X, Y).task_covariance_
    assert C[0, 1] > 0.5 and C[0, 2] < -0.5 and C[1, 2] < -0.5


def test_wide_data_solved_in_the_space_of_the_rows(rng):
    """With more features than rows the fit works in their span; the model must be the same."""
    X, Y = rng.normal(size=(8, 20)), rng.normal(size=(8, 3))
    ours = MultiTaskLinearRegressor(0.1, coupling=Independent(), solver="newton-cg").fit(X, Y)
    assert_close(ours.coef_, Ridge(0.8).fit(X, Y).coef_, SOLVED)


@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("own_rows", [False, True])
def test_sparse_features_give_the_dense_model(table, container, own_rows):
    X, Y = table
    X = np.where(np.abs(X) > 1.5, X, 0.0)
    y, task_feature = (Y[:, 0], D) if own_rows else (Y, None)
    X = np.column_stack([X, np.arange(N) % 2]) if own_rows else X
    dense = MultiTaskLinearRegressor(0.1, task_feature=task_feature).fit(X, y)
    sparse = MultiTaskLinearRegressor(0.1, task_feature=task_feature).fit(container(X), y)
    assert_close(sparse.coef_, dense.coef_, SOLVED)
    assert_close(sparse.predict(container(X)), dense.predict(X), SOLVED)


@pytest.mark.parametrize("average", ["sample", "task"])
def test_how_the_loss_is_averaged(average, rng):
    """Two tasks of 4 and 16 rows: by sample the larger counts more, by task both the same."""
    task = np.repeat([0, 1], [4, 16])
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    model = MultiTaskLinearRegressor(
        0.1, coupling=Independent(), task_feature=0, loss_average=average, tol=1e-12
    ).fit(np.column_stack([task, X]), y)
    for t, n in enumerate([4, 16]):
        share = 2 / 20 if average == "sample" else 1 / n
        mine = task == t
        ridge = Ridge(0.1 / share).fit(X[mine], y[mine])
        assert_close(model.coef_[t], ridge.coef_, SOLVED)
