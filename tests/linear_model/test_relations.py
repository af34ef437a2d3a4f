"""Learned relations, minimised out: certified, equal to what they are elsewhere, in every form of data."""

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import SOLVED, Tolerance, assert_close

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import ClusteredTasks, GivenRelation, LearnedRelation, LowRank

N, D, T = 40, 5, 4
EQUAL = Tolerance("two certified minima", rtol=1e-8, atol=1e-9)
WEIGHTS = Tolerance("weights at a gap of 1e-12", rtol=1e-3, atol=1e-4)
COUPLINGS = [
    LearnedRelation(),
    LearnedRelation(0.0, 1e-2),
    LearnedRelation(0.5, 0.0),
    ClusteredTasks(2, 0.2),
]


@pytest.fixture
def table(rng):
    """Features with means and scales; four tasks, the last one opposed to the first."""
    X = rng.normal(size=(N, D)) * [1.0, 2.0, 0.5, 1.0, 1.0] + 1.0
    W = rng.normal(size=(D, 1)) + 0.5 * rng.normal(size=(D, T))
    W[:, 3] = -W[:, 0]
    return X, X @ W + 0.5 * rng.normal(size=(N, T))


def classes(Y):
    return (Y > np.median(Y, axis=0)).astype(float)


def test_without_mean_and_smoothing_it_is_the_squared_trace_norm(table):
    """MTRL = MTFL = squared trace norm, to far below 1e-6."""
    X, Y = table
    for cls, y in ((MultiTaskLinearRegressor, Y), (MultiTaskLogisticRegression, classes(Y))):
        trace = cls(0.1 / T, coupling=LowRank(squared=True), tol=1e-12).fit(X, y)
        learned = cls(0.1, coupling=LearnedRelation(0, 0), tol=1e-12).fit(X, y)
        assert_close(learned.objective_, trace.objective_, EQUAL)
        assert_close(learned.coef_, trace.coef_, WEIGHTS)
        barely = cls(0.1, coupling=LearnedRelation(0, 1e-16), tol=1e-9).fit(X, y)
        assert_close(barely.objective_, trace.objective_, Tolerance("a smoothing of 1e-16", rtol=1e-6))


@pytest.mark.parametrize("coupling", COUPLINGS[:2] + COUPLINGS[3:], ids=repr)
@pytest.mark.parametrize("own_rows", [False, True])
def test_alternating_ends_at_the_certified_minimum(coupling, own_rows, table):
    """Weights and relation in turn, an algorithm of its own, do not get below ``objective_ - dual_gap_``."""
    X, Y = table
    X, y = (np.column_stack([X, np.arange(N) % T]), Y[:, 0]) if own_rows else (X, Y)
    settings = {"coupling": coupling, "task_feature": -1 if own_rows else None}
    certified = MultiTaskLinearRegressor(0.3, tol=1e-10, **settings).fit(X, y)
    alternating = MultiTaskLinearRegressor(0.3, tol=1e-11, max_iter=5000, solver="newton-cg", **settings).fit(
        X, y
    )
    assert certified.optimality_ <= 1e-10 and alternating.dual_gap_ is None
    assert alternating.objective_ >= certified.objective_ - certified.dual_gap_ - 1e-12
    assert_close(
        certified.objective_, alternating.objective_, Tolerance("an alternation that stops", rtol=1e-5)
    )


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_the_relation_belongs_to_the_weights(coupling, table):
    """Weights fitted with the learned covariance as a given one are the weights, in the same shared part."""
    X, Y = table
    Y = np.where(np.random.default_rng(0).random(Y.shape) < 0.3, np.nan, classes(Y))
    learned = MultiTaskLogisticRegression(0.05, coupling=coupling, tol=1e-11).fit(X, Y)
    given = MultiTaskLogisticRegression(0.05, coupling=GivenRelation(learned.task_covariance_)).fit(X, Y)
    assert_close(given.coef_, learned.coef_, WEIGHTS)


def test_the_objective_is_the_formula_s(table):
    X, Y = table
    coupling = LearnedRelation(0.4, 1e-2)
    model = MultiTaskLinearRegressor(0.3, coupling=coupling, tol=1e-11).fit(X, Y)

    def penalty(W):
        common = model.shared_coef_.T
        own = naive.smoothed_trace_norm(W - common, 0.6 * T, 1e-2)
        return (common**2).sum() / (2 * 0.4) + own

    value = naive.shared_objective(naive.squared_loss, X, Y, model.coef_.T, model.intercept_, 0.3, penalty)
    assert_close(model.objective_, value, Tolerance("the shared part read from the covariance", rtol=1e-7))


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_all_forms_of_data_give_one_model(coupling, table, rng):
    """Long and wide, dense and sparse, weights and rows left out."""
    X, y = table[0], classes(table[1])
    model = MultiTaskLogisticRegression(0.05, coupling=coupling, tol=1e-11)
    wide = model.fit(X, y).coef_
    sparse = model.fit(sp.csr_array(X), y).coef_
    rows = np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)])
    long = model.set_params(task_feature=-1).fit(rows, y.T.ravel())
    assert_close(sparse, wide, WEIGHTS)
    assert_close(long.coef_, wide, WEIGHTS)
    weight = (rng.random(len(rows)) < 0.7).astype(float)
    weighted = model.fit(rows, y.T.ravel(), sample_weight=weight).coef_
    assert_close(weighted, model.fit(rows[weight > 0], y.T.ravel()[weight > 0]).coef_, WEIGHTS)


def test_tasks_of_different_classes_are_related_among_their_own(table):
    X, Y = table
    y = np.column_stack(
        [classes(Y), [np.digitize(c, np.quantile(c, [0.3, 0.6])) for c in Y.T[:2]][0], np.arange(N) % 3]
    )
    model = MultiTaskLogisticRegression(0.05, coupling=LearnedRelation()).fit(X, y)
    assert model.optimality_ <= 1e-9
    assert_close(model.task_covariance_[:4, 4:], np.zeros((4, 2)), SOLVED)
    assert (np.abs(model.task_covariance_[4:, 4:]) > 1e-3).all() and model.task_covariance_[0, 3] < 0


def test_no_signal_at_all_leaves_the_relation_at_its_start():
    X, Y = np.random.default_rng(0).normal(size=(20, 3)), np.ones((20, 2))
    model = MultiTaskLinearRegressor(coupling=LearnedRelation(0.25, 0)).fit(X, Y)
    assert_close(model.task_covariance_, [[1.0, 0.25], [0.25, 1.0]], SOLVED)
