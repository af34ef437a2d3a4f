"""The report of all tasks."""

import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, assert_close

from skmtl import metrics
from skmtl.metrics import multitask_report

NAN = np.nan


@pytest.fixture
def data(rng):
    """Two tasks of classes, one of numbers, labels missing here and there; predictions; probabilities."""
    y = np.column_stack([rng.integers(0, 2, 50), rng.integers(0, 3, 50), rng.normal(size=50)])
    p = np.column_stack([rng.integers(0, 2, 50), rng.integers(0, 3, 50), y[:, 2] + 0.1 * rng.normal(size=50)])
    prob = [rng.random(50), rng.dirichlet(np.ones(3), 50), None]
    y[rng.random(y.shape) < 0.2] = NAN
    return y, p, prob


def test_every_number_is_that_of_its_metric(data):
    y, p, prob = data
    report = multitask_report(y, p, y_prob=prob, output_dict=True)
    tasks = report["tasks"]
    assert [row["kind"] for row in tasks.values()] == ["class", "class", "number"]
    assert [row["observed"] for row in tasks.values()] == (~np.isnan(y)).sum(axis=0).tolist()
    for t, name in enumerate("01"):
        expected = {
            "accuracy": metrics.accuracy_score(y[:, t], p[:, t]),
            "balanced_accuracy": metrics.balanced_accuracy_score(y[:, t], p[:, t]),
            "f1": metrics.f1_score(y[:, t], p[:, t]),
            "roc_auc": metrics.roc_auc_score(y[:, t], prob[t]),
            "average_precision": metrics.average_precision_score(y[:, t], prob[t]),
            "log_loss": metrics.log_loss(y[:, t], prob[t]),
        }
        assert expected.keys() | {"kind", "observed"} == tasks[name].keys()
        for key, value in expected.items():
            assert_close(tasks[name][key], value, SAME_BITS, key)
    assert_close(tasks["2"]["r2"], metrics.r2_score(y[:, 2], p[:, 2]), SAME_BITS)
    assert_close(tasks["2"]["rmse"], metrics.root_mean_squared_error(y[:, 2], p[:, 2]), SAME_BITS)
    assert_close(tasks["2"]["mae"], metrics.mean_absolute_error(y[:, 2], p[:, 2]), SAME_BITS)
    first, second = tasks["0"], tasks["1"]
    assert_close(report["mean"]["f1"], (first["f1"] + second["f1"]) / 2, ROUNDING)
    assert report["worst"]["accuracy"] == min(first["accuracy"], second["accuracy"])
    assert report["worst"]["log_loss"] == max(first["log_loss"], second["log_loss"])


def test_the_text(data):
    y, p, _ = data
    lines = multitask_report(y, p, task_names=["a", "b", "c"], digits=2).splitlines()
    header = ["task", "kind", "observed", "accuracy", "balanced_accuracy", "f1", "r2", "rmse", "mae"]
    assert lines[0].split() == header
    assert [line.split()[0] for line in lines[2:]] == ["a", "b", "c", "mean", "worst"]
    assert lines[2].split()[3] == f"{metrics.accuracy_score(y[:, 0], p[:, 0]):.2f}"
    assert lines[4].split()[3:6] == ["-"] * 3


def test_kinds_may_be_said(data):
    y, p, _ = data
    row = multitask_report(y, p, kinds=["class", "number", "number"], output_dict=True)["tasks"]["1"]
    assert row["kind"] == "number"
    assert_close(row["mae"], metrics.mean_absolute_error(y[:, 1], p[:, 1]), SAME_BITS)


def test_names_come_from_a_data_frame():
    pd = pytest.importorskip("pandas")
    y = pd.DataFrame({"kind": ["a", "b", None], "size": [1.5, NAN, 2.0]})
    p = pd.DataFrame({"kind": ["a", "a", "a"], "size": [1.0, 2.0, 2.0]})
    report = multitask_report(y, p, output_dict=True)
    assert {name: row["kind"] for name, row in report["tasks"].items()} == {"kind": "class", "size": "number"}


def test_tasks_that_own_their_rows(rng):
    y, p, task = rng.integers(0, 2, 40), rng.random(40), np.repeat(["s", "r"], 20)
    tasks = multitask_report(y, (p > 0.5).astype(int), y_prob=p, task=task, output_dict=True)["tasks"]
    assert list(tasks) == ["r", "s"]
    assert_close(tasks["s"]["roc_auc"], metrics.roc_auc_score(y[:20], p[:20]), SAME_BITS)


def test_a_task_without_labels_is_shown_and_left_out(data):
    y, p, _ = data
    y[:, 0] = NAN
    report = multitask_report(y, p, output_dict=True)
    assert report["tasks"]["0"]["observed"] == 0 and np.isnan(report["tasks"]["0"]["f1"])
    assert report["mean"]["f1"] == report["tasks"]["1"]["f1"] == report["worst"]["f1"]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"task_names": ["a", "a", "b"]}, "task_names must be 3 different names"),
        ({"kinds": ["class"]}, "kinds must be 'auto', 'class', 'number' or 3 of the last two"),
        ({"kinds": "count"}, "kinds must be"),
        ({"y_prob": [None]}, "y_prob has 1 entries, but there are 3 tasks"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(ValueError, match=message):
        multitask_report(data[0], data[1], **options)
