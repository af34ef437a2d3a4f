"""MCP and SCAD rows: formula, tangents, stationarity, the closed form, and the support they find."""

import warnings

import naive
import naive_couplings
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, Tolerance, assert_close
from sklearn.exceptions import ConvergenceWarning

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import ConcaveJointSparsity, JointSparsity

QUADRATURE = Tolerance("trapezoids of a piecewise linear slope", rtol=2e-5)
SLOPES = Tolerance("a proximal step of 1e-11", atol=1e-8)
WEIGHTS = Tolerance("weights at a proximal step of 1e-11", rtol=1e-6, atol=1e-7)
BOTH = [ConcaveJointSparsity("mcp", 3.0), ConcaveJointSparsity("scad", 3.7)]
N, D, T = 50, 6, 3


@pytest.fixture
def table(rng):
    X = rng.normal(size=(N, D)) + 1.0
    W = rng.normal(size=(D, T)) * np.array([2.0, 1.0, 0.3, 0, 0, 0])[:, None]
    return X, X @ W + 0.5 * rng.normal(size=(N, T)) - 1.0


def slope(coupling, x, alpha):
    if coupling.penalty == "mcp":
        return max(alpha - x / coupling.concavity, 0.0)
    return min(alpha, max(coupling.concavity * alpha - x, 0.0) / (coupling.concavity - 1))


@pytest.mark.parametrize("coupling", BOTH, ids=repr)
def test_the_value_is_its_twin(coupling, rng):
    W = rng.normal(size=(12, T)) * np.linspace(0, 2, 12)[:, None]
    for alpha in (0.1, 0.7):
        expected = naive_couplings.concave_row_penalty(W, alpha, coupling.penalty, coupling.concavity)
        assert_close(alpha * coupling.value(W, alpha), expected, QUADRATURE)


@pytest.mark.parametrize("coupling", BOTH, ids=repr)
def test_tangents_touch_and_lie_above(coupling, rng):
    W = rng.normal(size=(5, T)) * np.array([0.0, 0.1, 0.5, 1.0, 3.0])[:, None]
    tangent = coupling.tangent(W, 0.4)
    apart = coupling.value(W, 0.4) - tangent.value(W)
    for size in (0.01, 0.3, 3.0):
        for _ in range(20):
            other = W + size * rng.normal(size=W.shape)
            assert coupling.value(other, 0.4) <= tangent.value(other) + apart + 1e-12


def assert_stationary(model, X, Y, coupling, loss_slope):
    """Rows in use balance the loss's slope; the slope of the others is at most alpha long."""
    W, G, alpha = model.coef_.T, np.zeros((X.shape[1], Y.shape[1])), model.alpha
    seen = np.argwhere(~np.isnan(Y))
    for i, t in seen:
        G[:, t] += loss_slope(Y[i, t], X[i] @ W[:, t] + model.intercept_[t]) * X[i]
    G *= Y.shape[1] / len(seen)
    for g, w in zip(G, W, strict=True):
        length = naive.norm(w)
        if length:
            assert_close(g + slope(coupling, length, alpha) * w / length, np.zeros(T), SLOPES)
        else:
            assert naive.norm(g) <= alpha * (1 + 1e-8)


@pytest.mark.parametrize("classify", [False, True])
@pytest.mark.parametrize("coupling", BOTH, ids=repr)
def test_fits_with_missing_labels_are_stationary(coupling, classify, table, rng):
    X, Y = table
    if classify:  # with noise: rows without a penalty have no best weights where classes are separable
        Y = (Y + 3 * rng.normal(size=Y.shape) > Y.mean(axis=0)).astype(float)
    Y = np.where(rng.random(Y.shape) < 0.2, np.nan, Y)
    cls, alpha = (MultiTaskLogisticRegression, 0.08) if classify else (MultiTaskLinearRegressor, 0.3)
    model = cls(alpha, coupling=coupling, tol=1e-11).fit(X, Y)
    assert_stationary(model, X, Y, coupling, lambda y, z: 1 / (1 + np.exp(-z)) - y if classify else z - y)
    loss = naive.logistic_loss if classify else naive.squared_loss
    W, b = model.coef_.T, model.intercept_
    value = naive.shared_objective(loss, X, Y, W, b, alpha, lambda W: coupling.value(W, alpha))
    assert_close(model.objective_, value, ROUNDING)
    assert 0 < model.support_.sum() < D and model.dual_gap_ is None and model.optimality_ <= 1e-11


def test_orthonormal_features_have_a_closed_form(rng):
    """MCP on X'X = n I: each row of X'Y / n is firmly thresholded (Zhang 2010, equation 2.3)."""
    Q = np.linalg.qr(rng.normal(size=(N, D)))[0] * np.sqrt(N)
    Z = rng.normal(size=(D, T)) * np.array([0.1, 0.3, 0.5, 0.9, 1.5, 3.0])[:, None]
    alpha, g = 0.5, 3.0
    model = MultiTaskLinearRegressor(alpha, coupling=BOTH[0], fit_intercept=False, tol=1e-12).fit(Q, Q @ Z)
    for row, w in zip(Z, model.coef_.T, strict=True):
        length = naive.norm(row)
        expected = min(max(length - alpha, 0.0) / (1 - 1 / g), length)
        assert_close(w, row * expected / length, WEIGHTS)


@pytest.mark.parametrize("coupling", BOTH, ids=repr)
def test_the_objective_falls_from_the_convex_solution_on(coupling, table):
    X, Y = table
    values = []
    for steps in (30, 60, 100, 1000):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = MultiTaskLinearRegressor(0.3, coupling=coupling, max_iter=steps, tol=1e-12).fit(X, Y)
        values.append(model.objective_)
    convex = MultiTaskLinearRegressor(0.3, coupling=JointSparsity(), tol=1e-12).fit(X, Y)
    start = convex.objective_ + 0.3 * (coupling.value(convex.coef_.T, 0.3) - naive.row_norm(convex.coef_.T))
    assert (np.diff([start, *values]) <= 1e-12).all() and values[-1] < start - 1e-3


def test_a_large_concavity_is_joint_sparsity(table):
    X, Y = table
    concave = MultiTaskLinearRegressor(0.3, coupling=ConcaveJointSparsity("mcp", 1e9), tol=1e-11).fit(X, Y)
    convex = MultiTaskLinearRegressor(0.3, coupling=JointSparsity(), tol=1e-13).fit(X, Y)
    assert_close(concave.coef_, convex.coef_, WEIGHTS)


def test_long_wide_and_sparse_forms_are_one_model(table):
    X, Y = table
    parameters = {"alpha": 0.3, "coupling": BOTH[0], "tol": 1e-11}
    wide = MultiTaskLinearRegressor(**parameters).fit(X, Y)
    rows = np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)])
    for container in (np.asarray, sp.csr_array):
        long = MultiTaskLinearRegressor(**parameters, task_feature=D).fit(container(rows), Y.T.ravel())
        assert_close(long.coef_, wide.coef_, WEIGHTS)


@pytest.mark.parametrize("coupling", BOTH, ids=repr)
def test_the_support_is_found_where_the_convex_norm_is_biased(coupling):
    """Correlated features: wherever L2,1 keeps the true ones, it keeps others too or shrinks by a quarter."""
    rng = np.random.default_rng(0)
    root = np.linalg.cholesky(0.7 ** np.abs(np.subtract.outer(np.arange(60), np.arange(60))))
    X, W = rng.normal(size=(80, 60)) @ root.T, np.zeros((60, 5))
    W[:24:6] = rng.normal(size=(4, 5))
    Y = X @ W + 0.5 * rng.normal(size=(80, 5))
    truth = W.any(axis=1)
    concave = MultiTaskLinearRegressor(0.4, coupling=coupling).fit(X, Y)
    assert (concave.support_ == truth).all()
    assert np.abs(concave.coef_.T - W).max() < 0.15
    for alpha in (0.1, 0.2, 0.4, 0.8):
        convex = MultiTaskLinearRegressor(alpha, coupling=JointSparsity()).fit(X, Y)
        assert (convex.support_ != truth).any() or np.abs(convex.coef_.T - W).max() > 0.4


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"coupling": ConcaveJointSparsity("l1")}, "penalty must be 'mcp' or 'scad', got 'l1'"),
        ({"coupling": ConcaveJointSparsity("mcp", 1.0)}, r"concavity must be a number in \(1, inf\), got 1"),
        ({"coupling": ConcaveJointSparsity("scad", 2)}, r"concavity must be a number in \(2, inf\), got 2"),
        ({"coupling": BOTH[0], "solver": "newton-cg"}, "neither quadratic nor convex"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals_name_what_does_not_fit(parameters, message, table):
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor(**parameters).fit(*table)


def test_a_fit_that_stops_short_says_so(table):
    with pytest.warns(ConvergenceWarning, match="relative proximal step of"):
        model = MultiTaskLinearRegressor(0.3, coupling=BOTH[0], max_iter=3).fit(*table)
    assert model.n_iter_ == 3 and model.optimality_ > model.tol
