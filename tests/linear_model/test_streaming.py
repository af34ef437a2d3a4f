"""Ridge from blocks of rows: scikit-learn's on all rows, whatever the blocks, weights and missing labels."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from _asserts import ROUNDING_32, SAME_BITS, Tolerance, assert_close
from naive_ridge import generalised_error
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.preprocessing import StandardScaler

from skmtl import StreamingRidge, StreamingRidgeClassifier
from skmtl.solvers import _cholesky

SOLVED = Tolerance("the same normal equations, summed in another order", rtol=1e-8, atol=1e-8)
ALPHAS = (0.01, 0.1, 1.0)


@pytest.fixture
def data(rng):
    X = rng.normal(size=(150, 70)) * rng.uniform(0.1, 10, 70) + rng.normal(size=70)
    return X, X[:, :3] @ rng.normal(size=(3, 3)) + rng.normal(size=(150, 3)) + 50.0


@pytest.fixture
def small_blocks(monkeypatch):
    """Several tiles of features and blocks of rows also where there are few."""
    monkeypatch.setattr(_cholesky, "SIZE", 16)
    monkeypatch.setattr("skmtl.fitting._row_sums.MOST_ROWS", 40)


def in_blocks(model, X, y, *, size=37, **arguments):
    for start in range(0, len(X), size):
        rows = slice(start, start + size)
        model.partial_fit(X[rows], y[rows], **arguments)
    return model


def classes_of(values):
    return np.array(["a", "b", "c"])[np.digitize(values, np.quantile(values, [0.3, 0.6]))]


@pytest.mark.parametrize("intercept", [True, False])
def test_regression_is_that_of_scikit_learn(data, intercept, small_blocks):
    X, Y = data
    ours = StreamingRidge(0.1, standardize=False, fit_intercept=intercept).fit(X, Y)
    theirs = Ridge(0.1 * len(X), fit_intercept=intercept).fit(X, Y)
    assert_close(ours.coef_, theirs.coef_, SOLVED)
    assert_close(ours.predict(X), theirs.predict(X), SOLVED)


def test_standardized_features_are_those_of_a_scaler(data):
    X, Y = data
    scaler = StandardScaler().fit(X)
    theirs = Ridge(0.1 * len(X)).fit(scaler.transform(X), Y[:, 0])
    ours = StreamingRidge(0.1).fit(X, Y[:, 0])
    assert_close(ours.predict(X), theirs.predict(scaler.transform(X)), SOLVED)
    assert_close(ours.coef_[0], theirs.coef_ / scaler.scale_, SOLVED)


@pytest.mark.parametrize("class_weight", [None, "balanced", {"a": 3.0}])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classification_is_that_of_scikit_learn(data, n_classes, class_weight):
    X, y = data[0], classes_of(data[1][:, 0])
    y = np.where(y == "c", "b", y) if n_classes == 2 else y
    ours = StreamingRidgeClassifier(0.1, standardize=False, class_weight=class_weight).fit(X, y)
    factor = naive_class_factor(y, class_weight)
    theirs = RidgeClassifier(0.1 * factor.sum(), class_weight=class_weight).fit(X, y)
    assert_close(ours.decision_function(X), theirs.decision_function(X), SOLVED)
    assert (ours.predict(X) == theirs.predict(X)).all()


def naive_class_factor(y, class_weight):
    if class_weight is None:
        return np.ones(len(y))
    if class_weight == "balanced":
        return np.array([len(y) / (len(set(y)) * np.sum(y == label)) for label in y])
    return np.array([class_weight.get(label, 1.0) for label in y])


def test_blocks_give_what_all_rows_give(data, small_blocks):
    X, Y = data
    whole, parts = StreamingRidge(ALPHAS).fit(X, Y), in_blocks(StreamingRidge(ALPHAS), X, Y)
    assert_close(parts.coef_, whole.coef_, SOLVED)
    assert_close(parts.gcv_errors_, whole.gcv_errors_, SOLVED)
    assert_close(parts.alpha_, whole.alpha_, SAME_BITS)


def test_tasks_of_several_classes_are_each_their_own_model(data):
    X, Y = data
    labels = np.column_stack([classes_of(Y[:, 0]), np.where(Y[:, 1] > 50, "a", "b"), classes_of(Y[:, 2])])
    together = StreamingRidgeClassifier(ALPHAS).fit(X, labels)
    scores = together.decision_function(X)
    for t in range(3):
        alone = StreamingRidgeClassifier(ALPHAS).fit(X, labels[:, t])
        assert_close(scores[t].squeeze(), alone.decision_function(X), SOLVED)
        assert together.alpha_[t] == alone.alpha_
        assert_close(together.gcv_errors_[:, t], alone.gcv_errors_, SOLVED)


def test_missing_labels_leave_each_task_its_own_rows(data, rng, small_blocks):
    """The first blocks show tasks 0 and 2 in the same rows, later ones do not."""
    X, Y = data
    Y = Y.copy()
    Y[:60, 1] = np.nan
    Y[80:90, 2] = np.nan
    Y[rng.random(150) < 0.2, 0] = np.nan
    model = in_blocks(StreamingRidge(ALPHAS), X, Y)
    for t in range(3):
        seen = ~np.isnan(Y[:, t])
        alone = StreamingRidge(ALPHAS).fit(X[seen], Y[seen, t])
        assert_close(model.coef_[t], alone.coef_[0], SOLVED)
        assert model.alpha_[t] == alone.alpha_


def test_complete_tasks_share_their_products(data):
    X, Y = data
    assert len(in_blocks(StreamingRidge(), X, Y)._sums.parts) == 1
    Y = Y.copy()
    Y[3, 0] = np.nan
    assert [part.tasks.tolist() for part in in_blocks(StreamingRidge(), X, Y)._sums.parts] in (
        [[0], [1, 2]],
        [[1, 2], [0]],
    )


def test_a_weight_is_a_number_of_copies(data):
    X, y = data[0], classes_of(data[1][:, 0])
    times = np.arange(len(X)) % 3
    weighted = StreamingRidgeClassifier(ALPHAS).fit(X, y, sample_weight=times)
    copied = StreamingRidgeClassifier(ALPHAS).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    assert_close(weighted.coef_, copied.coef_, SOLVED)
    assert_close(weighted.gcv_errors_, copied.gcv_errors_, SOLVED)


def test_weights_of_labels(data):
    X, Y = data
    weight = np.ones(Y.shape)
    weight[::2, 1] = 3.0
    model = StreamingRidge(0.1).fit(X, Y, target_weight=weight)
    alone = StreamingRidge(0.1).fit(X, Y[:, 1], sample_weight=weight[:, 1])
    assert_close(model.coef_[1], alone.coef_[0], SOLVED)


@pytest.mark.parametrize("intercept", [True, False])
def test_errors_are_generalised_cross_validation(data, intercept):
    X, Y = data
    model = StreamingRidge(ALPHAS, standardize=False, fit_intercept=intercept).fit(X, Y)
    expected = [generalised_error(X, Y, alpha * len(X), intercept) for alpha in ALPHAS]
    assert_close(model.gcv_errors_, expected, SOLVED)
    assert_close(model.alpha_, np.array(ALPHAS)[np.argmin(expected, axis=0)], SAME_BITS)


def test_traces_of_many_features_are_close(data, monkeypatch):
    """Estimated from random signs, as if 70 features were many."""
    monkeypatch.setattr("skmtl.fitting._streamed_ridge.EXACT", 69)
    X, Y = data
    model = StreamingRidge(ALPHAS, standardize=False).fit(X, Y)
    expected = [generalised_error(X, Y, alpha * len(X), True) for alpha in ALPHAS]
    assert_close(model.gcv_errors_, expected, Tolerance("64 random vectors for a trace", rtol=0.05))
    assert not np.allclose(model.gcv_errors_, expected, rtol=1e-8, atol=0.0)


def test_single_precision_is_near_double(data):
    X, Y = data
    single = StreamingRidge(0.1).fit(X.astype(np.float32), Y)
    assert single.coef_.dtype == single.predict(X.astype(np.float32)).dtype == np.float32
    assert_close(single.predict(X), StreamingRidge(0.1).fit(X, Y).predict(X), ROUNDING_32)


def test_threads_share_the_work_and_not_the_bits(data, small_blocks):
    X, Y = data
    models = [in_blocks(StreamingRidge(ALPHAS, n_jobs=n), X, Y) for n in (1, 2, 3)]
    for model in models[1:]:
        assert_close(model.coef_, models[0].coef_, SAME_BITS)
        assert_close(model.gcv_errors_, models[0].gcv_errors_, SAME_BITS)


def test_constant_features_and_more_features_than_rows(data):
    X, Y = data
    X = np.hstack([X, np.full((len(X), 2), 7.0)])
    model = StreamingRidge(0.1).fit(X, Y)
    assert_close(model.coef_[:, -2:], np.zeros((3, 2)), SAME_BITS)
    few = StreamingRidge(0.1, standardize=False).fit(X[:30], Y[:30])
    assert_close(few.predict(X), Ridge(3.0).fit(X[:30], Y[:30]).predict(X), SOLVED)


def test_blocks_go_on_from_a_fit(data):
    X, Y = data
    model = StreamingRidge(ALPHAS).fit(X[:50], Y[:50]).partial_fit(X[50:], Y[50:])
    assert_close(model.coef_, StreamingRidge(ALPHAS).fit(X, Y).coef_, SOLVED)
    assert_close(model.fit(X, Y).coef_, StreamingRidge(ALPHAS).fit(X, Y).coef_, SAME_BITS)


def test_freeze_forgets_the_rows(data):
    X, Y = data
    model = in_blocks(StreamingRidge(0.1), X, Y)
    said, large = model.predict(X), len(pickle.dumps(model))
    assert len(pickle.dumps(model.freeze())) < large / 5
    assert_close(model.freeze().predict(X), said, SAME_BITS)
    with pytest.raises(ValueError, match="partial_fit cannot go on: freeze has forgotten the rows"):
        model.partial_fit(X, Y)
    assert_close(model.predict(X), said, SAME_BITS)


def test_an_interrupted_block_is_not_taken_for_a_finished_one(data, monkeypatch):
    X, Y = data
    model = StreamingRidge(0.1).partial_fit(X, Y)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("skmtl.fitting._row_sums.run_blocks", interrupted)
        model.partial_fit(X, Y)
    with pytest.raises(RuntimeError, match="an earlier partial_fit was interrupted"):
        model.partial_fit(X, Y)


def test_a_refused_block_changes_nothing(data):
    X, Y = data
    model = in_blocks(StreamingRidge(0.1), X, Y)
    said = model.predict(X)
    for X_bad, Y_bad, message in [
        (X[:, :5], Y, "features"),
        (X, Y[:, :2], "the model learns y with 3 tasks, got 2"),
        (np.full_like(X, np.nan), Y, "NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.partial_fit(X_bad, Y_bad)
    assert_close(model.predict(X), said, SAME_BITS)
    assert_close(in_blocks(model, X, Y).predict(X), StreamingRidge(0.1).fit(X, Y).predict(X), SOLVED)


def test_bad_input(data):
    X, y = data[0], classes_of(data[1][:, 0])
    first = StreamingRidgeClassifier()
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        first.partial_fit(X, y)
    with pytest.raises(ValueError, match="classes must hold at least two classes for each task, got"):
        first.partial_fit(X, y, classes=["a"])
    with pytest.raises(ValueError, match="has the label 'c', never seen before; known are"):
        first.partial_fit(X, y, classes=["a", "b"])
    with pytest.raises(ValueError, match="class_weight='balanced' needs all labels at once"):
        StreamingRidgeClassifier(class_weight="balanced").partial_fit(X, y, classes=["a", "b", "c"])
    with pytest.raises(ValueError, match="1-D array of positive values"):
        StreamingRidgeClassifier(alphas=[0.1, -1.0]).fit(X, y)
    late = StreamingRidge().partial_fit(X, np.column_stack([data[1][:, 0], np.full(len(X), np.nan)]))
    with pytest.raises(ValueError, match="'task1'.* have no observed label with a positive weight so far"):
        late.predict(X)


def test_alphas_beyond_rounding_are_refused(data, rng):
    X = (data[0] @ rng.normal(size=(70, 200))).astype(np.float32)
    model = StreamingRidge(alphas=[1e-12, 0.1]).fit(X, data[1])
    assert np.isnan(model.gcv_errors_[0]).all() and (model.alpha_ == 0.1).all()
    with pytest.raises(ValueError, match=r"are too small: the features depend on each other up to rounding"):
        StreamingRidge(alphas=1e-12).fit(X, data[1])
