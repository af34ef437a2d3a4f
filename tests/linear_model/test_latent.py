"""Latent bases: stationary by other programs' measure, planted ones found, chunks and new tasks taken in."""

import warnings

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from _asserts import ROUNDING, SOLVED, Tolerance, assert_close
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, Ridge

from skmtl import (
    MultiTaskLatentClassifier,
    MultiTaskLatentRegressor,
    MultiTaskLinearRegressor,
    MultiTaskLogisticRegression,
)
from skmtl.couplings import Independent, LatentBasis

N, D, T, K = 40, 6, 6, 2
STEPPED = Tolerance("differences of a naive objective", atol=2e-6)
ENDS = Tolerance("two ways to one stationary point", rtol=1e-4, atol=1e-4)


@pytest.fixture
def table(rng):
    """Tasks that take turns in using one of two predictors."""
    X = rng.normal(size=(N, D)) + 0.5
    S = np.zeros((K, T))
    S[np.arange(T) % K, np.arange(T)] = rng.uniform(1, 2, size=T) * rng.choice([-1, 1], size=T)
    return X, X @ rng.normal(size=(D, K)) @ S + 0.3 * rng.normal(size=(N, T))


def classes(Y):
    return (Y > np.median(Y, axis=0)).astype(float)


def test_each_factor_is_the_best_for_the_other(table):
    """Given the basis, each task is the lasso of scikit-learn on it; given the weights, the slopes vanish."""
    X, Y = table
    model = MultiTaskLatentRegressor(0.1, n_components=K, sparsity=0.2, tol=1e-11).fit(X, Y)
    for t in range(T):
        lasso = Lasso(0.1 * 0.2, tol=1e-13, max_iter=100_000).fit(X @ model.basis_.T, Y[:, t])
        assert_close(model.task_weights_[t], lasso.coef_, SOLVED)
        assert_close(model.intercept_[t], lasso.intercept_, SOLVED)
    R = X @ model.coef_.T + model.intercept_ - Y
    assert_close(model.task_weights_.T @ R.T @ X / N + 0.1 * model.basis_, np.zeros((K, D)), SOLVED)
    assert_close(model.task_weights_ @ model.basis_, model.coef_, ROUNDING)


@pytest.mark.parametrize("own_rows", [False, True])
def test_classes_and_missing_labels_against_the_naive_objective(own_rows, table, rng):
    X, Y = table
    y, task = classes(Y), np.arange(N) % 3
    if own_rows:
        data, y = np.column_stack([X, task]), y[:, 0]
    else:
        data, y = X, np.where(rng.random(Y.shape) < 0.3, np.nan, y)
    model = MultiTaskLatentClassifier(
        0.05, n_components=K, sparsity=0.2, tol=1e-10, task_feature=-1 if own_rows else None
    ).fit(data, y)
    L, S, b = model.basis_.T, model.task_weights_.T, model.intercept_

    def objective(L, S):
        def penalty(W):
            return 0.5 * (L**2).sum() + 0.2 * np.abs(S).sum()

        if own_rows:
            return naive.own_rows_objective(naive.logistic_loss, X, y, task, L @ S, b, 0.05, penalty)
        return naive.shared_objective(naive.logistic_loss, X, y, L @ S, b, 0.05, penalty)

    assert_close(model.objective_, objective(L, S), ROUNDING)
    for factor, moved in ((L, lambda e: objective(L + e, S)), (S, lambda e: objective(L, S + e))):
        for entry in np.argwhere(factor != 0):
            step = np.zeros_like(factor)
            step[tuple(entry)] = 1e-5
            assert_close((moved(step) - moved(-step)) / 2e-5, 0.0, STEPPED, f"slope {entry}")


@pytest.mark.parametrize("classify", [False, True])
def test_planted_predictors_are_found(classify, rng):
    """Three predictors, each used by three tasks: the groups come out, and so do the predictors."""
    X, L = rng.normal(size=(300, 8)), np.linalg.qr(rng.normal(size=(8, 3)))[0]
    group = np.arange(9) % 3
    Y = X @ L[:, group] * rng.choice([-2.0, 2.0], size=9) + 0.2 * rng.normal(size=(300, 9))
    cls = MultiTaskLatentClassifier if classify else MultiTaskLatentRegressor
    model = cls(0.02, n_components=3, sparsity=1.0).fit(X, classes(Y) if classify else Y)
    used = np.abs(model.task_weights_).argmax(axis=1)
    assert [used[t] == used[s] for t in range(9) for s in range(9)] == [
        group[t] == group[s] for t in range(9) for s in range(9)
    ]
    directions = model.basis_ / np.linalg.norm(model.basis_, axis=1, keepdims=True)
    for k in range(3):
        assert abs(directions[used[k]] @ L[:, k]) > 0.97


@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_matrix])
def test_sparse_features_and_long_form_give_the_same_model(container, table):
    X, Y = table
    settings = {"alpha": 0.1, "n_components": K, "sparsity": 0.2, "tol": 1e-9}
    wide = MultiTaskLatentRegressor(**settings).fit(X, Y)
    assert_close(MultiTaskLatentRegressor(**settings).fit(container(X), Y).coef_, wide.coef_, ENDS)
    rows = np.vstack([np.column_stack([X, np.full(N, t)]) for t in range(T)])
    long = MultiTaskLatentRegressor(**settings, task_feature=-1).fit(rows, Y.T.ravel())
    assert_close(long.coef_, wide.coef_, ENDS)
    weight = np.repeat([1.0, 0.0], [N, 5])
    padded = MultiTaskLatentRegressor(**settings)
    padded.fit(np.vstack([X, X[:5]]), np.vstack([Y, -Y[:5]]), sample_weight=weight)
    assert_close(padded.coef_, wide.coef_, ENDS)


def test_wide_data_and_the_coupling_alone(rng):
    """More features than rows; the coupling with the plain model is the model with its name."""
    X, Y = rng.normal(size=(12, 20)), rng.normal(size=(12, 4))
    model = MultiTaskLatentRegressor(0.1, n_components=3, tol=1e-9).fit(X, Y)
    plain = MultiTaskLinearRegressor(0.1, coupling=LatentBasis(3)).fit(X, Y)
    assert_close(plain.coef_, model.coef_, ENDS)
    assert_close(plain.task_weights_ @ plain.basis_, plain.coef_, ROUNDING)
    assert plain.optimality_ <= 1e-9 and plain.dual_gap_ is None


def test_tasks_of_several_classes_stand_beside_two(table):
    X, Y = table
    y = np.column_stack([Y[:, 0] > 0, np.digitize(Y[:, 1], np.quantile(Y[:, 1], [0.3, 0.6]))])
    model = MultiTaskLatentClassifier(0.02, n_components=K).fit(X, y)
    assert [w.shape for w in model.task_weights_] == [(1, K), (3, K)]
    assert_close(model.task_weights_[1] @ model.basis_, model.coef_[1], ROUNDING)
    assert model.score(X, y) > 0.7


@pytest.mark.parametrize("average", ["sample", "task"])
@pytest.mark.parametrize("intercept", [True, False])
def test_chunks_of_numbers_give_the_model_of_all_rows(average, intercept, table, rng):
    """With a task that comes in the second chunk, weights, and a chunk that has no row of task 0."""
    X, Y = table
    task = rng.permutation(np.arange(N) % 3)
    rows, y, weight = np.column_stack([X, task]), Y[np.arange(N), task], rng.uniform(0.5, 2, size=N)
    order = np.argsort(task == 2, kind="stable")
    rows, y, weight = rows[order], y[order], weight[order]
    settings = {"alpha": 0.1, "n_components": K, "task_feature": -1, "tol": 1e-10}
    settings |= {"loss_average": average, "fit_intercept": intercept}
    whole = MultiTaskLatentRegressor(**settings).fit(rows, y, sample_weight=weight)
    online = MultiTaskLatentRegressor(**settings)
    for part in (slice(0, 10), slice(10, 25), slice(25, N)):
        online.partial_fit(rows[part], y[part], sample_weight=weight[part])
    assert sorted(online.task_names_in_.tolist()) == [0, 1, 2]
    assert_close(online.objective_, whole.objective_, ENDS)
    assert_close(online.predict(rows), whole.predict(rows), ENDS)


def test_chunks_go_on_from_a_fit_and_with_fewer_rows_kept(table):
    X, Y = table
    settings = {"alpha": 0.1, "n_components": K, "tol": 1e-10}
    whole = MultiTaskLatentRegressor(**settings).fit(X, Y)
    online = MultiTaskLatentRegressor(**settings).fit(X[:25], Y[:25]).partial_fit(X[25:], Y[25:])
    assert_close(online.coef_, whole.coef_, ENDS)
    short = MultiTaskLatentRegressor(**settings, summary_rank=4).fit(X[:25], Y[:25])
    assert {len(rows.rows) for of_task in short._task_rows for rows in of_task} == {4}
    assert short.partial_fit(X[25:], Y[25:]).score(X, Y) > 0.5


@pytest.mark.parametrize("n_classes", [2, 3])
def test_chunks_of_labels_come_close_to_all_rows(n_classes, rng):
    X, L = rng.normal(size=(400, 5)), rng.normal(size=(5, 2))
    Y = X @ L @ rng.normal(size=(2, 4))
    y = np.column_stack([np.digitize(c, np.quantile(c, np.arange(1, n_classes) / n_classes)) for c in Y.T])
    y = np.where(rng.random(y.shape) < 0.2, np.nan, y)
    whole = MultiTaskLatentClassifier(0.01, n_components=2, tol=1e-4).fit(X, y)
    online = MultiTaskLatentClassifier(0.01, n_components=2, tol=1e-4)
    for part in np.array_split(np.arange(400), 4):
        online.partial_fit(X[part], y[part], classes=np.arange(float(n_classes)))
    loss = 0.03 if n_classes == 2 else 0.1  # more classes are learned each against the rest
    assert online.score(X, y) > whole.score(X, y) - loss
    one_class = np.where(y[:50] == 0, 0.0, np.nan)
    online.partial_fit(X[:50], one_class)
    assert online.score(X, y) > whole.score(X, y) - 0.1 - loss


@pytest.mark.parametrize("classify", [False, True])
def test_a_new_task_with_few_rows_beats_its_own_model(classify, rng):
    X, L = rng.normal(size=(200, 12)), rng.normal(size=(12, 2))
    S = rng.normal(size=(2, 8))
    Y = X @ L @ S + 0.5 * rng.normal(size=(200, 8))
    cls = MultiTaskLatentClassifier if classify else MultiTaskLatentRegressor
    apart = MultiTaskLogisticRegression if classify else MultiTaskLinearRegressor
    model = cls(0.05, n_components=2).fit(X, classes(Y) if classify else Y)
    before = model.coef_.copy()
    gains = []
    for seed in range(5):
        few = np.random.default_rng(seed)
        truth = L @ few.normal(size=2)
        X_new, X_test = few.normal(size=(10, 12)), few.normal(size=(300, 12))
        y_new, y_test = X_new @ truth, X_test @ truth
        if classify:
            y_new, y_test = classes(y_new), classes(y_test)
        new = model.fit_new_task(X_new, y_new, task="later")
        own = apart(0.05, coupling=Independent()).fit(X_new, y_new)
        score = np.column_stack(
            [np.zeros((300, 8)) if not classify else np.arange(300) % 2] * (8 if classify else 1)
        )
        together = np.column_stack([score, y_test])
        gains.append(new.score_tasks(X_test, together)["later"] - own.score(X_test, y_test))
    assert np.mean(gains) > 0.05
    assert_close(model.coef_, before, ROUNDING)
    assert new.n_tasks_ == 9 and new.coef_.shape == (9, 12)


def test_a_new_task_that_owns_its_rows(table):
    X, Y = table
    rows = np.column_stack([X, np.arange(N) % 3])
    model = MultiTaskLatentRegressor(0.1, task_feature=-1).fit(rows, Y[:, 0])
    newcomer = np.column_stack([X, np.full(N, 7)])
    new = model.fit_new_task(newcomer[:5], Y[:5, 0])
    assert new.predict(newcomer).shape == (N,) and new.task_weights_.shape == (4, 3)
    assert_close(new.coef_[3], new.task_weights_[3] @ new.basis_, ROUNDING)
    assert_close(new.predict(rows), model.predict(rows), ROUNDING)
    with pytest.raises(ValueError, match="unknown tasks 7"):
        model.predict(newcomer)
    with pytest.raises(ValueError, match="one id that is new"):
        model.fit_new_task(rows[:5], Y[:5, 0])
    with pytest.raises(ValueError, match="X has 6 features"):
        model.fit_new_task(X[:5], Y[:5, 0])
    with pytest.raises(ValueError, match="cannot go on"):
        new.partial_fit(rows, Y[:, 0])


def test_separate_models_where_nothing_is_shared(rng):
    """As many predictors as tasks, and nearly no price: what is left is close to ridge regression."""
    X, Y = rng.normal(size=(50, 4)), rng.normal(size=(50, 3))
    model = MultiTaskLatentRegressor(1e-6, n_components=3, sparsity=1e-3, max_iter=20_000).fit(X, Y)
    assert_close(model.coef_, Ridge(1e-9).fit(X, Y).coef_, Tolerance("an alpha of 1e-6", atol=1e-3))


REFUSED = [
    ({"n_components": 7}, r"n_components must be a whole number in \[1, 6\].* got 7"),
    ({"n_components": 0}, "n_components"),
    ({"sparsity": 0}, "sparsity"),
    ({"summary_rank": -1}, "summary_rank"),
]


@pytest.mark.parametrize("parameters, message", REFUSED, ids=str)
def test_bad_parameters_are_named(parameters, message, table):
    with pytest.raises(ValueError, match=message):
        MultiTaskLatentRegressor(**parameters).fit(*table)


def test_what_cannot_be_learned_in_chunks_is_said(table):
    X, Y = table
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        MultiTaskLatentClassifier().partial_fit(X, classes(Y))
    model = MultiTaskLatentClassifier().partial_fit(X, classes(Y), classes=[0.0, 1.0])
    with pytest.raises(
        ValueError, match=r"task 'task0' has the label 2.0, which is not among its \[0.0, 1.0\]"
    ):
        model.partial_fit(X, classes(Y) + 1)
    with pytest.raises(ValueError, match="y has 5 tasks, earlier chunks had 6"):
        model.partial_fit(X, classes(Y)[:, :5])
    with pytest.raises(ValueError, match="summary_rank must not be 0"):
        MultiTaskLatentRegressor(summary_rank=0).partial_fit(X, Y)
    with pytest.raises(ValueError, match="solver='newton-cg' cannot fit LatentBasis"):
        MultiTaskLinearRegressor(coupling=LatentBasis(), solver="newton-cg").fit(X, Y)


def test_a_fit_that_stops_short_says_so(table):
    with pytest.warns(ConvergenceWarning, match="stationarity residual of"):
        model = MultiTaskLatentRegressor(max_iter=2).fit(*table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        longer = MultiTaskLatentRegressor().fit(*table)
    assert longer.objective_ <= model.objective_
