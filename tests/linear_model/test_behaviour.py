"""What every multi-task linear model owes its user, besides the minimum."""

import warnings

import numpy as np
import pandas as pd
import pytest
from _asserts import ROUNDING, SAME_BITS, SOLVED, assert_close
from sklearn.exceptions import ConvergenceWarning

from skmtl import MultiTaskLinearRegressor, MultiTaskLogisticRegression
from skmtl.couplings import GivenRelation, Independent, LearnedRelation, SharedParameters

COUPLINGS = [Independent(), SharedParameters(), LearnedRelation()]


@pytest.fixture(params=[False, True], ids=["numbers", "classes"])
def kind(request, rng):
    """A model class, features and targets of three tasks."""
    X = rng.normal(size=(40, 5))
    Y = X @ rng.normal(size=(5, 3)) + 0.5 * rng.normal(size=(40, 3))
    if request.param:
        return MultiTaskLogisticRegression, X, (Y > 0).astype(float)
    return MultiTaskLinearRegressor, X, Y


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_permuting_tasks_permutes_the_model(kind, coupling):
    cls, X, Y = kind
    order = [2, 0, 1]
    straight = cls(coupling=coupling).fit(X, Y)
    permuted = cls(coupling=coupling).fit(X, Y[:, order])
    assert_close(permuted.coef_, straight.coef_[order], SOLVED)
    assert_close(permuted.task_covariance_, straight.task_covariance_[np.ix_(order, order)], SOLVED)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_identical_tasks_get_identical_weights(kind, coupling):
    cls, X, Y = kind
    model = cls(coupling=coupling).fit(X, Y[:, [0, 0, 1]])
    assert_close(model.coef_[0], model.coef_[1], SOLVED)


@pytest.mark.parametrize("coupling", COUPLINGS, ids=repr)
def test_an_unobserved_row_changes_nothing(kind, coupling):
    cls, X, Y = kind
    Y = Y.copy()
    Y[7] = np.nan
    with_row = cls(coupling=coupling).fit(X, Y)
    without = cls(coupling=coupling).fit(np.delete(X, 7, axis=0), np.delete(Y, 7, axis=0))
    assert_close(with_row.coef_, without.coef_, SOLVED)


def test_the_shared_part_is_shown(kind):
    """w_0 minimises its half of the penalty: w_0 / s = sum of (w_t - w_0) / (1 - s)."""
    cls, X, Y = kind
    model = cls(coupling=SharedParameters(0.7)).fit(X, Y)
    specific = (model.coef_ - model.shared_coef_).sum(axis=0) / 0.3
    assert_close(model.shared_coef_[0] / 0.7, specific, ROUNDING)
    assert cls(coupling=Independent()).fit(X, Y).shared_coef_ is None


def test_small_alpha_gives_separate_tasks(rng):
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, 3))
    tied = MultiTaskLinearRegressor(1e-10, coupling=SharedParameters(0.9)).fit(X, Y)
    apart = MultiTaskLinearRegressor(1e-10, coupling=Independent()).fit(X, Y)
    assert_close(tied.coef_, apart.coef_, SOLVED)


def test_one_task_is_the_single_task_model(kind):
    cls, X, Y = kind
    column, vector = cls().fit(X, Y[:, :1]), cls().fit(X, Y[:, 0])
    assert_close(column.coef_, vector.coef_, ROUNDING)
    assert column.predict(X).shape == (40, 1) and vector.predict(X).shape == (40,)


def test_long_and_wide_form_are_one_model(kind):
    """Every row of a shared X, once per task, is the same problem as tasks that own their rows."""
    cls, X, Y = kind
    wide = cls(coupling=SharedParameters(0.5)).fit(X, Y)
    long = cls(coupling=SharedParameters(0.5), task_feature=-1)
    rows = np.vstack([np.column_stack([X, np.full(40, t)]) for t in range(3)])
    long.fit(rows, Y.T.ravel())
    assert_close(long.coef_, wide.coef_, SOLVED)
    assert_close(long.predict(rows), wide.predict(X).T.ravel(), SOLVED)


def test_an_unseen_task_gets_the_shared_part(rng):
    X, task = rng.normal(size=(60, 4)), np.arange(60) % 3
    y = X @ np.ones(4) + 0.1 * rng.normal(size=60)
    rows = np.column_stack([X, task])
    model = MultiTaskLinearRegressor(1e-3, task_feature=4, unknown_task="shared").fit(rows, y)
    new = np.column_stack([X, np.full(60, 17)])
    assert np.corrcoef(model.predict(new), X @ np.ones(4))[0, 1] > 0.99
    strict = MultiTaskLinearRegressor(1e-3, task_feature=4).fit(rows, y)
    with pytest.raises(ValueError, match=r"unknown tasks 17; fit has seen 0, 1, 2.*unknown_task='shared'"):
        strict.predict(new)


IDS = {
    "text": (np.array(["b", "a", "c"]), ["a", "b", "c"]),
    "whole floats": (np.array([3.0, 1.0, 2.0]), [1, 2, 3]),
    "integers": (np.array([30, -1, 20]), [-1, 20, 30]),
}


@pytest.mark.parametrize("form", IDS)
@pytest.mark.parametrize("by_name", [False, True])
def test_task_ids_of_any_kind(form, by_name, rng):
    ids, names = IDS[form]
    frame = pd.DataFrame(rng.normal(size=(30, 2)), columns=["p", "q"])
    frame.insert(1, "camera", ids[np.arange(30) % 3])
    if by_name:
        frame["camera"] = frame["camera"].astype("category")
    model = MultiTaskLinearRegressor(task_feature="camera" if by_name else 1).fit(frame, frame["p"])
    assert model.task_names_in_.tolist() == names
    assert model.n_features_in_ == 3 and model.coef_.shape == (3, 2)
    codes = np.searchsorted(names, frame["camera"].to_numpy())
    expected = (frame[["p", "q"]].to_numpy() * model.coef_[codes]).sum(axis=1) + model.intercept_[codes]
    assert_close(model.predict(frame), expected, ROUNDING)


def test_a_renamed_task_column_is_found(rng):
    frame = pd.DataFrame({"scale__p": rng.normal(size=20), "remainder__camera": np.arange(20) % 2})
    model = MultiTaskLinearRegressor(task_feature="camera").fit(frame, frame["scale__p"])
    assert model.task_names_in_.tolist() == [0, 1]


BAD_TASKS = [
    (np.zeros(20), -1, "task_feature -1 is constant"),
    (np.linspace(0, 1, 20), -1, "task_feature -1 is continuous"),
    (np.where(np.arange(20) == 3, np.nan, 1.0), -1, "missing or infinite"),
    (np.arange(20) % 2, 5, "task_feature=5 is out of range: X has 2 columns"),
    (np.arange(20) % 2, "camera", "task_feature='camera' is a name"),
]


@pytest.mark.parametrize("column, feature, message", BAD_TASKS, ids=[message for *_, message in BAD_TASKS])
def test_bad_task_columns(column, feature, message, rng):
    X = np.column_stack([rng.normal(size=20), column])
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor(task_feature=feature).fit(X, X[:, 0])


BAD_FITS = [
    ({"sample_weight": -np.ones(40)}, "sample_weight must not be negative"),
    ({"sample_weight": np.full(40, np.inf)}, "sample_weight must be finite"),
    ({"sample_weight": np.zeros(40)}, "sample_weight is zero everywhere"),
    ({"target_weight": -np.ones((40, 3))}, "target_weight must not be negative"),
    ({"target_weight": np.ones((40, 2))}, r"target_weight.shape == \(40, 2\), expected \(40, 3\)"),
    ({"target_weight": np.ones((40, 3)) * [1, 1, 0]}, "task 'task2' has no observed label with a positive"),
]


@pytest.mark.parametrize("arguments, message", BAD_FITS, ids=[message for _, message in BAD_FITS])
def test_bad_weights_change_nothing(kind, arguments, message):
    cls, X, Y = kind
    model = cls().fit(X, Y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=message):
        model.fit(X[:, :4], Y, **arguments)
    assert_close(model.predict(X), before, SAME_BITS)


def test_target_weight_zero_is_a_missing_label(kind):
    cls, X, Y = kind
    weight = np.ones_like(Y)
    weight[3:9, 1] = 0.0
    missing = np.where(weight == 0, np.nan, Y)
    assert_close(cls().fit(X, Y, target_weight=weight).coef_, cls().fit(X, missing).coef_, SOLVED)


def test_an_interrupted_fit_leaves_the_model_as_it_was(kind, monkeypatch):
    cls, X, Y = kind
    model = cls().fit(X, Y)
    before = dict(vars(model))

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("skmtl.fitting._fit._minimise", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:, :2], Y[:, :2])
    assert vars(model) == before
    unfitted = cls()
    with pytest.raises(KeyboardInterrupt):
        unfitted.fit(X, Y)
    assert vars(unfitted) == vars(cls())


def test_a_fit_that_stops_short_says_so(kind):
    _, X, Y = kind
    y = (Y[:, 0] > np.median(Y[:, 0])).astype(int)
    with pytest.warns(ConvergenceWarning, match=r"stopped after 1 iterations.*raise max_iter"):
        model = MultiTaskLogisticRegression(1e-4, max_iter=1).fit(X, y)
    assert model.n_iter_ == 1 and model.optimality_ > model.tol


def test_refusals_name_what_does_not_fit(kind):
    cls, X, Y = kind
    with pytest.raises(ValueError, match="solver='closed-form' needs the squared loss"):
        cls(solver="closed-form", task_feature=0).fit(np.column_stack([np.arange(40) % 2, X]), Y[:, 0])
    with pytest.raises(ValueError, match=r"must be \(3, 3\), got shape \(2, 2\)"):
        cls(coupling=GivenRelation(np.eye(2))).fit(X, Y)
    with pytest.raises(ValueError, match="Independent.. has no part that the tasks share"):
        cls(coupling=Independent(), task_feature=0, unknown_task="shared").fit(
            np.column_stack([np.arange(40) % 2, X]), Y[:, 0]
        )
    with pytest.raises(ValueError, match="y must be 1-D, got 3 columns"):
        cls(task_feature=0).fit(np.column_stack([np.arange(40) % 2, X]), Y)


def test_scores_by_task_skip_missing_labels(kind):
    cls, X, Y = kind
    model = cls().fit(X, Y)
    whole = model.score_tasks(X[:20], Y[:20])
    missing = np.vstack([Y[:20], np.full((20, 3), np.nan)])
    partial = model.score_tasks(np.vstack([X[:20], X[:20]]), missing)
    assert list(whole) == ["task0", "task1", "task2"]
    assert_close(list(partial.values()), list(whole.values()), ROUNDING)
    assert_close(model.score(X[:20], Y[:20]), np.mean(list(whole.values())), ROUNDING)


def test_a_label_never_seen_is_an_error_at_score(rng):
    X, Y = rng.normal(size=(20, 2)), np.column_stack([np.arange(20) % 2, np.arange(20) % 3])
    model = MultiTaskLogisticRegression().fit(X, Y)
    with pytest.raises(
        ValueError, match=r"task 'task1': y has the label 7, never seen at fit; known are \[0, 1, 2\]"
    ):
        model.score(X, np.column_stack([Y[:, 0], np.full(20, 7)]))


def test_labels_of_different_kinds(rng):
    X = rng.normal(size=(30, 3))
    Y = pd.DataFrame({"kind": np.where(X[:, 0] > 0, "cat", "dog"), "many": (X[:, 1] > 0).astype(int)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = MultiTaskLogisticRegression(1e-3).fit(X, Y)
    predicted = model.predict(X)
    assert predicted.dtype == object
    assert set(predicted[:, 0]) == {"cat", "dog"} and set(predicted[:, 1]) == {0, 1}
    assert model.score(X, Y) > 0.9
