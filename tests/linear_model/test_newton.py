"""Proximal Newton fits: the minima of scikit-learn and of proximal gradient, true gaps, all forms of data."""

import warnings

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, Tolerance, assert_close
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import (
    Dirty,
    ElementwiseSparsity,
    Independent,
    JointSparsity,
    LowRank,
    OutlierTasks,
)
from skmtl.fitting import _row_newton

EQUAL = Tolerance("equal minima of one convex function", rtol=1e-8)
CLOSE = Tolerance("weights at a duality gap of 1e-11", rtol=1e-3, atol=1e-4)
N, D, T = 60, 8, 3

ROWWISE = [JointSparsity(), JointSparsity(0.5), ElementwiseSparsity(), ElementwiseSparsity(0.3)]
OTHERS = [LowRank(), LowRank(squared=True), Dirty(0.7), OutlierTasks(1.2)]


@pytest.fixture
def scores(rng):
    """Features with means and scales; scores of three tasks that use three of them."""
    X = rng.normal(size=(N, D)) * np.geomspace(0.3, 3.0, D) + 1.0
    W = (rng.normal(size=(D, 1)) + 0.5 * rng.normal(size=(D, T))) * (np.arange(D) < 3)[:, None]
    Z = X @ W
    return X, (Z - Z.mean(axis=0)) / Z.std(axis=0) + 0.7 * rng.normal(size=(N, T))


def forms(X, Z, rng):
    """Name -> (X, y, parameters, fit parameters) of every kind of data a fit takes."""
    y = (Z > 0.2).astype(float)
    hidden = np.where(rng.random(y.shape) < 0.3, np.nan, y)
    task = rng.permutation(np.arange(N) % T)
    three = np.digitize(Z[:, :2], [-0.5, 0.5])
    sparse = np.where(np.abs(X) > 1.0, X, 0.0)
    rows = np.column_stack([X, task]), y[np.arange(N), task]
    weight = {"sample_weight": rng.random(N), "target_weight": rng.random((N, T))}
    return {
        "shared": (X, y, {}, {}),
        "hidden labels": (X, hidden, {}, {}),
        "weights": (X, hidden, {"loss_average": "task"}, weight),
        "own rows": (*rows, {"task_feature": D, "loss_average": "task"}, {}),
        "own rows, no intercept": (*rows, {"task_feature": D, "fit_intercept": False}, {}),
        "three classes": (X, three, {}, {}),
        "two classes and three": (X, np.column_stack([y[:, 0], three[:, 1]]), {}, {}),
        "three classes, own rows": (rows[0], np.digitize(Z[:, 0], [-0.5, 0.5]), {"task_feature": D}, {}),
        "sparse": (sp.csr_array(sparse), hidden, {}, {}),
        "sparse, own rows": (sp.csc_array(np.column_stack([sparse, task])), rows[1], {"task_feature": D}, {}),
    }


NAMES = list(forms(np.ones((N, D)), np.ones((N, T)), np.random.default_rng(0)))
PAIRS = [(name, coupling) for name in NAMES for coupling in (JointSparsity(0.7), ElementwiseSparsity())]
PAIRS += [(name, coupling) for name in ("weights", "own rows") for coupling in OTHERS]
PAIRS += [("own rows, no intercept", LowRank()), ("shared", OutlierTasks(1.2))]


def fit(form, coupling, solver, alpha=0.03, tol=1e-10, **more):
    X, y, parameters, fit_parameters = form
    model = MultiTaskLogisticRegression(
        alpha, coupling=coupling, solver=solver, tol=tol, **parameters, **more
    )
    return model.fit(X, y, **fit_parameters)


@pytest.mark.parametrize("name, coupling", PAIRS, ids=str)
def test_the_minimum_is_that_of_proximal_gradient(name, coupling, scores, rng):
    form = forms(*scores, rng)[name]
    newton = fit(form, coupling, "proximal-newton")
    gradient = fit(form, coupling, "proximal-gradient", tol=1e-8)
    assert 0 <= newton.dual_gap_ and newton.optimality_ <= 1e-10
    assert newton.objective_ <= gradient.objective_ + 1e-11
    assert_close(newton.objective_, gradient.objective_, EQUAL)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("alpha", [0.002, 0.05])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_one_task_is_scikit_learn_s(n_classes, alpha, l1_ratio, scores):
    X, Z = scores
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = np.digitize(Z[:, 0], [0.0] if n_classes == 2 else [-0.5, 0.5])
    ours = MultiTaskLogisticRegression(alpha, coupling=ElementwiseSparsity(l1_ratio), tol=1e-11).fit(X, y)
    peer = LogisticRegression(
        C=1 / (alpha * N), l1_ratio=l1_ratio, solver="saga", tol=1e-13, max_iter=100_000
    )
    peer.fit(X, y)

    def objective(W, b):
        losses = naive.logistic_loss if n_classes == 2 else naive.multinomial_loss
        Z = X @ W.T + b
        loss = np.mean([losses(label, z[0] if n_classes == 2 else z) for label, z in zip(y, Z, strict=True)])
        return loss + alpha * (l1_ratio * np.abs(W).sum() + 0.5 * (1 - l1_ratio) * (W**2).sum())

    assert_close(ours.objective_, objective(ours.coef_, ours.intercept_), EQUAL)
    assert_close(ours.objective_, objective(peer.coef_, peer.intercept_), EQUAL)
    assert_close(ours.predict_proba(X), peer.predict_proba(X), Tolerance("two solvers", atol=1e-4))


def largest_alpha(X, y):
    """The alpha from which on all weights of ``JointSparsity`` are zero."""
    return np.linalg.norm((X - X.mean(axis=0)).T @ (y - y.mean(axis=0)), axis=1).max() / len(X)


@pytest.mark.parametrize("share, n_used", [(1.001, 0), (0.99, 1)])
def test_features_enter_below_the_largest_alpha(share, n_used, scores):
    X, Z = scores
    y = (Z > 0).astype(float)
    model = MultiTaskLogisticRegression(share * largest_alpha(X, y), coupling=JointSparsity()).fit(X, y)
    assert model.support_.sum() == n_used
    assert (model.n_iter_ == 0) == (n_used == 0)
    if n_used == 0:
        assert_close(model.predict_proba(X)[0][:, 1], np.full(N, y[:, 0].mean()), ROUNDING)


@pytest.mark.parametrize("coupling", [*ROWWISE, *OTHERS], ids=repr)
def test_separable_classes_and_a_small_alpha(coupling, scores):
    X, _ = scores
    y = np.column_stack([X[:, t] > np.median(X[:, t]) for t in range(T)]).astype(float)
    model = MultiTaskLogisticRegression(1e-3, coupling=coupling, tol=1e-8).fit(X, y)
    assert model.optimality_ <= 1e-8
    assert (model.predict(X) == y).mean() > 0.95


@pytest.mark.parametrize("coupling", [*ROWWISE, *OTHERS], ids=repr)
def test_the_gap_bounds_the_distance_to_the_minimum(coupling, scores, rng):
    form = forms(*scores, rng)["own rows"]
    best = fit(form, coupling, "proximal-newton").objective_
    for steps in (1, 2, 3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            short = fit(form, coupling, "proximal-newton", max_iter=steps)
        assert short.n_iter_ <= steps
        assert -1e-10 <= short.objective_ - best <= short.dual_gap_ + 1e-10


def wide(rng, d=70):
    """More features than rows, correlated; four are used."""
    X = rng.normal(size=(40, d))
    X[:, 1:] += 0.7 * X[:, :-1]
    return X, (X[:, :4] @ rng.normal(size=(4, T)) + rng.normal(size=(40, T)) > 0).astype(float)


@pytest.mark.parametrize("coupling", ROWWISE, ids=repr)
@pytest.mark.parametrize(
    "numbers", [{"BESIDES": 3}, {"ROOM": 1, "BLOCK": 8}, {"BESIDES": 5, "ROOM": 1, "BLOCK": 8}]
)
def test_working_sets_and_blocks_change_nothing(coupling, numbers, rng, monkeypatch):
    X, y = wide(rng)
    whole = MultiTaskLogisticRegression(0.02, coupling=coupling, tol=1e-11).fit(X, y)
    for name, number in numbers.items():
        monkeypatch.setattr(_row_newton, name, number)
    pieces = MultiTaskLogisticRegression(0.02, coupling=coupling, tol=1e-11).fit(X, y)
    assert pieces.optimality_ <= 1e-11
    assert_close(pieces.objective_, whole.objective_, EQUAL)
    assert_close(pieces.coef_, whole.coef_, CLOSE)


@pytest.mark.parametrize("coupling", [JointSparsity(), JointSparsity(0.5), ElementwiseSparsity()], ids=repr)
def test_no_feature_of_the_minimum_is_screened(coupling, rng, monkeypatch):
    """Whatever the gap says is out is out; close to the minimum it says so of nearly all of them."""
    X, y = wide(rng)
    asked = []
    original = _row_newton.RowNewtonProblem.working_set
    monkeypatch.setattr(_row_newton, "BESIDES", 1000)

    def listening(problem, x, certificate):
        asked.append(original(problem, x, certificate))
        return asked[-1]

    monkeypatch.setattr(_row_newton.RowNewtonProblem, "working_set", listening)
    model = MultiTaskLogisticRegression(0.08, coupling=coupling, tol=1e-10).fit(X, y)
    support = np.flatnonzero(model.support_)
    assert len(support) > 0
    assert all(np.isin(support, chosen).all() for chosen in asked)
    assert len(asked[-1]) < 70


def test_a_feature_that_is_constant_for_one_task_or_all(scores, rng):
    X, Z = scores
    task = rng.permutation(np.arange(N) % T)
    y = Z[np.arange(N), task] > 0
    X[:, 4], X[task == 1, 0] = 2.0, 7.0
    model = MultiTaskLogisticRegression(0.03, coupling=JointSparsity(), task_feature=D)
    model.fit(np.column_stack([X, task]), y)
    assert model.optimality_ <= 1e-9
    assert not model.coef_[:, 4].any() and model.coef_[[0, 2], 0].all()
    assert_close(model.coef_[1, 0], 0.0, ROUNDING)


@pytest.mark.parametrize("coupling", [JointSparsity(0.7), LowRank()], ids=repr)
def test_permuting_tasks_and_features_permutes_the_model(coupling, scores):
    X, Z = scores
    straight = MultiTaskLogisticRegression(0.03, coupling=coupling, tol=1e-11).fit(X, Z > 0)
    turned = MultiTaskLogisticRegression(0.03, coupling=coupling, tol=1e-11).fit(X[:, ::-1], (Z > 0)[:, ::-1])
    assert_close(turned.coef_, straight.coef_[::-1, ::-1], CLOSE)


@pytest.mark.parametrize("coupling", [JointSparsity(0.5), Dirty(0.7)], ids=repr)
def test_the_squared_loss_too(coupling, scores, rng):
    X, Z = scores
    Z = np.where(rng.random(Z.shape) < 0.3, np.nan, Z)
    newton, gradient = (
        MultiTaskLinearRegressor(0.1, coupling=coupling, solver=solver, tol=1e-10).fit(X, Z)
        for solver in ("proximal-newton", "proximal-gradient")
    )
    assert_close(newton.objective_, gradient.objective_, EQUAL)


def test_refusals_say_what_fits(scores):
    X, Z = scores
    y = (Z > 0).astype(int)
    message = (
        r"'proximal-newton' needs JointSparsity or ElementwiseSparsity, or else a dense X .*got LowRank\(\)"
    )
    for features, labels in ((sp.csr_array(X), y), (X, np.digitize(Z, [-0.5, 0.5]))):
        with pytest.raises(ValueError, match=message):
            MultiTaskLogisticRegression(coupling=LowRank(), solver="proximal-newton").fit(features, labels)
    with pytest.raises(ValueError, match="needs a coupling with a proximal map, but Independent"):
        MultiTaskLogisticRegression(coupling=Independent(), solver="proximal-newton").fit(X, y)
    with pytest.warns(ConvergenceWarning, match="relative duality gap of.*raise max_iter"):
        MultiTaskLogisticRegression(1e-3, coupling=JointSparsity(), max_iter=1).fit(X, y)
