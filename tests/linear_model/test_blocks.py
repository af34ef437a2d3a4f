"""Newton's method on every form of data: the fast ways give what the plain one gives, with any threads."""

import numpy as np
import pytest
from _asserts import SAME_BITS, SOLVED, Tolerance, assert_close
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

import skmtl.fitting._block_problem as problem_module
import skmtl.fitting._own_rows as own_rows_module
import skmtl.fitting._precondition as precondition
import skmtl.fitting._row_passes as row_passes
from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import GivenRelation, Independent, LearnedRelation, SharedParameters
from skmtl.fitting._block_problem import BlockwiseProblem
from skmtl.fitting._fit import _lay_out, normalised_weights
from skmtl.fitting._losses import TaskLosses
from skmtl.fitting._options import FitOptions
from skmtl.fitting._passes import WholePasses
from skmtl.fitting._row_passes import RowPasses
from skmtl.losses import LogisticLoss, MultinomialLoss
from skmtl.solvers import block_newton
from skmtl.targets import TaskTargets

EXACTLY_SOLVED = Tolerance("the same minimum, solved to a gradient of 1e-13", rtol=1e-9, atol=1e-10)
SUMS = Tolerance("float64 sums in another order", rtol=1e-10, atol=1e-12)
SIZES = [3, 40, 17, 8, 9, 90]
COUPLINGS = [Independent(), SharedParameters(), GivenRelation(np.diag([1.0, 4.0, 0.25]))]


@pytest.fixture
def small_pieces(monkeypatch):
    """Many blocks of few rows, so that small data are cut too."""

    def fine(data, X):
        pieces = []
        for start in range(0, len(X), 7):
            rows = slice(start, min(start + 7, len(X)))
            pieces.append(row_passes.Piece(X[rows], rows, data.on_rows(rows, X.dtype)))
        return [pieces[i : i + 2] for i in range(0, len(pieces), 2)]

    monkeypatch.setattr(row_passes, "cut_rows", fine)


def labels(rng, X, n_tasks, n_classes=2):
    """Labels of tasks that are alike; 0 and 1, or more classes."""
    score = X @ (rng.normal(size=(X.shape[1], 1)) + rng.normal(size=(X.shape[1], n_tasks)))
    score = score + rng.logistic(size=score.shape)
    cuts = np.quantile(score, np.arange(1, n_classes) / n_classes)
    return np.searchsorted(cuts, score).astype(float)


def own_rows(rng, n_classes=2):
    """Tasks of very different sizes; each shows every class; the task is the first column."""
    task = np.repeat(np.arange(len(SIZES)), SIZES)
    X = rng.normal(size=(len(task), 5)) + 2.0
    y = labels(rng, X - 2.0, 1, n_classes)[:, 0]
    for start in np.flatnonzero(np.diff(task, prepend=-1)):
        y[start : start + n_classes] = np.arange(n_classes)
    return np.column_stack([task, X]), y


def shared_problem(rng, n_classes=2, missing=0.0, intercept=True):
    """A joint problem with three tasks of shared rows, correlated features far from zero, and weights."""
    X = rng.normal(size=(60, 6)) @ rng.normal(size=(6, 6)) + 3.0
    Y = labels(rng, X - 3.0, 3, n_classes)
    observed = rng.random(Y.shape) >= missing
    observed[:n_classes] = True
    Y[:n_classes] = np.arange(n_classes)[:, None]
    classes = [np.arange(n_classes)] * 3
    targets = TaskTargets("matrix", ["a", "b", "c"], np.where(observed, Y, 0), observed, classes)
    weight = normalised_weights(targets, observed * rng.uniform(0.5, 2, size=Y.shape), "sample")
    loss = LogisticLoss() if n_classes == 2 else MultinomialLoss()
    losses = TaskLosses([loss] * 3, targets)
    options = FitOptions(0.05, intercept, "sample", "auto", 1e-9, None)
    return _lay_out(X, targets, weight, losses, options, None)


def random_point(rng, data):
    d, P = data.loss.shape
    return rng.normal(size=(d, P)), rng.normal(size=P) * data.loss.intercept


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("coarse", [False, True])
def test_passes_over_blocks_equal_one_pass(n_classes, coarse, intercept, small_pieces, rng):
    data = shared_problem(rng, n_classes, missing=0.3, intercept=intercept)
    whole, blocks = WholePasses(data.loss), RowPasses(data.loss, 2)
    assert len(blocks.blocks) > 3
    expected, found = (
        passes.evaluate(*random_point(np.random.default_rng(1), data)) for passes in (whole, blocks)
    )
    for name in expected._fields:
        assert_close(getattr(found, name), getattr(expected, name), SUMS, name)
    near = Tolerance("products in single precision", rtol=1e-3, atol=1e-4) if coarse else SUMS
    bends = whole.bend(expected.Z, coarse=False), blocks.bend(expected.Z, coarse=coarse)
    V, c = random_point(rng, data)
    V, c = V.astype(bends[1].dtype), c.astype(bends[1].dtype)
    for one, other in zip(bends[1].product(V, c), bends[0].product(V, c), strict=True):
        assert_close(one, other, near)
    assert_close(bends[1].totals, bends[0].totals, near)
    assert_close(bends[1].diagonal(), bends[0].diagonal(), near)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
@pytest.mark.parametrize("way", ["eigenvectors", "whitened", "diagonal"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_every_preconditioner_finds_the_same_minimum(
    n_classes, way, coupling, small_pieces, monkeypatch, rng
):
    """Against scipy's L-BFGS on value and gradient of the plain path."""
    for name, on in (("eigenvectors_pay", way == "eigenvectors"), ("whitening_pays", way == "whitened")):
        monkeypatch.setattr(problem_module, name, lambda *size, on=on: on)
    data = shared_problem(rng, n_classes, missing=0.2)
    problem = BlockwiseProblem(data.loss, data.families, 0.05)
    problem.set_covariances([coupling.covariance(3)])
    origin = problem.start()
    found = solved(problem)
    problem.passes = WholePasses(data.loss)

    def flat(x):
        problem._seen = None
        value, gradient = problem.value_gradient(x.reshape(origin.shape))
        return value, gradient.ravel()

    options = {"gtol": 1e-10, "ftol": 0, "maxiter": 5000}
    peer = minimize(flat, origin.ravel(), jac=True, method="L-BFGS-B", options=options)
    assert found.converged
    assert found.value <= peer.fun * (1 + 1e-9)
    W, b = problem.weights(found.x)
    peer_W, peer_b = problem.weights(peer.x.reshape(origin.shape))
    assert_close(W, peer_W, Tolerance("L-BFGS, stopped at 1e-10", rtol=1e-4, atol=1e-4))
    centred = b.reshape(3, -1), peer_b.reshape(3, -1)
    if n_classes > 2:
        centred = [each - each.mean(axis=1, keepdims=True) for each in centred]
    assert_close(*centred, Tolerance("L-BFGS, stopped at 1e-10", rtol=1e-4, atol=1e-4))


def solved(problem):
    origin = problem.start()
    return block_newton(
        problem, origin, tol=1e-10, max_iter=60, gradient_scale=problem.gradient_scale(origin)
    )


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_unequal_tasks_with_rows_of_their_own_are_scikit_learns(n_classes, intercept, rng):
    X, y = own_rows(rng, n_classes)
    model = MultiTaskLogisticRegression(
        0.1,
        coupling=Independent(),
        task_feature=0,
        loss_average="task",
        fit_intercept=intercept,
        tol=1e-11,
    ).fit(X, y)
    for t, n in enumerate(SIZES):
        mine = X[:, 0] == t
        peer = LogisticRegression(C=1 / (0.1 * n), tol=1e-12, fit_intercept=intercept, max_iter=5000)
        peer.fit(X[mine, 1:], y[mine])
        slopes = model.coef_[t] if n_classes > 2 else model.coef_[t][None]
        assert_close(slopes, peer.coef_, SOLVED, f"task {t}")


@pytest.mark.parametrize("variances", [np.ones(6), np.array([1.0, 2, 3, 0.5, 1, 9])], ids=["same", "own"])
@pytest.mark.parametrize("cls", [MultiTaskLogisticRegression, MultiTaskLinearRegressor])
@pytest.mark.parametrize("intercept", [False, True])
def test_tasks_solved_alone_are_as_solved_together(intercept, cls, variances, monkeypatch, rng):
    X, y = own_rows(rng)
    weight = rng.uniform(0.2, 2.0, size=len(y))
    coupling = GivenRelation(np.diag(variances))
    model = cls(0.1, coupling=coupling, task_feature=0, fit_intercept=intercept, tol=1e-13)
    alone = model.fit(X, y, sample_weight=weight)
    found = alone.coef_.copy(), alone.objective_
    monkeypatch.setattr(problem_module, "tasks_are_small_problems", lambda data, ties: False)
    together = model.fit(X, y, sample_weight=weight)
    assert_close(found[0], together.coef_, EXACTLY_SOLVED)
    assert_close(found[1], together.objective_, EXACTLY_SOLVED)


@pytest.mark.parametrize("coupling", [Independent(), SharedParameters(), LearnedRelation()], ids=repr)
@pytest.mark.parametrize("form", ["shared", "missing", "own rows"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(n_classes, form, coupling, small_pieces, monkeypatch, rng):
    monkeypatch.setattr(own_rows_module, "ENTRIES_A_BLOCK", 100)
    task_feature = 0 if form == "own rows" else None
    if task_feature is None:
        X = rng.normal(size=(60, 5))
        y = labels(rng, X, 3, n_classes)
        y[rng.random(y.shape) < (0.3 if form == "missing" else 0.0)] = np.nan
    else:
        X, y = own_rows(rng, n_classes)
    tol = 1e-4 if coupling.learned else 1e-9  # a learned relation settles slowly here
    model = MultiTaskLogisticRegression(0.1, coupling=coupling, task_feature=task_feature, tol=tol)
    one, three = (model.set_params(n_jobs=n).fit(X, y) and (model.coef_, model.intercept_) for n in (1, 3))
    assert_close(one[0], three[0], SAME_BITS)
    assert_close(one[1], three[1], SAME_BITS)


def test_blocks_of_tasks_cover_each_task_once(rng, monkeypatch):
    monkeypatch.setattr(own_rows_module, "ENTRIES_A_BLOCK", 100)
    bounds = np.cumsum([0, *rng.integers(1, 60, size=30)])
    blocks = own_rows_module.cut_tasks(bounds, 5)
    assert len(blocks) > 10
    assert_close(np.concatenate([np.arange(30)[block] for block in blocks]), np.arange(30), SAME_BITS)


def test_blocks_of_rows_cover_each_row_once(rng):
    data = shared_problem(rng)
    X = np.zeros((5000, 3))
    for block in (blocks := row_passes.cut_rows(data.loss, X)):
        assert all(len(piece.X) <= 512 for piece in block)
    pieces = [piece for block in blocks for piece in block]
    assert len(blocks) > 1
    assert_close(
        np.concatenate([np.arange(5000)[piece.rows] for piece in pieces]), np.arange(5000), SAME_BITS
    )


def test_features_far_from_zero_are_solved_as_well(rng):
    """Single precision would lose what is left of a year less the mean year; the copy is centred before."""
    X = rng.normal(size=(200, 4))
    Y = labels(rng, X, 3)
    near, far = (
        MultiTaskLogisticRegression(0.01, coupling=Independent(), tol=1e-9).fit(X + shift, Y)
        for shift in (0.0, 1e4)
    )
    assert far.optimality_ <= 1e-9
    assert_close(far.coef_, near.coef_, SOLVED)


def test_a_residual_a_task_however_small_its_gradient(rng):
    """A task whose labels weigh 10000 times less is solved to the same residual as the others."""
    X = rng.normal(size=(80, 4))
    Y = labels(rng, X, 2)
    weight = np.ones_like(Y) * [1.0, 1e-2]
    model = MultiTaskLogisticRegression(1e-4, coupling=Independent(), fit_intercept=False, tol=1e-6)
    model.fit(X, Y, target_weight=weight)
    weight = weight * (2 / weight.sum())
    for t in range(2):
        slope, start = (
            X.T @ (weight[:, t] * (expit(X @ w) - Y[:, t])) + 1e-4 * w for w in (model.coef_[t], np.zeros(4))
        )
        assert np.linalg.norm(slope) <= 1.01e-6 * np.linalg.norm(start)


def test_what_pays_depends_on_the_shape():
    """Eigenvectors for few features, whitening for about as many as rows, the diagonal for a single task."""
    pays = precondition.eigenvectors_pay, precondition.whitening_pays
    assert [pay(20000, 200, 20) for pay in pays] == [True, True]
    assert [pay(2000, 2000, 100) for pay in pays] == [False, True]
    assert [pay(2000, 2000, 1) for pay in pays] == [False, False]


def test_what_overflows_in_single_precision_is_solved_in_double(rng):
    """Features of size 1e25: their squares are beyond single precision, and no warning says so."""
    X = rng.normal(size=(60, 4))
    Y = labels(rng, X, 3)
    small, large = (
        MultiTaskLogisticRegression(0.01 * size**2, coupling=Independent()).fit(X * size, Y)
        for size in (1.0, 1e25)
    )
    assert_close(large.coef_ * 1e25, small.coef_, SOLVED)
