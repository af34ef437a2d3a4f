"""Paths, warm starts and the largest alpha: the same minima, from another start."""

import numpy as np
import pytest
from _asserts import SAME_BITS, Tolerance, assert_close
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import (
    ClusteredTasks,
    Dirty,
    ElementwiseSparsity,
    Independent,
    JointSparsity,
    LearnedRelation,
    LowRank,
    OutlierTasks,
    RobustLowRank,
    SharedParameters,
    SparseLowRank,
)

GAP = Tolerance("objectives at relative duality gaps of 1e-7", rtol=2e-6)
WEIGHTS = Tolerance("weights at a duality gap of 1e-12", rtol=1e-4, atol=1e-5)
ALTERNATED = Tolerance("the stopping rule of the alternation", rtol=5e-6)
N, D, T = 40, 6, 4

PROXIMAL = [
    JointSparsity(),
    JointSparsity(0.5),
    ElementwiseSparsity(),
    LowRank(),
    Dirty(0.7),
    Dirty(0.5, norm="max"),
    OutlierTasks(1.2),
    RobustLowRank(0.8),
    SparseLowRank(0.6),
]
COUPLINGS = [JointSparsity(0.9), Dirty(0.7), LowRank(squared=True), Independent(), SharedParameters()]
LEARNED = [LearnedRelation(smoothing=1e-2), ClusteredTasks(2)]


@pytest.fixture
def table(rng):
    X = rng.normal(size=(N, D)) + 1.0
    W = (rng.normal(size=(D, 1)) + 0.5 * rng.normal(size=(D, T))) * np.array([1, 1, 2, 0, 0, 0])[:, None]
    return X, X @ W + 0.5 * rng.normal(size=(N, T)) + 2.0


@pytest.fixture(params=["numbers", "classes", "own rows", "missing", "wide"])
def problem(request, table, rng):
    """A model class, its parameters, features and targets."""
    X, Y = table
    if request.param == "classes":
        return MultiTaskLogisticRegression, {}, X, (Y > np.median(Y, axis=0)).astype(int)
    if request.param == "own rows":
        task = np.arange(N) % T
        return MultiTaskLinearRegressor, {"task_feature": D}, np.column_stack([X, task]), Y[range(N), task]
    if request.param == "missing":
        return MultiTaskLinearRegressor, {}, X, np.where(rng.random(Y.shape) < 0.3, np.nan, Y)
    if request.param == "wide":
        return MultiTaskLinearRegressor, {}, np.hstack([X, rng.normal(size=(N, 4))])[:8], Y[:8]
    return MultiTaskLinearRegressor, {}, X, Y


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_a_path_has_the_minima_of_single_fits(coupling, problem):
    cls, parameters, X, y = problem
    base = cls(coupling=coupling, tol=1e-7, **parameters)
    models = list(base.fit_path(X, y, alphas=[0.5, 0.05, 0.15]))
    assert [model.alpha for model in models] == [0.5, 0.15, 0.05]
    for model in models:
        alone = cls(model.alpha, coupling=coupling, tol=1e-7, **parameters).fit(X, y)
        assert model.optimality_ <= model.tol
        assert_close(model.objective_, alone.objective_, GAP)
    assert not hasattr(base, "coef_")


@pytest.mark.parametrize("coupling", LEARNED, ids=repr)
def test_a_path_of_learned_relations(coupling, table):
    for model in MultiTaskLinearRegressor(coupling=coupling).fit_path(*table, alphas=[0.5, 0.1, 0.05, 0.02]):
        alone = MultiTaskLinearRegressor(model.alpha, coupling=coupling).fit(*table)
        assert_close(model.objective_, alone.objective_, ALTERNATED)


def test_a_lasso_path_is_scikit_learn_s(table):
    X, Y = table
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    models = list(
        MultiTaskLinearRegressor(coupling=JointSparsity(), tol=1e-12).fit_path(X, Y, alphas=8, eps=0.01)
    )
    alphas = np.array([model.alpha for model in models])
    top = np.linalg.norm(X.T @ Y, axis=1).max() / len(X)
    assert_close(alphas, np.geomspace(top, 0.01 * top, 8), Tolerance("sums in another order", rtol=1e-10))
    _, coefs, _ = enet_path(X, Y, l1_ratio=1.0, alphas=alphas, tol=1e-14, max_iter=100_000)
    assert_close(np.array([model.coef_ for model in models]), coefs.transpose(2, 0, 1), WEIGHTS)


@pytest.mark.parametrize("coupling", PROXIMAL, ids=repr)
def test_alpha_max_is_where_the_weights_begin(coupling, problem):
    cls, parameters, X, y = problem
    top = cls(coupling=coupling, **parameters).alpha_max(X, y)
    above = cls(1.0001 * top, coupling=coupling, **parameters).fit(X, y)
    below = cls(0.98 * top, coupling=coupling, tol=1e-12, **parameters).fit(X, y)
    assert not np.any(above.coef_) and np.any(below.coef_)


def test_couplings_that_are_smooth_at_zero_have_no_alpha_max(table):
    for coupling in (Independent(), LowRank(squared=True), JointSparsity(0.0)):
        model = MultiTaskLinearRegressor(coupling=coupling)
        assert model.alpha_max(*table) == np.inf
        largest, smallest = model.fit_path(*table, alphas=2, eps=1e-2)
        assert np.isclose(smallest.alpha, 1e-4 * largest.alpha, rtol=1e-9, atol=0)
        free = MultiTaskLinearRegressor(1e-9, coupling=Independent()).fit(*table)
        assert np.linalg.norm(largest.coef_) < 0.2 * np.linalg.norm(free.coef_)
        assert np.linalg.norm(smallest.coef_ - free.coef_) < 0.05 * np.linalg.norm(free.coef_)


@pytest.mark.parametrize("coupling", [*COUPLINGS, *LEARNED], ids=repr)
def test_a_warm_start_finds_the_same_minimum(coupling, problem):
    cls, parameters, X, y = problem
    parameters = {"coupling": coupling, "tol": 1e-7, **parameters}
    warm = cls(0.3, warm_start=True, **parameters).fit(X, y)
    warm.set_params(alpha=0.1).fit(X, y)
    cold = cls(0.1, **parameters).fit(X, y)
    assert_close(warm.objective_, cold.objective_, ALTERNATED if coupling in LEARNED else GAP)


@pytest.mark.parametrize("coupling", [JointSparsity(), Dirty(0.7), LowRank(), SharedParameters()], ids=repr)
def test_a_warm_start_at_the_minimum_is_there_already(coupling, table):
    X, Y = table
    y = (Y > np.median(Y, axis=0)).astype(int)
    model = MultiTaskLogisticRegression(0.05, coupling=coupling, warm_start=True).fit(X, y)
    assert model.n_iter_ > 1
    assert model.fit(X, y).n_iter_ == 0
    regression = MultiTaskLinearRegressor(0.05, coupling=JointSparsity(), warm_start=True).fit(X, Y)
    assert regression.n_iter_ > 0 and regression.fit(X, Y).n_iter_ == 0


def test_a_warm_start_carries_over_to_another_coupling(table):
    X, Y = table
    model = MultiTaskLinearRegressor(0.1, coupling=SharedParameters(), warm_start=True).fit(X, Y)
    for coupling in (Dirty(0.7), JointSparsity(), OutlierTasks(1.2), *LEARNED):
        model.set_params(coupling=coupling).fit(X, Y)
        cold = MultiTaskLinearRegressor(0.1, coupling=coupling).fit(X, Y)
        assert_close(model.objective_, cold.objective_, ALTERNATED)


def test_a_warm_start_on_other_data_starts_afresh(table):
    X, Y = table
    others = [(X[:, :3], Y), (X, Y[:, :2]), (X, Y[:, 0])]
    for features, targets in others:
        warm = MultiTaskLinearRegressor(0.1, coupling=JointSparsity(), warm_start=True).fit(X, Y)
        cold = MultiTaskLinearRegressor(0.1, coupling=JointSparsity()).fit(features, targets)
        assert_close(warm.fit(features, targets).coef_, cold.coef_, SAME_BITS)


def test_constant_targets_have_a_path(table):
    X, _ = table
    models = list(MultiTaskLinearRegressor(coupling=JointSparsity()).fit_path(X, np.ones((N, 2)), alphas=3))
    assert len(models) == 3 and not any(model.coef_.any() for model in models)


def test_a_step_that_stops_short_says_so(table):
    model = MultiTaskLinearRegressor(coupling=Dirty(), max_iter=1, tol=1e-12)
    with pytest.warns(ConvergenceWarning, match=r"relative duality gap of.*raise max_iter"):
        list(model.fit_path(*table, alphas=[0.01]))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"alphas": 0}, "alphas must be at least 1.*got 0"),
        ({"alphas": [0.1, -1.0]}, "1-D array of positive values"),
        ({"alphas": [[0.1]]}, "1-D array of positive values"),
        ({"eps": 1.0}, r"eps must be a number in \(0, 1\), got 1.0"),
    ],
)
def test_bad_grids_are_refused(arguments, message, table):
    with pytest.raises(ValueError, match=message):
        list(MultiTaskLinearRegressor().fit_path(*table, **arguments))
