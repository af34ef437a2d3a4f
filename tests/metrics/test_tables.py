"""Scores of tables: scikit-learn's numbers per task, and what a missing label costs."""

import naive
import numpy as np
import pytest
import sklearn.metrics as sk
from _asserts import ROUNDING, SAME_BITS, assert_close

from skmtl import metrics

NAN = np.nan
LABELS = {
    "accuracy_score": sk.accuracy_score,
    "balanced_accuracy_score": sk.balanced_accuracy_score,
    "hamming_loss": sk.hamming_loss,
    "f1_score": lambda y, p, **kw: sk.f1_score(y, p, average="macro", **kw),
    "recall_score": sk.balanced_accuracy_score,
}
SCORES = {"roc_auc_score": sk.roc_auc_score, "average_precision_score": sk.average_precision_score,
          "log_loss": sk.log_loss}  # fmt: skip
NUMBERS = {
    "r2_score": sk.r2_score,
    "explained_variance_score": sk.explained_variance_score,
    "root_mean_squared_error": sk.root_mean_squared_error,
    "mean_absolute_error": sk.mean_absolute_error,
}
LOWER = {"hamming_loss", "log_loss", "root_mean_squared_error", "mean_absolute_error"}


@pytest.fixture
def table(rng):
    """name -> (y_true, y_pred), 60 rows and 4 tasks, and weights."""
    labels = rng.integers(0, 3, (60, 4))
    binary = rng.integers(0, 2, (60, 4))
    numbers = rng.normal(size=(60, 4)) * [1, 2, 3, 4]
    made = dict.fromkeys(LABELS, (labels, np.where(rng.random((60, 4)) < 0.7, labels, 1)))
    made |= dict.fromkeys(
        SCORES, (binary, np.round(0.3 * binary + 0.7 * rng.random((60, 4)), 1) * 0.98 + 0.01)
    )
    made |= dict.fromkeys(NUMBERS, (numbers, numbers + rng.normal(size=(60, 4))))
    return made, rng.random(60)


ALL = {**LABELS, **SCORES, **NUMBERS}


@pytest.mark.parametrize("name", ALL)
def test_complete_labels_give_the_numbers_of_sklearn(name, table):
    (y, p), weight = table[0][name], table[1]
    ours, theirs = getattr(metrics, name), ALL[name]
    for options in ({}, {"sample_weight": weight}):
        expected = [theirs(y[:, t], p[:, t], **options) for t in range(4)]
        assert_close(ours(y, p, average=None, **options), expected, ROUNDING)
        assert_close(ours(y, p, **options), np.mean(expected), ROUNDING)
        worst = max(expected) if name in LOWER else min(expected)
        assert_close(ours(y, p, average="worst", **options), worst, ROUNDING)
    assert_close(ours(y[:, 0], p[:, 0]), theirs(y[:, 0], p[:, 0]), ROUNDING)
    assert_close(ours(y, p, average="micro"), theirs(y.ravel(), p.ravel()), ROUNDING)


@pytest.mark.parametrize("name", ALL)
def test_a_missing_label_costs_its_own_entry_alone(name, table, rng):
    (y, p), weight = table[0][name], table[1]
    gone = np.where(rng.random(y.shape) < 0.3, NAN, y.astype(float))
    wild = np.where(np.isnan(gone) & (rng.random(y.shape) < 0.5), NAN, p.astype(float))
    seen = [~np.isnan(column) for column in gone.T]
    expected = [ALL[name](y[rows, t], p[rows, t], sample_weight=weight[rows]) for t, rows in enumerate(seen)]
    got = getattr(metrics, name)(gone, wild, average=None, sample_weight=weight)
    assert_close(got, expected, ROUNDING)


@pytest.mark.parametrize("name", ALL)
def test_a_task_without_labels_is_nan_and_left_out(name, table):
    y, p = table[0][name]
    gone = y.astype(float)
    gone[:, 2] = NAN
    ours = getattr(metrics, name)
    assert np.isnan(ours(gone, p, average=None)).tolist() == [False, False, True, False]
    assert_close(ours(gone, p), ours(y[:, [0, 1, 3]], p[:, [0, 1, 3]]), SAME_BITS)
    assert np.isnan(ours(np.full((5, 2), NAN), np.ones((5, 2))))


@pytest.mark.parametrize("name", ALL)
def test_permuted_rows_and_tasks_permute_the_scores(name, table, rng):
    y, p = table[0][name]
    rows, tasks = rng.permutation(60), rng.permutation(4)
    ours = getattr(metrics, name)
    shuffled = ours(y[rows][:, tasks], p[rows][:, tasks], average=None)
    assert_close(shuffled, ours(y, p, average=None)[tasks], ROUNDING)


@pytest.mark.parametrize("name", ALL)
def test_tasks_that_own_their_rows(name, table):
    y, p = table[0][name]
    ids = np.array(["d", "b", "a", "c"])
    long = (part.T.ravel() for part in (y, p))
    got = getattr(metrics, name)(*long, task=np.repeat(ids, 60), average=None)
    assert_close(got, getattr(metrics, name)(y, p, average=None)[[2, 1, 3, 0]], SAME_BITS)


@pytest.mark.parametrize("name", ["f1_score", "recall_score"])
@pytest.mark.parametrize("average", ["macro", "micro", "samples"])
def test_multi_label_tables_of_0_and_1(name, average, rng):
    y, p = rng.integers(0, 2, (40, 6)), rng.integers(0, 2, (40, 6))
    y[:, 0] = p[:, 0] = 1  # no row is without a positive, where sklearn puts a 0 with a warning
    expected = getattr(sk, name)(y, p, average=average)
    assert_close(getattr(metrics, name)(y, p, positive=1, average=average), expected, ROUNDING)


def test_within_samples(rng):
    y, p, weight = rng.integers(0, 3, (20, 5)).astype(float), rng.integers(0, 3, (20, 5)), rng.random(20)
    y[rng.random(y.shape) < 0.4] = NAN
    y[3] = NAN
    rows = np.delete(np.arange(20), 3)
    expected = [np.mean((y[i] == p[i])[~np.isnan(y[i])]) for i in rows]
    got = metrics.accuracy_score(y, p, average="samples", sample_weight=weight)
    assert_close(got, np.average(expected, weights=weight[rows]), ROUNDING)


@pytest.mark.parametrize("name", SCORES)
def test_probabilities_of_several_classes(name, rng):
    classes = [np.array(["a", "b", "c"]), np.array([2, 5])]
    y = np.empty((50, 2), dtype=object)
    y[:, 0], y[:, 1] = rng.choice(classes[0], 50), rng.choice(classes[1], 50)
    p = [rng.dirichlet(np.ones(3), 50), rng.dirichlet(np.ones(2), 50)]
    more = {"multi_class": "ovr"} if name == "roc_auc_score" else {}
    first, second = y[:, 0].astype(str), y[:, 1].astype(int)
    if name == "average_precision_score":
        one_hot = first[:, None] == classes[0]
        expected = [
            sk.average_precision_score(one_hot, p[0]),
            sk.average_precision_score(second == 5, p[1][:, 1]),
        ]
    else:
        expected = [getattr(sk, name)(first, p[0], **more)]
        expected += [getattr(sk, name)(second, p[1] if name == "log_loss" else p[1][:, 1])]
    got = getattr(metrics, name)(y, p, classes=classes, average=None)
    assert_close(got, expected, ROUNDING)
    assert_close(getattr(metrics, name)(first, p[0], classes=classes[0]), expected[0], ROUNDING)


def test_texts_none_and_a_declared_missing_label():
    pd = pytest.importorskip("pandas")
    y = pd.DataFrame({"kind": ["cat", None, "dog", "?"], "size": ["s", "s", "l", "?"]})
    p = pd.DataFrame({"kind": ["cat", "cat", "cat", "dog"], "size": ["s", "l", "l", "l"]})
    assert_close(metrics.accuracy_score(y, p, average=None, missing_label="?"), [1 / 2, 2 / 3], ROUNDING)
    with pytest.raises(
        ValueError, match=r"y_true has the tasks \['kind', 'size'\], y_pred \['size', 'kind'\]"
    ):
        metrics.accuracy_score(y, p[["size", "kind"]])


def test_one_class_alone_has_no_curve():
    y = np.array([[1, 0, 1], [1, 0, 0], [1, 0, 1]])
    p = np.array([[0.9, 0.2, 0.5], [0.4, 0.3, 0.7], [0.5, 0.9, 0.8]])
    assert np.isnan(metrics.roc_auc_score(y, p, average=None)).tolist() == [True, True, False]
    assert np.isnan(metrics.average_precision_score(y, p, average=None)).tolist() == [False, True, False]
    assert np.isnan(metrics.f1_score(y, y, positive=1, average=None)).tolist() == [False, True, False]


def test_r2_of_a_constant_is_undefined():
    y = np.column_stack([np.full(30, 0.1), np.arange(30)])
    assert np.isnan(metrics.r2_score(y, y + 0.1, average=None)).tolist() == [True, False]


def test_both_definitions_of_explained_variance(rng):
    task = rng.integers(0, 5, 80)
    y = rng.normal(size=80) + 3 * task
    p = y + rng.normal(size=80)
    error = ((y - p) ** 2).sum()
    within = sum(((y[task == t] - y[task == t].mean()) ** 2).sum() for t in range(5))
    around_all = metrics.multitask_explained_variance(y, p, task=task, around="all")
    assert_close(around_all, 1 - error / ((y - y.mean()) ** 2).sum(), ROUNDING)
    assert_close(metrics.multitask_explained_variance(y, p, task=task), 1 - error / within, ROUNDING)
    wide = np.where(task[:, None] == np.arange(5), y[:, None], NAN)
    assert_close(
        metrics.multitask_explained_variance(wide, wide + (p - y)[:, None]), 1 - error / within, ROUNDING
    )


def test_relative_rmse(rng):
    y, mean = rng.normal(size=(30, 3)) + 5, np.array([4.5, 5.0, 5.5])
    p = y + rng.normal(size=(30, 3))
    y[4, 1] = NAN
    expected = np.sqrt(np.nansum((y - p) ** 2, axis=0) / np.nansum((y - mean) ** 2, axis=0))
    assert_close(metrics.relative_rmse(y, p, train_mean=mean, average=None), expected, ROUNDING)
    assert_close(metrics.relative_rmse(y, p, train_mean=mean), expected.mean(), ROUNDING)
    assert_close(metrics.relative_rmse(y, p, train_mean=mean, average="worst"), expected.max(), ROUNDING)
    constant = np.tile(np.nanmean(y, axis=0), (30, 1))
    assert_close(metrics.relative_rmse(y, constant), 1.0, ROUNDING)


RANKINGS = ["label_ranking_loss", "coverage_error", "label_ranking_average_precision_score"]


@pytest.mark.parametrize("which", range(3))
def test_ranking_of_labels(which, rng, monkeypatch):
    ours = getattr(metrics, RANKINGS[which])
    y, score, weight = rng.integers(0, 2, (30, 7)).astype(float), rng.integers(0, 5, (30, 7)), rng.random(30)
    y[0], y[1] = 0, 1
    expected = getattr(sk, RANKINGS[which])(y, score, sample_weight=weight)
    assert_close(ours(y, score, sample_weight=weight), expected, ROUNDING)
    y[rng.random(y.shape) < 0.4] = NAN
    y[2] = NAN
    kept = np.delete(np.arange(30), 2)
    expected = [naive.ranking_of_labels(y[i], score[i])[which] for i in kept]
    assert_close(ours(y, score), np.mean(expected), ROUNDING)
    monkeypatch.setattr(metrics._ranking, "_ENTRIES", 1)
    assert_close(ours(y, score), np.mean(expected), ROUNDING)


def test_relative_gain():
    gain = metrics.relative_gain(
        [0.9, 2.0, NAN], [0.75, 2.5, 1.0], lower_is_better=[False, True, False], average=None
    )
    assert_close(gain, [0.2, 0.2, NAN], ROUNDING)
    named = {"b": 1.1, "a": 0.5}
    assert_close(metrics.relative_gain(named, {"a": 1.0, "b": 1.0}), (0.1 - 0.5) / 2, ROUNDING)
    flags = {"a": True, "b": False}
    assert_close(metrics.relative_gain(named, {"a": 1.0, "b": 1.0}, lower_is_better=flags), 0.3, ROUNDING)
    assert_close(metrics.relative_gain(named, {"a": 1.0, "b": 1.0}, average="worst"), -0.5, ROUNDING)


def test_two_columns_of_two_classes_are_one_score(rng):
    y, p = rng.integers(0, 2, (30, 2)), rng.random((30, 2))
    pairs = [np.column_stack([1 - column, column]) for column in p.T]
    for average in (None, "micro", "samples"):
        got = metrics.roc_auc_score(y, pairs, average=average)
        assert_close(got, metrics.roc_auc_score(y, p, average=average), SAME_BITS)


Y, P = np.array([[0, 1], [1, 0]]), np.array([[0.2, 0.9], [0.6, 0.3]])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: metrics.accuracy_score(Y, Y[:1]), "y_true has 2 rows, y_pred 1"),
        (lambda: metrics.accuracy_score(Y, Y[:, :1]), "y_true has 2 tasks, y_pred 1"),
        (
            lambda: metrics.accuracy_score(Y, Y + [0, NAN]),
            "task '1': y_pred is missing in row 0, which has a label",
        ),
        (lambda: metrics.accuracy_score(Y, Y.astype(str)), "task '0': labels like 0, predictions like '0'"),
        (lambda: metrics.accuracy_score(Y, Y, average="mean"), "average must be one of"),
        (lambda: metrics.accuracy_score(Y, Y, sample_weight=[1, -1]), "sample_weight must not be negative"),
        (lambda: metrics.accuracy_score(Y, Y, task=[0, 1]), "task= is for tasks that own their rows"),
        (lambda: metrics.accuracy_score(Y[:, 0], Y[:, 0], task=[0]), r"task must be \(2,\)"),
        (lambda: metrics.accuracy_score(Y[:, 0], P), r"task '0': y_pred must be labels \(n,\)"),
        (lambda: metrics.roc_auc_score(Y, P + [0, np.inf]), "task '1': scores must be finite"),
        (
            lambda: metrics.roc_auc_score(Y + [0, 2], P),
            r"task '1': label 3 is not among its classes \[0, 1\]",
        ),
        (
            lambda: metrics.roc_auc_score(Y, [np.ones((2, 3)), P[:, 0]], classes=[[0, 1], [0, 1]]),
            "2 classes need",
        ),
        (
            lambda: metrics.roc_auc_score(Y, P, classes=[[0, 1]]),
            "classes has 1 entries, but there are 2 tasks",
        ),
        (
            lambda: metrics.roc_auc_score(Y, [np.ones((2, 3)), P], average="micro"),
            "need one column of predictions",
        ),
        (lambda: metrics.log_loss(Y, 2 * P), r"task '0': probabilities must lie in \[0, 1\]"),
        (lambda: metrics.log_loss(Y[:, 0], np.full((2, 3), 0.2)), "must sum to 1; row 0 is off by 0.4"),
        (lambda: metrics.r2_score(Y, P + [0, np.inf]), "task '1': y_pred has infinite values"),
        (lambda: metrics.r2_score(Y.astype(str), P), "task '0': y_true must be one number per row"),
        (
            lambda: metrics.relative_rmse(Y, P, train_mean=[1]),
            r"train_mean must be finite, one per task \(2,\)",
        ),
        (lambda: metrics.relative_rmse(Y, P, average="micro"), "average must be 'macro', 'worst' or None"),
        (lambda: metrics.multitask_explained_variance(Y, P, around="x"), "around must be 'task' or 'all'"),
        (lambda: metrics.coverage_error(Y, P[:1]), r"must be \(n, n_labels\)"),
        (lambda: metrics.coverage_error(Y * 2, P), "y_true must hold 0, 1 and NaN alone"),
        (lambda: metrics.coverage_error(Y, P + NAN), "y_score must be finite wherever"),
        (lambda: metrics.relative_gain([1.0], [0.0]), "baseline must be > 0 for every task"),
        (lambda: metrics.relative_gain([1.0], [1.0, 2.0]), "scores has 1 tasks, baseline 2"),
        (
            lambda: metrics.relative_gain({"a": 1.0}, {"b": 1.0}),
            r"scores has the tasks \['a'\], baseline \['b'\]",
        ),
        (lambda: metrics.relative_gain({"a": 1.0}, [1.0]), "must both be dicts"),
        (lambda: metrics.relative_gain([np.inf], [1.0]), "one finite number"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
