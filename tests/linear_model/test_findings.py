"""Structure is planted, and the attribute that a coupling promises shows it."""

import numpy as np
import pytest

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import (
    ClusteredTasks,
    ConcaveJointSparsity,
    ElementwiseSparsity,
    FusedSparsity,
    GivenRelation,
    JointSparsity,
    LearnedRelation,
    LowRank,
    ReducedRank,
    RobustLowRank,
    SparseLowRank,
    SparseRelation,
    TaskFusion,
)

N, D, T = 200, 10, 8
GROUPS = np.array([0, 1, 0, 1, 1, 0, 0, 1])
# What fits show besides the attributes that every fit has.
NAMES = {
    "support_",
    "rank_",
    "task_labels_",
    "outlier_tasks_",
    "change_points_",
    "task_precision_",
}


@pytest.fixture
def X(rng):
    return rng.normal(size=(N, D))


def targets(X, W, rng, noise=0.1):
    return X @ W + noise * rng.normal(size=(len(X), W.shape[1]))


def shown(model) -> set[str]:
    return {name for name in NAMES if hasattr(model, name)}


SPARSE = [
    JointSparsity(),
    ElementwiseSparsity(),
    ConcaveJointSparsity(),
    ConcaveJointSparsity("scad", 3.7),
    FusedSparsity(),
]


@pytest.mark.parametrize("own_rows", [False, True])
@pytest.mark.parametrize("coupling", SPARSE, ids=repr)
def test_features_in_use(coupling, own_rows, X, rng):
    W = np.zeros((D, T))
    W[[2, 5, 6]] = rng.choice([-1, 1], size=(3, 1)) * rng.uniform(1, 2, size=(3, T))
    Y = targets(X, W, rng)
    if own_rows:
        X, Y = np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)]), Y.T.ravel()
    model = MultiTaskLinearRegressor(0.1, coupling=coupling, task_feature=D if own_rows else None).fit(X, Y)
    assert np.flatnonzero(model.support_).tolist() == [2, 5, 6]
    assert shown(model) - {"change_points_"} == {"support_"} and model.task_covariance_ is None


@pytest.mark.parametrize("coupling", [LowRank(), LowRank(squared=True), ReducedRank(3)], ids=repr)
def test_the_rank(coupling, X, rng):
    W = rng.normal(size=(D, 3)) @ rng.normal(size=(3, T))
    model = MultiTaskLinearRegressor(0.02, coupling=coupling).fit(X, targets(X, W, rng, noise=0.01))
    assert model.rank_ == 3 and shown(model) == {"rank_"}


def test_the_rank_and_the_outliers(X, rng):
    W = rng.normal(size=(D, 2)) @ rng.normal(size=(2, 12))
    W[:, 4] = 3 * rng.normal(size=D)
    model = MultiTaskLinearRegressor(0.1, coupling=RobustLowRank(0.85)).fit(X, targets(X, W, rng, 0.01))
    assert np.flatnonzero(model.outlier_tasks_).tolist() == [4]
    assert model.rank_ == 2 and shown(model) == {"rank_", "outlier_tasks_"}


def test_the_rank_and_the_single_weights(X, rng):
    W = np.outer(rng.uniform(1, 2, size=D), rng.uniform(1, 2, size=T))
    W[3, 5] += 5.0
    model = MultiTaskLinearRegressor(0.1, coupling=SparseLowRank(0.35)).fit(X, targets(X, W, rng, noise=0.01))
    assert np.flatnonzero(model.support_).tolist() == [3]
    assert model.rank_ == 1 and shown(model) == {"rank_", "support_"}


@pytest.mark.parametrize("coupling", [ClusteredTasks(2), TaskFusion(2)], ids=repr)
@pytest.mark.parametrize("classify", [False, True])
def test_the_groups(coupling, classify, X, rng):
    Y = targets(X, (2 * rng.normal(size=(D, 2)))[:, GROUPS], rng, noise=1.0)
    cls, alpha = (MultiTaskLogisticRegression, 0.2) if classify else (MultiTaskLinearRegressor, 0.5)
    model = cls(alpha, coupling=coupling, tol=1e-6).fit(X, (Y > 0).astype(int) if classify else Y)
    assert model.task_labels_.tolist() == GROUPS.tolist() and shown(model) == {"task_labels_"}


@pytest.mark.parametrize("coupling", [LearnedRelation(sharing=0), SparseRelation(0.01, 0.01)], ids=repr)
def test_the_relation(coupling, X, rng):
    """Two tasks that agree, one that opposes them, one apart."""
    w, v = rng.normal(size=(2, D))
    v -= w * (v @ w) / (w @ w)
    Y = targets(X, np.column_stack([w, w, -w, v]), rng, noise=0.5)
    model = MultiTaskLinearRegressor(0.05, coupling=coupling).fit(X, Y)
    C = model.task_covariance_
    R = C / np.sqrt(np.outer(C.diagonal(), C.diagonal()))
    assert R[0, 1] > 0.8 and R[0, 2] < -0.8 and R[1, 2] < -0.8 and np.abs(R[3, :3]).max() < 0.3
    assert shown(model) == ({"task_precision_"} if isinstance(coupling, SparseRelation) else set())


def test_a_given_relation_is_shown_as_it_is(X, rng):
    C = np.eye(T) + 0.5
    model = MultiTaskLinearRegressor(coupling=GivenRelation(C)).fit(X, rng.normal(size=(N, T)))
    assert model.task_covariance_.tolist() == C.tolist() and shown(model) == set()
