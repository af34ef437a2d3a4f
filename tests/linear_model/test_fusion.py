"""Convex fusion of tasks: the formula, the gap as a bound, planted groups, one group for a large alpha."""

import warnings

import naive
import naive_couplings
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, SAME_BITS, Tolerance, assert_close
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import Independent, TaskFusion

EQUAL = Tolerance("a gap of 1e-9 of the null value", rtol=1e-6)
GENERAL = Tolerance("a general optimiser", rtol=1e-7)
WEIGHTS = Tolerance("weights at a gap of 1e-10", rtol=1e-3, atol=1e-4)
N, D, T = 50, 4, 7
GROUPS = np.array([0, 1, 0, 2, 1, 2, 0])


@pytest.fixture
def table(rng):
    X = rng.normal(size=(N, D)) + 1.0
    return X, X @ (2 * rng.normal(size=(D, 3)))[:, GROUPS] + 0.5 * rng.normal(size=(N, T)) + np.arange(T)


def all_pairs(n_tasks=T):
    return [(s, t, 1 / (n_tasks - 1)) for t in range(n_tasks) for s in range(t)]


@pytest.mark.parametrize("solver", ["closed-form", "newton-cg"])
@pytest.mark.parametrize("alpha", [0.03, 0.5, 3.0])
def test_one_feature_against_a_general_optimiser(alpha, solver, rng):
    """With one feature the lengths are magnitudes, and the problem is quadratic with linear constraints."""
    x, Y, pairs = rng.normal(size=N), rng.normal(size=(N, 4)), all_pairs(4)
    Y += 2 * np.outer(x, [1.0, 1.1, -1.0, 0.5])
    xc, Yc = x - x.mean(), Y - Y.mean(axis=0)

    def objective(v):
        w, lengths = v[:4], v[4:]
        loss = 0.5 * ((Yc - np.outer(xc, w)) ** 2).sum() / N
        return loss + alpha * (sum(u * r for (_, _, u), r in zip(pairs, lengths, strict=True)) + 0.05 * w @ w)

    signs = [(k, sign) for k in range(len(pairs)) for sign in (1, -1)]
    bounds = [
        {"type": "ineq", "fun": lambda v, k=k, g=g: v[4 + k] - g * (v[pairs[k][0]] - v[pairs[k][1]])}
        for k, g in signs
    ]
    found = minimize(
        objective, np.ones(4 + len(pairs)), constraints=bounds, method="SLSQP", options={"ftol": 1e-14}
    )
    model = MultiTaskLinearRegressor(alpha, coupling=TaskFusion(ridge=0.1), solver=solver, tol=1e-10)
    assert_close(model.fit(x[:, None], Y).objective_, found.fun, GENERAL)


def missing(Y, rng):
    return np.where(rng.random(Y.shape) < 0.25, np.nan, Y)


@pytest.mark.parametrize("classify", [False, True])
def test_fits_with_missing_labels_are_their_formula_and_minimal(classify, table, rng):
    """The objective is the naive one, and no step towards other weights, of any size, is better."""
    X, Y = table
    Y = missing((Y > Y.mean(axis=0)).astype(float) if classify else Y, rng)
    cls, alpha = (MultiTaskLogisticRegression, 0.05) if classify else (MultiTaskLinearRegressor, 0.7)
    loss = naive.logistic_loss if classify else naive.squared_loss
    model = cls(alpha, coupling=TaskFusion(), tol=1e-10).fit(X, Y)

    def objective(W, b):
        return naive.shared_objective(
            loss, X, Y, W, b, alpha, lambda W: naive_couplings.fusion_penalty(W, all_pairs(), 0.01)
        )

    W, b = model.coef_.T, model.intercept_
    assert_close(model.objective_, objective(W, b), EQUAL)
    for size in (1e-3, 1e-2, 0.3):
        for _ in range(5):
            one, each = rng.normal(size=(D, 1)), rng.normal(size=(D, T))
            for step in (one, each, each * (rng.random(T) < 0.3)):
                assert objective(W + size * step, b + size * rng.normal(size=T)) > model.objective_
    assert model.optimality_ <= 1e-10 and model.dual_gap_ >= 0


@pytest.mark.parametrize("coupling", [TaskFusion(), TaskFusion(3)], ids=repr)
@pytest.mark.parametrize("classify", [False, True])
def test_the_gap_bounds_the_distance_to_the_minimum(classify, coupling, table):
    X, Y = table
    y = np.digitize(Y, np.quantile(Y, [0.3, 0.6])) if classify else Y
    cls, alpha = (MultiTaskLogisticRegression, 0.1) if classify else (MultiTaskLinearRegressor, 0.7)
    exact = cls(alpha, coupling=coupling, tol=1e-9).fit(X, y)
    for steps in (1, 3, 8):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            short = cls(alpha, coupling=coupling, max_iter=steps, tol=1e-9).fit(X, y)
        assert -1e-7 <= short.objective_ - exact.objective_ <= short.dual_gap_ + 1e-7


def test_both_solvers_and_all_forms_are_one_model(table):
    X, Y = table
    parameters = {"alpha": 0.7, "coupling": TaskFusion(), "tol": 1e-9}
    wide = MultiTaskLinearRegressor(**parameters).fit(X, Y)
    newton = MultiTaskLinearRegressor(**parameters, solver="newton-cg").fit(X, Y)
    assert_close(newton.objective_, wide.objective_, EQUAL)
    assert_close(newton.coef_, wide.coef_, WEIGHTS)
    rows = np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)])
    for container in (np.asarray, sp.csr_array):
        long = MultiTaskLinearRegressor(**parameters, task_feature=D).fit(container(rows), Y.T.ravel())
        assert_close(long.objective_, wide.objective_, EQUAL)
        assert_close(long.coef_, wide.coef_, WEIGHTS)
        assert long.task_labels_.tolist() == wide.task_labels_.tolist()


@pytest.mark.parametrize("classify", [False, True])
def test_planted_groups_are_found(classify, table):
    """The nearest neighbours' graph: the groups, and their tasks equal to the last bit."""
    X, Y = table
    cls, alpha = (MultiTaskLogisticRegression, 0.3) if classify else (MultiTaskLinearRegressor, 1.0)
    model = cls(alpha, coupling=TaskFusion(1)).fit(X, Y > Y.mean(axis=0) if classify else Y)
    assert model.task_labels_.tolist() == GROUPS.tolist()
    assert_close(model.coef_[2], model.coef_[0], SAME_BITS)
    assert model.coef_[1].tolist() != model.coef_[0].tolist()


def test_all_pairs_find_groups_that_are_far_apart(rng):
    X, groups = rng.normal(size=(100, 3)), np.array([0, 0, 1, 1, 0])
    Y = X @ np.array([[5.0, -5.0], [5.0, -5.0], [0.0, 1.0]])[:, groups] + 0.3 * rng.normal(size=(100, 5))
    model = MultiTaskLinearRegressor(1.0, coupling=TaskFusion()).fit(X, Y)
    assert model.task_labels_.tolist() == groups.tolist()


def test_a_large_alpha_gives_one_group_and_a_small_one_separate_tasks(table):
    X, Y = table
    model = MultiTaskLinearRegressor(50.0, coupling=TaskFusion(ridge=1e-3)).fit(X, Y)
    assert model.task_labels_.tolist() == [0] * T
    pooled = Ridge(0.05 * N).fit(X, Y.mean(axis=1))
    assert_close(model.coef_, np.tile(pooled.coef_, (T, 1)), Tolerance("a gap of 1e-9", atol=1e-3))
    apart = MultiTaskLinearRegressor(1e-7, coupling=TaskFusion(), tol=1e-12).fit(X, Y)
    ridge = MultiTaskLinearRegressor(1e-9, coupling=Independent()).fit(X, Y)
    assert apart.task_labels_.tolist() == list(range(T))
    assert_close(apart.coef_, ridge.coef_, Tolerance("an alpha of 1e-7", atol=1e-4))


def test_equal_tasks_are_one_group_at_any_alpha(table):
    X, Y = table
    Y = np.column_stack([Y, Y[:, 0] + 3.0])
    model = MultiTaskLinearRegressor(0.01, coupling=TaskFusion()).fit(X, Y)
    assert model.task_labels_.tolist() == [*range(T), 0]
    assert_close(model.intercept_[T], model.intercept_[0] + 3.0, Tolerance("a gap of 1e-9", atol=1e-6))


def test_permuting_tasks_permutes_the_model(table):
    X, Y = table
    straight = MultiTaskLinearRegressor(0.7, coupling=TaskFusion(2), tol=1e-10).fit(X, Y)
    turned = MultiTaskLinearRegressor(0.7, coupling=TaskFusion(2), tol=1e-10).fit(X, Y[:, ::-1])
    assert_close(turned.coef_, straight.coef_[::-1], WEIGHTS)


def test_tasks_of_different_classes_are_never_in_one_group(rng):
    X = rng.normal(size=(60, 3))
    y = np.column_stack([np.digitize(X[:, 0] + rng.normal(size=60), c) for c in ([0], [0], [-0.5, 0.5], [0])])
    model = MultiTaskLogisticRegression(5.0, coupling=TaskFusion(), tol=1e-8).fit(X, y)
    assert model.task_labels_.tolist() == [0, 0, 1, 0]


def test_features_without_signal_leave_the_intercepts():
    X = np.random.default_rng(0).normal(size=(N, D))
    model = MultiTaskLinearRegressor(0.1, coupling=TaskFusion()).fit(X, np.ones((N, T)) * np.arange(T))
    assert_close(model.coef_, np.zeros((T, D)), ROUNDING)
    assert model.task_labels_.tolist() == [0] * T


@pytest.mark.parametrize(
    "parameters, message",
    [
        (
            {"coupling": TaskFusion(0)},
            "TaskFusion.neighbours must be None or a whole number, at least 1, got 0",
        ),
        ({"coupling": TaskFusion(2.5)}, "TaskFusion.neighbours must be None or a whole number"),
        ({"coupling": TaskFusion(ridge=0)}, r"TaskFusion.ridge must be a number in \(0, inf\), got 0"),
        ({"coupling": TaskFusion(), "solver": "proximal-gradient"}, "no proximal map in closed form"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals_name_what_does_not_fit(parameters, message, table):
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor(**parameters).fit(*table)


def test_the_closed_form_is_refused_for_missing_labels(table, rng):
    X, Y = table
    with pytest.raises(ValueError, match="'closed-form' needs the squared loss"):
        MultiTaskLinearRegressor(coupling=TaskFusion(), solver="closed-form").fit(X, missing(Y, rng))


def test_a_fit_that_stops_short_says_so(table):
    with pytest.warns(ConvergenceWarning, match="relative duality gap of"):
        model = MultiTaskLinearRegressor(0.7, coupling=TaskFusion(), max_iter=2).fit(*table)
    assert model.n_iter_ == 2 and model.optimality_ > model.tol
