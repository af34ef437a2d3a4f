"""Sparse task precision: the graphical lasso, the formula, the falling objective, planted relations."""

import warnings

import naive
import naive_couplings
import numpy as np
import pytest
from _asserts import ROUNDING, SOLVED, Tolerance, assert_close
from sklearn.covariance import graphical_lasso as peer
from sklearn.exceptions import ConvergenceWarning

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import GivenRelation, Independent, SparseRelation
from skmtl.couplings._graphical_lasso import graphical_lasso

PEER = Tolerance("a duality gap of 1e-9 a task", rtol=1e-3, atol=1e-4)
EQUAL = Tolerance("the same formula at the same weights", rtol=1e-9)
N, D, T = 60, 20, 6


def chain(T, link=0.45):
    return np.eye(T) - link * (np.eye(T, k=1) + np.eye(T, k=-1))


@pytest.fixture
def table(rng):
    W = rng.multivariate_normal(np.zeros(T), np.linalg.inv(chain(T)), size=D)
    X = rng.normal(size=(N, D)) + 0.5
    return X, X @ W + 0.5 * rng.normal(size=(N, T)) + 1.0


@pytest.mark.parametrize("sparsity", [0.02, 0.2, 1.0])
@pytest.mark.parametrize("n", [4, 100])
def test_the_precision_is_that_of_scikit_learn(sparsity, n, rng):
    A = rng.normal(size=(n, T)) * np.linspace(0.5, 2, T) + rng.normal(size=(n, 1))
    S = A.T @ A / n + 0.1 * np.eye(T)
    expected = peer(S, sparsity, tol=1e-7, enet_tol=1e-10, max_iter=1000)[1]
    P = graphical_lasso(S, sparsity, np.eye(T))
    assert_close(P, expected, PEER)

    def value(P):
        return np.vdot(S, P) - np.log(np.linalg.det(P)) + sparsity * np.abs(P - np.diag(P.diagonal())).sum()

    assert value(P) <= value(expected) + 1e-8 * T
    assert ((P == 0) == (np.abs(expected) < 1e-9)).all() and (P == P.T).all()


def test_the_precision_without_a_price_is_the_inverse(rng):
    A = rng.normal(size=(9, 3))
    assert_close(graphical_lasso(A.T @ A, 0.0, np.eye(3)), np.linalg.inv(A.T @ A), ROUNDING)


@pytest.mark.parametrize("mean_variance", [0.0, 2.0])
def test_the_objective_is_its_formula(mean_variance, table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.2, coupling=SparseRelation(0.3, 0.2, mean_variance)).fit(X, Y)
    P, W = model.task_precision_, model.coef_.T
    w0 = np.zeros(D)
    if mean_variance:  # the best mean: w0 / m = sum over tasks of (W - w0) P
        w0 = (W @ P.sum(axis=1)) / (1 / mean_variance + P.sum())
    penalty = naive_couplings.sparse_relation_penalty(W - w0[:, None], P, 0.3, 0.2)
    penalty += w0 @ w0 / (2 * mean_variance) if mean_variance else 0.0
    value = naive.shared_objective(naive.squared_loss, X, Y, W, model.intercept_, 0.2, lambda W: penalty)
    assert_close(model.objective_, value, EQUAL)
    assert_close(model.task_covariance_, mean_variance + np.linalg.inv(P), SOLVED)
    assert (model.shared_coef_ is None) == (mean_variance == 0)
    if mean_variance:
        assert_close(model.shared_coef_[0], w0, SOLVED)


def quietly(X, Y, **parameters):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MultiTaskLinearRegressor(0.2, **parameters).fit(X, Y)


@pytest.mark.parametrize("coupling", [SparseRelation(0.3), SparseRelation(0.05, 0.01, 1.0)], ids=repr)
def test_the_objective_never_rises(coupling, table):
    values = [quietly(*table, coupling=coupling, max_iter=steps).objective_ for steps in range(1, 9)]
    assert (np.diff(values) <= 1e-9 * np.abs(values[0])).all() and values[-1] < values[0] - 1e-2


def test_the_fit_is_the_best_of_its_neighbours(table):
    """Neither another precision with the weights refitted to it, nor a plain start, is better."""
    X, Y = table
    coupling = SparseRelation(0.3, 0.2)
    model = MultiTaskLinearRegressor(0.2, coupling=coupling, tol=1e-12).fit(X, Y)

    def objective(P):
        C = np.linalg.inv(P)
        fitted = MultiTaskLinearRegressor(0.2, coupling=GivenRelation(0.5 * (C + C.T))).fit(X, Y)
        rest = naive_couplings.sparse_relation_penalty(np.zeros((1, T)), P, 0.3, 0.2)
        return fitted.objective_ + 0.2 * rest

    best, P = objective(model.task_precision_), model.task_precision_
    assert_close(best, model.objective_, Tolerance("the stopping rule of the alternation", rtol=1e-6))
    for s, t in [(0, 0), (0, 1), (2, 3), (0, 5)]:
        for size in (0.02, -0.02):
            moved = P.copy()
            moved[s, t] += size * np.sqrt(P[s, s] * P[t, t])
            moved[t, s] = moved[s, t]
            assert objective(moved) > best


def test_planted_relations_are_found():
    """A chain of tasks: the largest partial correlations are those of neighbours, many others are zero."""
    rng = np.random.default_rng(1)
    W = rng.multivariate_normal(np.zeros(T), np.linalg.inv(chain(T)), size=300) / np.sqrt(300)
    X = rng.normal(size=(1000, 300))
    Y = X @ W + 0.1 * rng.normal(size=(1000, T))
    P = MultiTaskLinearRegressor(0.001, coupling=SparseRelation(0.12, 0.02)).fit(X, Y).task_precision_
    neighbours = np.abs(np.subtract.outer(np.arange(T), np.arange(T))) == 1
    far = ~neighbours & ~np.eye(T, dtype=bool)
    assert (P[neighbours] < -0.1).all() and np.abs(P[far]).max() < 0.1 and (P[far] == 0).mean() > 0.4


def test_a_large_price_leaves_no_relation(table):
    model = MultiTaskLinearRegressor(0.2, coupling=SparseRelation(1e4)).fit(*table)
    assert (model.task_precision_[~np.eye(T, dtype=bool)] == 0).all()


def test_tasks_of_different_classes_and_rows_of_their_own(table):
    X, Y = table
    y = np.column_stack([np.digitize(Y[:, t], cuts) for t, cuts in enumerate([[1], [1], [0, 2], [1]])])
    model = MultiTaskLogisticRegression(0.2, coupling=SparseRelation(0.01), tol=1e-3).fit(X, y)
    assert model.task_precision_[2].tolist() == [0, 0, model.task_precision_[2, 2], 0]
    assert model.task_precision_[0, 1] != 0
    rows = np.column_stack([X, np.arange(N) % 3])
    model = MultiTaskLinearRegressor(
        0.1, coupling=SparseRelation(mean_variance=1.0), task_feature=D, unknown_task="shared"
    ).fit(rows, Y[:, 0])
    stranger = np.append(X[0], 7)[None]
    expected = X[0] @ model.shared_coef_[0] + model.intercept_.mean()
    assert_close(model.predict(stranger), [expected], SOLVED)


def test_one_task_is_a_ridge_of_learned_strength(table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.2, coupling=SparseRelation(0.3, 0.2), tol=1e-12).fit(X, Y[:, 0])
    strength = float(model.task_precision_[0, 0])
    assert_close(strength, 1 / ((model.coef_**2).sum() + 0.2), Tolerance("the alternation", rtol=1e-3))
    ridge = MultiTaskLinearRegressor(0.2 * strength, coupling=Independent()).fit(X, Y[:, 0])
    assert_close(model.coef_, ridge.coef_, Tolerance("the alternation", rtol=1e-3, atol=1e-4))


@pytest.mark.parametrize(
    "coupling, message",
    [
        (SparseRelation(-1), r"SparseRelation.sparsity must be a number in \[0, inf\), got -1"),
        (SparseRelation(smoothing=0), r"SparseRelation.smoothing must be a number in \(0, inf\), got 0"),
        (SparseRelation(mean_variance="x"), "SparseRelation.mean_variance must be a number"),
    ],
    ids=repr,
)
def test_bad_parameters_say_what_is_wrong(coupling, message):
    with pytest.raises(ValueError, match=message):
        coupling.covariance(3)


def nearly_separable(seed):
    """Labels that a linear model explains: weights and covariance grow together."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 10))
    return X, (X @ (rng.normal(size=(10, 4)) + rng.normal(size=(10, 1))) > 0).astype(int)


@pytest.mark.parametrize("seed, reached", [(0, 0.13973), (1, 0.12378)])
def test_nearly_separable_classes_settle(seed, reached):
    """Without a look ahead 200 rounds are not enough, and end above these objectives."""
    model = MultiTaskLogisticRegression(coupling=SparseRelation(), tol=1e-6).fit(*nearly_separable(seed))
    assert model.n_iter_ < 150 and model.objective_ < reached


def test_a_warning_names_the_relation_where_that_has_not_settled():
    model = MultiTaskLogisticRegression(coupling=SparseRelation(), tol=1e-6, max_iter=12)
    with pytest.warns(ConvergenceWarning, match=r"the task relation of SparseRelation\(\) .* smoothing"):
        model.fit(*nearly_separable(0))


def test_a_warning_after_one_round_says_so(table):
    with pytest.warns(ConvergenceWarning, match="there was no second round; raise max_iter"):
        MultiTaskLinearRegressor(coupling=SparseRelation(), max_iter=1).fit(*table)
