"""Couplings with a proximal map: the minimum, by scikit-learn, by naive slopes and by the duality gap."""

import warnings

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, Tolerance, assert_close
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, MultiTaskElasticNet

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import (
    Dirty,
    ElementwiseSparsity,
    GivenRelation,
    Independent,
    JointSparsity,
    LearnedRelation,
    LowRank,
    OutlierTasks,
    RobustLowRank,
    SparseLowRank,
)
from skmtl.fitting import _proximal_fit

EQUAL = Tolerance("equal minima of one convex function", rtol=1e-8)
SLOPES = Tolerance("slopes at a duality gap of 1e-12", rtol=2e-5, atol=2e-5)
WEIGHTS = Tolerance("weights at a duality gap of 1e-12", rtol=1e-4, atol=1e-5)

N, D, T = 40, 6, 4
TASKS = np.arange(T)


# coupling, naive penalties of its parts, naive dual norms (divided by their prices)
NORMS = {
    "joint": (JointSparsity(), [naive.row_norm], [naive.row_norm_dual]),
    "elementwise": (ElementwiseSparsity(), [naive.entry_norm], [naive.entry_norm_dual]),
    "low rank": (LowRank(), [naive.trace_norm], [naive.trace_norm_dual]),
    "dirty": (
        Dirty(0.7),
        [naive.row_norm, lambda Q: 0.7 * naive.entry_norm(Q)],
        [naive.row_norm_dual, lambda G: naive.entry_norm_dual(G) / 0.7],
    ),
    "dirty max": (
        Dirty(0.5, norm="max"),
        [naive.row_max, lambda Q: 0.5 * naive.entry_norm(Q)],
        [naive.row_max_dual, lambda G: naive.entry_norm_dual(G) / 0.5],
    ),
    "outliers": (
        OutlierTasks(1.2),
        [naive.row_norm, lambda Q: 1.2 * naive.task_norm(Q, TASKS)],
        [naive.row_norm_dual, lambda G: naive.task_norm_dual(G, TASKS) / 1.2],
    ),
    "robust": (
        RobustLowRank(0.8),
        [naive.trace_norm, lambda Q: 0.8 * naive.task_norm(Q, TASKS)],
        [naive.trace_norm_dual, lambda G: naive.task_norm_dual(G, TASKS) / 0.8],
    ),
    "sparse + low rank": (
        SparseLowRank(0.6),
        [naive.trace_norm, lambda Q: 0.6 * naive.entry_norm(Q)],
        [naive.trace_norm_dual, lambda G: naive.entry_norm_dual(G) / 0.6],
    ),
}
COUPLINGS = [
    *(coupling for coupling, *_ in NORMS.values()),
    JointSparsity(0.5),
    ElementwiseSparsity(0.5),
    LowRank(squared=True),
]


@pytest.fixture
def table(rng):
    """Features with means and scales; targets of four tasks that use three of the six."""
    X = rng.normal(size=(N, D)) * [1.0, 2.0, 0.5, 1.0, 1.0, 1.0] + 1.0
    W = (rng.normal(size=(D, 1)) + 0.5 * rng.normal(size=(D, T))) * np.array([1, 1, 2, 0, 0, 0])[:, None]
    return X, X @ W + 0.5 * rng.normal(size=(N, T)) + 2.0


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("solver", ["block-descent", "proximal-gradient"])
def test_joint_sparsity_is_multi_task_elastic_net(table, l1_ratio, intercept, solver):
    X, Y = table
    parameters = {"alpha": 0.3, "l1_ratio": l1_ratio, "fit_intercept": intercept}
    peer = MultiTaskElasticNet(**parameters, tol=1e-13, max_iter=100_000).fit(X, Y)
    ours = MultiTaskLinearRegressor(
        0.3, coupling=JointSparsity(l1_ratio), fit_intercept=intercept, tol=1e-12, solver=solver
    ).fit(X, Y)
    W = peer.coef_
    residual = Y - X @ W.T - peer.intercept_
    penalty = l1_ratio * naive.row_norm(W.T) + 0.5 * (1 - l1_ratio) * (W**2).sum()
    assert_close(ours.objective_, 0.5 * (residual**2).sum() / N + 0.3 * penalty, EQUAL)
    assert_close(ours.coef_, W, WEIGHTS)
    assert_close(ours.support_, (W != 0).any(axis=0), ROUNDING)


def test_elementwise_sparsity_is_the_lasso_of_each_task(table):
    X, Y = table
    ours = MultiTaskLinearRegressor(0.2, coupling=ElementwiseSparsity(), tol=1e-12).fit(X, Y)
    for t in range(T):
        assert_close(ours.coef_[t], Lasso(0.2, tol=1e-13, max_iter=100_000).fit(X, Y[:, t]).coef_, WEIGHTS)


def _slopes(loss_slope, X, Y, task, W, b):
    """Minus the loss's gradient (d, T), label by label; task is None for a shared X with NaN."""
    G, count = np.zeros_like(W), 0
    for i in range(len(X)):
        for t in range(T) if task is None else [task[i]]:
            label = Y[i, t] if task is None else Y[i]
            if not np.isnan(label):
                G[:, t] -= loss_slope(label, X[i] @ W[:, t] + b[t]) * X[i]
                count += 1
    return T * G / count


def _assert_optimal(name, model, G):
    """G / alpha is a subgradient of R at W: inside the dual ball, and <G, W> = R(W) part by part."""
    _, penalties, duals = NORMS[name]
    parts = [model.coef_] if model.coef_parts_ is None else model.coef_parts_
    G = G / model.alpha
    for part, penalty, dual in zip(parts, penalties, duals, strict=True):
        assert dual(G) <= 1 + 2e-5, "outside the dual ball"
        assert_close(np.vdot(G, part.T), penalty(part.T), SLOPES)


@pytest.mark.parametrize("name", NORMS)
def test_regression_with_missing_labels_is_optimal(name, table, rng):
    X, Y = table
    Y = np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
    coupling, penalties, _ = NORMS[name]
    model = MultiTaskLinearRegressor(0.3, coupling=coupling, tol=1e-12).fit(X, Y)
    G = _slopes(lambda y, z: z - y, X, Y, None, model.coef_.T, model.intercept_)
    _assert_optimal(name, model, G)
    parts = [model.coef_] if model.coef_parts_ is None else model.coef_parts_

    def penalty(W):
        return sum(p(part.T) for p, part in zip(penalties, parts, strict=True))

    value = naive.shared_objective(naive.squared_loss, X, Y, model.coef_.T, model.intercept_, 0.3, penalty)
    assert_close(model.objective_, value, EQUAL)
    assert_close(sum(parts), model.coef_, ROUNDING)
    assert 0 <= model.dual_gap_ and model.optimality_ <= 1e-12


@pytest.mark.parametrize("name", NORMS)
def test_classes_of_tasks_that_own_their_rows_are_optimal(name, table, rng):
    X, Y = table
    task = rng.permutation(np.arange(N) % T)
    y = (Y > np.median(Y, axis=0)).astype(float)[np.arange(N), task]
    model = MultiTaskLogisticRegression(0.05, coupling=NORMS[name][0], task_feature=D, tol=1e-12)
    model.fit(np.column_stack([X, task]), y)
    G = _slopes(lambda y, z: 1 / (1 + np.exp(-z)) - y, X, y, task, model.coef_.T, model.intercept_)
    _assert_optimal(name, model, G)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_the_gap_bounds_the_distance_to_the_minimum(coupling, table):
    X, Y = table
    y = np.digitize(Y, np.quantile(Y, [0.3, 0.6]))
    exact = MultiTaskLogisticRegression(0.05, coupling=coupling, tol=1e-11).fit(X, y)
    for steps in (1, 5, 20):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            short = MultiTaskLogisticRegression(0.05, coupling=coupling, max_iter=steps).fit(X, y)
        assert 0 <= short.objective_ - exact.objective_ + 1e-9 <= short.dual_gap_ + 2e-9


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_long_and_wide_form_are_one_model(coupling, table):
    X, Y = table
    y = (np.argsort(np.argsort(Y, axis=0), axis=0) * 3) // N
    wide = MultiTaskLogisticRegression(0.05, coupling=coupling, tol=1e-11).fit(X, y)
    long = MultiTaskLogisticRegression(0.05, coupling=coupling, tol=1e-11, task_feature=-1)
    long.fit(np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)]), y.T.ravel())
    assert_close(long.objective_, wide.objective_, EQUAL)
    assert_close(long.coef_, wide.coef_, Tolerance("weights at a gap of 1e-11", rtol=1e-3, atol=1e-4))


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
@pytest.mark.parametrize("intercept", [True, False])
def test_many_rows_of_each_task_are_summarised_without_loss(coupling, intercept, table, rng, monkeypatch):
    """Tasks with a row to spare, by products of their features and by the rows themselves."""
    X, Y = table
    rows = np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)])
    rows, y, weight = rows[:-32], Y.T.ravel()[:-32], rng.random(N * T - 32)  # the last task has 8 rows
    parameters = {"coupling": coupling, "tol": 1e-11, "task_feature": D, "fit_intercept": intercept}
    fits = [MultiTaskLinearRegressor(0.05, **parameters, solver="proximal-gradient") for _ in range(3)]
    short = fits[0].fit(rows, y, sample_weight=weight)
    sparse = fits[1].fit(sp.csr_array(rows), y, sample_weight=weight)
    monkeypatch.setattr(_proximal_fit, "summarise", lambda *given: None)
    whole = fits[2].fit(rows, y, sample_weight=weight)
    near = Tolerance("a gap of 1e-11", rtol=1e-3, atol=1e-3)
    for model in (short, sparse):
        assert_close(model.objective_, whole.objective_, EQUAL)
        assert_close(model.predict(rows), whole.predict(rows), near)


@pytest.mark.parametrize("coupling", [RobustLowRank(), LowRank(squared=True)], ids=repr)
@pytest.mark.parametrize("intercept", [True, False])
def test_missing_labels_are_summarised_without_loss(coupling, intercept, table, rng, monkeypatch):
    X, Y = table
    Y = np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
    parameters = {"coupling": coupling, "tol": 1e-11, "fit_intercept": intercept}
    short = MultiTaskLinearRegressor(0.05, **parameters).fit(X, Y)
    monkeypatch.setattr(_proximal_fit, "summarise", lambda *given: None)
    whole = MultiTaskLinearRegressor(0.05, **parameters).fit(X, Y)
    assert_close(short.objective_, whole.objective_, EQUAL)
    assert_close(short.predict(X), whole.predict(X), Tolerance("a gap of 1e-11", rtol=1e-3, atol=1e-3))


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_matrix])
def test_sparse_features_and_weights_give_the_dense_model(coupling, container, table, rng):
    X, Y = table
    X, weight = np.where(np.abs(X) > 1.0, X, 0.0), rng.random(N)
    dense = MultiTaskLinearRegressor(0.1, coupling=coupling, tol=1e-11).fit(X, Y, sample_weight=weight)
    sparse = MultiTaskLinearRegressor(0.1, coupling=coupling, tol=1e-11)
    sparse.fit(container(X), Y, sample_weight=weight)
    assert_close(sparse.objective_, dense.objective_, EQUAL)
    assert_close(sparse.predict(container(X)), dense.predict(X), WEIGHTS)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_permuting_tasks_permutes_the_model(coupling, table):
    X, Y = table
    straight = MultiTaskLinearRegressor(0.1, coupling=coupling, tol=1e-12).fit(X, Y)
    permuted = MultiTaskLinearRegressor(0.1, coupling=coupling, tol=1e-12).fit(X, Y[:, ::-1])
    assert_close(permuted.coef_, straight.coef_[::-1], WEIGHTS)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_a_small_alpha_gives_separate_tasks(coupling, table):
    X, Y = table
    tied = MultiTaskLinearRegressor(1e-3, coupling=coupling, tol=1e-8).fit(X, Y)
    apart = MultiTaskLinearRegressor(1e-10, coupling=Independent()).fit(X, Y)
    assert_close(tied.coef_, apart.coef_, Tolerance("an alpha of 1e-3", atol=5e-2))


@pytest.mark.parametrize("name", NORMS)
def test_a_large_alpha_leaves_the_intercepts(name, table):
    X, Y = table
    model = MultiTaskLinearRegressor(1e3, coupling=NORMS[name][0]).fit(X, Y)
    assert_close(model.coef_, np.zeros((T, D)), ROUNDING)
    assert_close(model.intercept_, Y.mean(axis=0), ROUNDING)


def test_learned_relations_without_a_mean_are_the_squared_trace_norm(table):
    """MTRL = MTFL = squared trace norm: ``min over Omega`` of ``tr(W Omega^-1 W') / 2`` is ||W||_*^2 / 2T."""
    X, Y = table
    trace = MultiTaskLinearRegressor(0.4 / T, coupling=LowRank(squared=True), tol=1e-13).fit(X, Y)
    values, vectors = np.linalg.eigh(trace.coef_ @ trace.coef_.T)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    C = T * (root + root.T) / (2 * np.trace(root))
    best = MultiTaskLinearRegressor(0.4, coupling=GivenRelation(C)).fit(X, Y)
    assert_close(best.objective_, trace.objective_, EQUAL)
    assert_close(best.coef_, trace.coef_, WEIGHTS)
    learned = MultiTaskLinearRegressor(
        0.4, coupling=LearnedRelation(sharing=0, smoothing=1e-4), tol=1e-6
    ).fit(X, Y)
    assert learned.objective_ >= trace.objective_
    assert_close(learned.objective_, trace.objective_, Tolerance("smoothing of 1e-4", rtol=1e-2))


def test_wide_data_in_the_space_of_the_rows(rng):
    """A low-rank fit of more features than rows: the naive slopes must fit in all of them."""
    X, Y = rng.normal(size=(10, 25)), rng.normal(size=(10, T))
    model = MultiTaskLinearRegressor(0.2, coupling=LowRank(), tol=1e-12).fit(X, Y)
    G = _slopes(lambda y, z: z - y, X, Y, None, model.coef_.T, model.intercept_)
    _assert_optimal("low rank", model, G)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_several_classes_stand_beside_two(coupling, table):
    """Columns of a task of three classes are one task for the couplings that treat tasks as wholes."""
    X, Y = table
    y = np.column_stack([Y[:, 0] > Y[:, 0].mean(), np.digitize(Y[:, 1], np.quantile(Y[:, 1], [0.3, 0.6]))])
    model = MultiTaskLogisticRegression(0.05, coupling=coupling).fit(X, y)
    assert [coef.shape for coef in model.coef_] == [(1, D), (3, D)]
    assert model.optimality_ <= 1e-9
    if hasattr(model, "outlier_tasks_"):
        assert model.outlier_tasks_.shape == (2,)


def test_what_a_fit_has_learned_is_shown(rng):
    """Planted: features 0 and 1 for all tasks, feature 5 for task 2 alone, task 3 on its own features."""
    X = rng.normal(size=(300, 8))
    W = np.zeros((8, 6))
    W[:2] = rng.choice([-1, 1], size=(2, 6)) * rng.uniform(1, 2, size=(2, 6))
    joint = MultiTaskLinearRegressor(0.1, coupling=JointSparsity()).fit(X, X @ W)
    assert joint.support_.tolist() == [True] * 2 + [False] * 6
    assert joint.task_covariance_ is None and joint.coef_parts_ is None and joint.shared_coef_ is None
    low = MultiTaskLinearRegressor(0.1, coupling=LowRank()).fit(X, X @ W)
    assert low.rank_ == 2 and not hasattr(low, "support_")
    W[:, 3] = 0
    W[4:, 3] = 3.0
    Y = X @ W
    outlier = MultiTaskLinearRegressor(0.2, coupling=OutlierTasks(1.7)).fit(X, Y)
    assert outlier.outlier_tasks_.tolist() == [t == 3 for t in range(6)]
    assert outlier.support_.tolist() == [True] * 2 + [False] * 6
    W[:, 3] = W[:, 0]
    W[5, 2] = 3.0
    dirty = MultiTaskLinearRegressor(0.1, coupling=Dirty(0.7)).fit(X, X @ W)
    assert dirty.support_.tolist() == [True] * 2 + [False] * 6
    assert np.argwhere(dirty.coef_parts_[1]).tolist() == [[2, 5]]


def test_a_refit_forgets_what_another_coupling_found(table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=JointSparsity()).fit(X, Y)
    model.set_params(coupling=LowRank()).fit(X, Y)
    assert hasattr(model, "rank_") and not hasattr(model, "support_")
    model.set_params(coupling=None).fit(X, Y)
    assert not hasattr(model, "rank_") and model.task_covariance_ is not None and model.dual_gap_ is None


REFUSED = [
    ({"coupling": JointSparsity(), "solver": "newton-cg"}, "'newton-cg' needs a quadratic coupling.*JointSp"),
    ({"coupling": LowRank(), "solver": "closed-form"}, "'closed-form' needs a quadratic coupling.*LowRank"),
    ({"coupling": Independent(), "solver": "proximal-gradient"}, "needs a coupling with a proximal map"),
    ({"coupling": LowRank(), "solver": "block-descent"}, "'block-descent' needs the squared loss.*LowRank"),
    ({"coupling": Independent(), "solver": "block-descent"}, "needs a coupling with a proximal map"),
    ({"coupling": JointSparsity(1.5)}, r"JointSparsity.l1_ratio must be a number in \[0, 1\], got 1.5"),
    ({"coupling": ElementwiseSparsity("x")}, r"ElementwiseSparsity.l1_ratio must be a number in \[0, 1\]"),
    ({"coupling": Dirty(0)}, r"Dirty.specific must be a number in \(0, inf\), got 0"),
    ({"coupling": Dirty(norm="l3")}, "Dirty.norm must be 'l2' or 'max', got 'l3'"),
    ({"coupling": OutlierTasks(np.inf)}, "OutlierTasks.outlier must be a number"),
    ({"coupling": RobustLowRank(True)}, "RobustLowRank.outlier must be a number"),
    ({"coupling": SparseLowRank(-1)}, "SparseLowRank.specific must be a number"),
]


@pytest.mark.parametrize("parameters, message", REFUSED, ids=[message for _, message in REFUSED])
def test_refusals_name_what_does_not_fit(parameters, message, table):
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor(**parameters).fit(*table)


def test_a_fit_that_stops_short_says_so(table):
    with pytest.warns(ConvergenceWarning, match=r"relative duality gap of.*raise max_iter"):
        model = MultiTaskLinearRegressor(0.01, coupling=Dirty(), max_iter=2).fit(*table)
    assert model.n_iter_ == 2 and model.optimality_ > model.tol


def test_an_unseen_task_has_no_shared_part(table):
    X, Y = table
    rows = np.column_stack([X, np.arange(N) % 2])
    with pytest.raises(ValueError, match="JointSparsity.. has no part that the tasks share"):
        MultiTaskLinearRegressor(coupling=JointSparsity(), task_feature=D, unknown_task="shared").fit(
            rows, Y[:, 0]
        )
