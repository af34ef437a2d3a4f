"""Tasks that lack features: block-missing sources."""

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, SAME_BITS, SOLVED, Tolerance, assert_close
from scipy.optimize import minimize
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import (
    Dirty,
    ElementwiseSparsity,
    Independent,
    JointSparsity,
    LearnedRelation,
    LowRank,
    OutlierTasks,
    SharedParameters,
    TaskChain,
)

EQUAL = Tolerance("equal minima of one convex function", rtol=1e-8, atol=1e-9)
BFGS = Tolerance("a general optimiser with numerical derivatives", rtol=1e-6)
PEER = Tolerance("scikit-learn's own stopping rule", rtol=1e-4, atol=2e-5)

N, D, T = 40, 5, 3
MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 0, 1, 1], [1, 1, 1, 1, 1]], dtype=bool)
COUPLINGS = [
    Independent(),
    SharedParameters(0.6),
    TaskChain(),
    LearnedRelation(smoothing=1e-2),
    JointSparsity(),
    JointSparsity(0.5),
    ElementwiseSparsity(),
    LowRank(),
    Dirty(),
    OutlierTasks(),
]


@pytest.fixture
def table(rng):
    X = rng.normal(size=(N, D)) + 1.0
    return X, X @ (rng.normal(size=(D, T)) * MASK.T) + rng.normal(size=(N, T))


def _own_rows(X, Y):
    """The same data, each row once for each task."""
    rows = np.vstack([np.column_stack([X, np.full(len(X), t)]) for t in range(T)])
    return rows, Y.T.ravel()


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_what_a_task_lacks_is_never_looked_at(coupling, table, rng):
    """Long form and wide form are one model; junk in place of a lacked feature changes nothing."""
    X, Y = table
    parameters = {"alpha": 0.1, "coupling": coupling, "feature_mask": MASK, "tol": 1e-10}
    wide = MultiTaskLinearRegressor(**parameters).fit(X, Y)
    rows, y = _own_rows(X, Y)
    junk = rows.copy()
    junk[:, :D][~MASK[rows[:, D].astype(int)]] = 1e3 * rng.normal()
    long = MultiTaskLinearRegressor(**parameters, task_feature=D).fit(rows, y)
    other = MultiTaskLinearRegressor(**parameters, task_feature=D).fit(junk, y)
    assert_close(other.coef_, long.coef_, SAME_BITS)
    assert_close(other.predict(junk), long.predict(rows), ROUNDING)
    assert_close(long.objective_, wide.objective_, Tolerance("two certified minima", rtol=1e-7))
    assert_close(long.predict(rows), wide.predict(X).T.ravel(), Tolerance("a gap of 1e-10", atol=1e-3))
    assert not wide.coef_[~MASK].any() and not long.coef_[~MASK].any()
    assert wide.coef_[MASK].any()


@pytest.mark.parametrize("coupling", COUPLINGS[:4] + [LowRank(), JointSparsity()], ids=repr)
def test_sparse_features_and_missing_labels(coupling, table, rng):
    X, Y = table
    Y = np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
    parameters = {"alpha": 0.1, "coupling": coupling, "feature_mask": MASK, "tol": 1e-10}
    dense = MultiTaskLinearRegressor(**parameters).fit(X, Y)
    sparse = MultiTaskLinearRegressor(**parameters).fit(sp.csc_array(X), Y)
    assert_close(sparse.objective_, dense.objective_, EQUAL)
    rows, y = _own_rows(X, np.nan_to_num(Y))
    long = MultiTaskLinearRegressor(**parameters, task_feature=D)
    assert_close(long.fit(sp.csr_array(rows), y).objective_, long.fit(rows, y).objective_, EQUAL)


def test_separate_tasks_are_models_of_their_own_features(table):
    X, Y = table
    ridge = MultiTaskLinearRegressor(0.1, coupling=Independent(), feature_mask=MASK).fit(X, Y)
    lasso = MultiTaskLinearRegressor(
        0.1, coupling=ElementwiseSparsity(), feature_mask=MASK.astype(int), tol=1e-12
    ).fit(X, Y)
    logistic = MultiTaskLogisticRegression(0.1, coupling=Independent(), feature_mask=MASK).fit(X, Y > 0)
    for t, has in enumerate(MASK):
        assert_close(ridge.coef_[t, has], Ridge(0.1 * N).fit(X[:, has], Y[:, t]).coef_, EQUAL)
        assert_close(lasso.coef_[t, has], Lasso(0.1, tol=1e-13).fit(X[:, has], Y[:, t]).coef_, PEER)
        peer = LogisticRegression(C=1 / (0.1 * N), tol=1e-12, max_iter=10_000).fit(X[:, has], Y[:, t] > 0)
        assert_close(logistic.coef_[t, has], peer.coef_[0], PEER)


@pytest.mark.parametrize("coupling", [SharedParameters(0.6), TaskChain(2.0)], ids=repr)
def test_a_quadratic_coupling_ties_those_that_have_the_feature(coupling, table):
    """R leaves absent weights open: row by row the penalty of the covariance of the tasks present."""
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=coupling, feature_mask=MASK).fit(X, Y)
    C = coupling.covariance(T)

    def objective(x):
        W = np.zeros((D, T))
        W[MASK.T], b = x[:-T], x[-T:]
        loss = ((X @ W + b - Y) ** 2).sum() / (2 * N)
        penalty = 0.0
        for j in range(D):
            has = MASK[:, j]
            penalty += W[j, has] @ np.linalg.solve(C[np.ix_(has, has)], W[j, has]) / 2
        return loss + 0.1 * penalty

    here = np.concatenate([model.coef_.T[MASK.T], model.intercept_])
    assert_close(model.objective_, objective(here), EQUAL)
    assert_close(minimize(objective, here + 0.01, method="BFGS").fun, model.objective_, BFGS)


def test_joint_sparsity_has_the_groups_of_imsf(table):
    """Slopes of the present weights are subgradients of the row norms over the tasks present."""
    X, Y = table
    model = MultiTaskLinearRegressor(0.2, coupling=JointSparsity(), feature_mask=MASK, tol=1e-12).fit(X, Y)
    G = X.T @ (Y - model.predict(X)) / N * MASK.T / 0.2
    W = model.coef_.T
    for j in range(D):
        norm = naive.row_norm(W[j : j + 1])
        assert np.linalg.norm(G[j]) <= 1 + 1e-5
        assert_close(G[j] @ W[j], norm, Tolerance("a duality gap of 1e-12", rtol=1e-5, atol=1e-6))
    assert_close(model.support_, (W != 0).any(axis=1), SAME_BITS)


def test_parts_and_classes_are_masked_too(table):
    X, Y = table
    dirty = MultiTaskLinearRegressor(0.1, coupling=Dirty(), feature_mask=MASK).fit(X, Y)
    assert_close(sum(dirty.coef_parts_), dirty.coef_, ROUNDING)
    assert not any(part[~MASK].any() for part in dirty.coef_parts_)
    y = np.digitize(Y, np.quantile(Y, [0.3, 0.6]))
    model = MultiTaskLogisticRegression(0.1, feature_mask=MASK).fit(X, y)
    assert model.coef_.shape == (T, 3, D) and not model.coef_.transpose(0, 2, 1)[~MASK].any()


def test_wide_data_of_tasks_with_different_features(rng):
    X, Y = rng.normal(size=(8, 20)), rng.normal(size=(8, 3))
    mask = rng.random((3, 20)) < 0.7
    rows, y = _own_rows(X, Y)
    for coupling in (SharedParameters(), LowRank()):
        parameters = {"alpha": 0.1, "coupling": coupling, "feature_mask": mask}
        long = MultiTaskLinearRegressor(**parameters, task_feature=20).fit(rows, y)
        wide = MultiTaskLinearRegressor(**parameters).fit(X, Y)
        assert_close(long.objective_, wide.objective_, Tolerance("two certified minima", rtol=1e-7))
        assert not long.coef_[~mask].any() and not wide.coef_[~mask].any()


def test_a_full_mask_is_no_mask(table):
    X, Y = table
    full = MultiTaskLinearRegressor(feature_mask=np.ones((T, D), dtype=bool)).fit(X, Y)
    assert_close(full.coef_, MultiTaskLinearRegressor().fit(X, Y).coef_, SAME_BITS)


def test_a_source_that_half_the_tasks_lack_still_teaches_the_others(rng):
    """Few rows: what the tasks share about the common features helps those with the fuller records."""
    gains = []
    for _ in range(5):
        w = rng.normal(size=8)
        mask = np.ones((6, 8), dtype=bool)
        mask[3:, 4:] = False
        X = rng.normal(size=(12, 8))
        Y = X @ (w * mask).T + 0.5 * rng.normal(size=(12, 6))
        tied = MultiTaskLinearRegressor(0.1, coupling=SharedParameters(0.9), feature_mask=mask).fit(X, Y)
        apart = MultiTaskLinearRegressor(0.1, coupling=Independent(), feature_mask=mask).fit(X, Y)
        gains.append([np.sum((model.coef_ - w * mask) ** 2) for model in (tied, apart)])
    tied, apart = np.mean(gains, axis=0)
    assert tied < 0.5 * apart


REFUSED = [
    (
        {"feature_mask": np.ones((2, D), dtype=bool)},
        r"\(n_tasks, n_features\) = \(3, 5\), got shape \(2, 5\)",
    ),
    ({"feature_mask": np.full((T, D), 0.5)}, "must hold True and False only"),
    ({"feature_mask": MASK * np.array([[1], [0], [1]])}, "leaves the task 'task1' without any feature"),
    ({"feature_mask": MASK, "solver": "closed-form"}, "'closed-form' needs.*without feature_mask"),
    (
        {"feature_mask": MASK, "solver": "block-descent", "coupling": JointSparsity()},
        "'block-descent' needs.*without feature_mask",
    ),
]


@pytest.mark.parametrize("parameters, message", REFUSED, ids=[message for _, message in REFUSED])
def test_refusals_name_what_does_not_fit(parameters, message, table):
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor(**parameters).fit(*table)


def test_predictions_of_an_unseen_task_use_every_feature(table):
    X, Y = table
    rows, y = _own_rows(X, Y)
    model = MultiTaskLinearRegressor(task_feature=D, unknown_task="shared", feature_mask=MASK).fit(rows, y)
    new = rows[:4].copy()
    new[:, D] = 9
    expected = new[:, :D] @ model.shared_coef_[0] + model.intercept_.mean()
    assert_close(model.predict(new), expected, SOLVED)
