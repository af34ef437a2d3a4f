"""A further task with few rows, in the geometry of a fitted model."""

import pickle

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, SAME_BITS, Tolerance, assert_close
from scipy.optimize import minimize
from sklearn.linear_model import RidgeCV

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import (
    ClusteredTasks,
    Dirty,
    ElementwiseSparsity,
    Independent,
    JointSparsity,
    LatentBasis,
    LearnedRelation,
    LowRank,
    OutlierTasks,
    ReducedRank,
    RobustLowRank,
    SharedParameters,
    SparseLowRank,
    TaskChain,
)

FROZEN = Tolerance("the same minimum, frozen and joint, each by its own stopping rule", rtol=1e-3, atol=2e-4)
BFGS = Tolerance("a general optimiser with numerical derivatives", rtol=1e-6)

N, D, T = 60, 6, 4
SHARING = [
    SharedParameters(0.6),
    LearnedRelation(smoothing=1e-2),
    LearnedRelation(sharing=0, smoothing=1e-2),
    ClusteredTasks(),
    LowRank(),
    LowRank(squared=True),
    JointSparsity(),
    JointSparsity(0.5),
    OutlierTasks(5.0),
    Dirty(1.1),
    RobustLowRank(1.1),
    SparseLowRank(1.1),
    ReducedRank(2),
]


@pytest.fixture
def table(rng):
    X = rng.normal(size=(N, D)) + 1.0
    W = rng.normal(size=(D, 1)) + rng.normal(size=(D, 2)) @ rng.normal(size=(2, T))
    return X, X @ W + rng.normal(size=(N, T))


@pytest.mark.parametrize("own_rows", [False, True])
@pytest.mark.parametrize("coupling", SHARING, ids=repr)
def test_a_known_task_come_anew_gets_its_own_weights(coupling, own_rows, table):
    """At the joint minimum each task is at the minimum of its frozen problem: D and w_0 are right."""
    X, Y = table
    parameters = {"alpha": 0.1, "coupling": coupling, "tol": 1e-10}
    if own_rows:
        rows = np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)])
        model = MultiTaskLinearRegressor(**parameters, task_feature=D).fit(rows, Y.T.ravel())
        new = model.fit_new_task(np.column_stack([X, np.full(N, 17)]), Y[:, 1])
        assert new.task_names_in_.tolist() == [0, 1, 2, 3, 17]
        assert_close(
            new.predict(np.column_stack([X, np.full(N, 17)])),
            X @ new.coef_[-1] + new.intercept_[-1],
            ROUNDING,
        )
    else:
        model = MultiTaskLinearRegressor(**parameters).fit(X, Y)
        new = model.fit_new_task(X, Y[:, 1])
        assert new.task_names_in_[-1] == "task4" and new.predict(X).shape == (N, T + 1)
    assert_close(new.coef_[-1], model.coef_[1], FROZEN)
    assert_close(new.intercept_[-1], model.intercept_[1], FROZEN)
    assert_close(new.coef_[:T], model.coef_, SAME_BITS)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("coupling", [SharedParameters(), LowRank(), JointSparsity(0.5)], ids=repr)
def test_classes(coupling, n_classes, table):
    X, Y = table
    y = np.array(["a", "b", "c"])[np.digitize(Y, np.quantile(Y, np.arange(1, n_classes) / n_classes))]
    model = MultiTaskLogisticRegression(0.05, coupling=coupling, tol=1e-10).fit(X, y)
    new = model.fit_new_task(sp.csr_array(X), y[:, 2], task="fifth")
    assert_close(new.coef_[-1], model.coef_[2], FROZEN)
    assert new.classes_[-1].tolist() == ["a", "b", "c"][:n_classes]
    assert new.predict(X).shape == (N, T + 1) and new.score_tasks(X, y[:, [0, 1, 2, 3, 2]])["fifth"] > 0.5
    two = np.flatnonzero(y[:, 2] != "c")[:6]
    assert model.fit_new_task(X[two], y[two, 2]).predict_proba(X)[-1].shape == (N, n_classes)


def test_the_formula_is_minimised(table, rng):
    """Ten rows with weights and another alpha, against the documented formula."""
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=LearnedRelation(smoothing=1e-2), tol=1e-8).fit(X, Y)
    X, y, weight = rng.normal(size=(10, D)), rng.normal(size=10), rng.random(10)
    new = model.fit_new_task(X, y, sample_weight=weight, alpha=0.3)
    inverse = np.linalg.inv(model.feature_covariance_)

    def objective(x):
        w, b = x[:D], x[D]
        away = w - model.shared_coef_[0]
        loss = sum(v * naive.squared_loss(t, row @ w + b) for v, t, row in zip(weight, y, X, strict=True))
        return loss / N + 0.15 * away @ inverse @ away

    here = np.append(new.coef_[-1], new.intercept_[-1])
    found = minimize(objective, here + 0.1, method="BFGS").fun
    assert_close(objective(here), found, BFGS)


def test_intercepts_are_shrunk_as_in_the_fit(table):
    """One more task with the same rows as a known one: free of the joint problem by its own share."""
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, intercept_penalty=0.5).fit(X, Y)
    new = model.fit_new_task(X[:3], Y[:3, 0] + 10.0)
    mean = X.mean(axis=0)
    level = new.intercept_[-1] + new.coef_[-1] @ mean
    others = (model.intercept_ + model.coef_ @ mean).mean()
    residual = (X[:3] @ new.coef_[-1] + new.intercept_[-1] - Y[:3, 0] - 10.0).sum() / N
    assert_close(residual + 0.5 * T / (T + 1) * (level - others), 0.0, Tolerance("stationary", atol=1e-8))


def test_feature_covariance_is_that_of_the_papers(table):
    X, Y = table
    trace = MultiTaskLinearRegressor(0.1, coupling=LowRank(squared=True), tol=1e-12).fit(X, Y)
    values, vectors = np.linalg.eigh(trace.coef_.T @ trace.coef_)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    assert_close(trace.feature_covariance_, root / np.trace(root), Tolerance("a square root", atol=1e-6))
    joint = MultiTaskLinearRegressor(0.5, coupling=JointSparsity()).fit(X, Y)
    assert_close(joint.feature_covariance_, np.diag(np.linalg.norm(joint.coef_, axis=0)), ROUNDING)
    shared = MultiTaskLinearRegressor(coupling=SharedParameters(0.7)).fit(X, Y)
    assert_close(shared.feature_covariance_, 0.3 * np.eye(D), ROUNDING)


def test_relations_and_the_squared_trace_norm_learn_one_geometry(table):
    """MTRL = MTFL: ``LearnedRelation`` without a mean has T times the feature covariance of MTFL."""
    X, Y = table
    trace = MultiTaskLinearRegressor(0.4 / T, coupling=LowRank(squared=True), tol=1e-12).fit(X, Y)
    relation = LearnedRelation(sharing=0, smoothing=1e-4)
    learned = MultiTaskLinearRegressor(0.4, coupling=relation, tol=1e-7).fit(X, Y)
    assert_close(
        learned.feature_covariance_ / T,
        trace.feature_covariance_,
        Tolerance("a smoothing of 1e-4, whose root is 0.01", atol=2e-2),
    )
    few = X[:5], Y[:5, 0]
    assert_close(
        learned.fit_new_task(*few).coef_[-1],
        trace.fit_new_task(*few).coef_[-1],
        Tolerance("a smoothing of 1e-4, whose root is 0.01", atol=1e-1),
    )


def _world(kind, rng):
    """Twenty tasks, and a new one of the same kind: weights (d, 21)."""
    if kind == "variations":
        return rng.normal(size=(10, 1)) + 0.5 * rng.normal(size=(10, 21))
    return rng.normal(size=(10, 2)) @ rng.normal(size=(2, 21))


@pytest.mark.parametrize("kind, coupling", [("variations", None), ("subspace", LowRank())])
def test_few_rows_beat_separate_and_shared_models(kind, coupling):
    """Eight rows of a new task: better than ridge of its own, cross-validated, and than the tasks' mean."""
    errors = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        W, X = _world(kind, rng), rng.normal(size=(100, 10))
        Y = X @ W[:, :20] + 0.5 * rng.normal(size=(100, 20))
        model = MultiTaskLinearRegressor(0.02, coupling=coupling).fit(X, Y)
        few = rng.normal(size=(8, 10))
        y = few @ W[:, 20] + 0.5 * rng.normal(size=8)
        ours = model.fit_new_task(few, y).coef_[-1]
        alone = RidgeCV(np.logspace(-3, 3, 13)).fit(few, y).coef_
        errors.append([np.sum((w - W[:, 20]) ** 2) for w in (ours, alone, model.coef_.mean(axis=0))])
    ours, alone, shared = np.mean(errors, axis=0)
    assert ours < 0.8 * alone and ours < 0.8 * shared


def test_the_old_model_stays_and_the_new_one_is_whole(table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=SparseLowRank()).fit(X, Y)
    before, said = dict(vars(model)), model.predict(X)
    one = model.fit_new_task(X[:5], Y[:5, 0], task="one")
    two = one.fit_new_task(X[:5], Y[:5, 0], task="two")
    assert vars(model).keys() == before.keys()
    assert_close(model.predict(X), said, SAME_BITS)
    assert_close(two.coef_[-1], two.coef_[-2], ROUNDING)
    assert_close(sum(two.coef_parts_), two.coef_, ROUNDING)
    assert_close(pickle.loads(pickle.dumps(two)).predict(X), two.predict(X), SAME_BITS)
    assert two.task_names_in_.tolist() == ["task0", "task1", "task2", "task3", "one", "two"]


def test_a_task_joins_those_with_its_classes(table):
    X, Y = table
    two, three = (Y[:, :2] > 0).astype(int), np.digitize(Y[:, 2:], [-1, 1])
    model = MultiTaskLogisticRegression(0.1, coupling=LowRank()).fit(X, np.hstack([two, three]))
    with pytest.raises(
        ValueError, match="the labels of y fit the classes of 2 groups.*say which by classes="
    ):
        model.fit_new_task(X[:8], np.arange(8) % 2)
    new = model.fit_new_task(X[:8], np.arange(8) % 2, classes=[0, 1])
    assert [len(coef) for coef in new.coef_] == [1, 1, 3, 3, 1]
    assert_close(new.coef_[3], model.coef_[3], SAME_BITS)
    assert_close(new.intercept_[2], model.intercept_[2], SAME_BITS)
    assert model.fit_new_task(X[:8], np.arange(8) % 3).predict(X)[:, -1].max() <= 2
    with pytest.raises(ValueError, match=r"classes=\[5, 6\] equal the classes of 0 groups"):
        model.fit_new_task(X[:8], np.arange(8) % 2, classes=[5, 6])


def test_a_loss_by_task_and_no_intercept(table):
    X, Y = table
    parameters = {"loss_average": "task", "fit_intercept": False}
    model = MultiTaskLinearRegressor(0.1, **parameters).fit(X, Y)
    new = model.fit_new_task(X, Y[:, 3])
    assert_close(new.coef_[-1], model.coef_[3], ROUNDING)
    assert new.intercept_[-1] == 0


def test_float32_stays_float32(table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=LowRank()).fit(X.astype(np.float32), Y)
    assert model.fit_new_task(X[:5].astype(np.float32), Y[:5, 0]).coef_.dtype == np.float32


@pytest.mark.parametrize(
    "coupling", [Independent(), TaskChain(), ElementwiseSparsity(), Dirty(norm="max")], ids=repr
)
def test_couplings_without_a_common_part_refuse(coupling, table):
    X, Y = table
    model = MultiTaskLinearRegressor(coupling=coupling).fit(X, Y)
    assert model.feature_covariance_ is None
    with pytest.raises(ValueError, match="leaves nothing that a new task could share"):
        model.fit_new_task(X, Y[:, 0])


def test_a_reduced_rank_keeps_the_new_task_in_its_directions(table, rng):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=ReducedRank(2)).fit(X, Y)
    new = model.fit_new_task(X, rng.normal(size=N))
    assert np.linalg.matrix_rank(new.coef_) == 2 and np.abs(new.coef_[-1]).max() > 1e-3


def test_a_latent_basis_points_to_the_estimators_that_take_new_tasks(table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=LatentBasis(2)).fit(X, Y)
    with pytest.raises(ValueError, match="MultiTaskLatentRegressor and .* have a fit_new_task"):
        model.fit_new_task(X, Y[:, 0])


def test_refusals_name_what_does_not_fit(table):
    X, Y = table
    rows = np.column_stack([X, np.arange(N) % T])
    model = MultiTaskLinearRegressor(task_feature=D).fit(rows, Y[:, 0])
    with pytest.raises(ValueError, match=r"must hold one id that is new, the same in every row; got \[0, 1"):
        model.fit_new_task(rows, Y[:, 0])
    with pytest.raises(ValueError, match="task=3, but the rows of X belong to 8"):
        model.fit_new_task(np.column_stack([X, np.full(N, 8)]), Y[:, 0], task=3)
    wide = MultiTaskLinearRegressor().fit(X, Y)
    with pytest.raises(ValueError, match="task='task1' is known already"):
        wide.fit_new_task(X, Y[:, 0], task="task1")
    with pytest.raises(ValueError, match="alpha must be a positive number, got 0"):
        wide.fit_new_task(X, Y[:, 0], alpha=0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        wide.fit_new_task(X, Y[:5, 0])
    with pytest.raises(ValueError, match="the model learns 1-D y, got 4 tasks"):
        wide.fit_new_task(X, Y)
    with pytest.raises(ValueError, match="needs a model of several tasks"):
        MultiTaskLinearRegressor().fit(X, Y[:, 0]).fit_new_task(X, Y[:, 1])
    labels = MultiTaskLogisticRegression().fit(X, (Y > 0).astype(int))
    with pytest.raises(ValueError, match=r"y has the label 7, never seen before; known are \[0, 1\]"):
        labels.fit_new_task(X, np.full(N, 7))
