"""Plain targets: every form reads to the same labels, and bad ones are refused by name."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skmtl.targets import read_targets

NUMBERS = np.array([[1.0, 10.0], [2.0, np.nan], [np.nan, 30.0]])
LABELS = np.array([["a", "x"], ["b", None], [None, "y"]], dtype=object)

FORMS = {
    "matrix": NUMBERS,
    "list": NUMBERS.tolist(),
    "pandas": pd.DataFrame(NUMBERS, columns=["task0", "task1"]),
    "pandas nullable": pd.DataFrame(NUMBERS, columns=["task0", "task1"]).astype("Float64"),
    "polars": pl.DataFrame({"task0": [1.0, 2.0, None], "task1": [10.0, None, 30.0]}),
    "structured": np.array([(1, 10), (2, np.nan), (np.nan, 30)], dtype=[("task0", float), ("task1", float)]),
    "records": np.rec.fromarrays(NUMBERS.T, names=["task0", "task1"]),
    "declared": np.nan_to_num(NUMBERS, nan=-1).astype(int),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_reads_the_same_numbers(form):
    targets = read_targets(FORMS[form], classify=False, missing_label=-1 if form == "declared" else np.nan)
    assert targets.form == "matrix" and targets.names == ["task0", "task1"]
    assert targets.observed.tolist() == [[True, True], [True, False], [False, True]]
    assert targets.values.tolist() == [[1, 10], [2, 0], [0, 30]]


@pytest.mark.parametrize(
    "y",
    [
        LABELS,
        pd.DataFrame(LABELS),
        pd.DataFrame(LABELS).astype("category"),
        pd.DataFrame(LABELS).astype("string"),
        pl.DataFrame({"a": ["a", "b", None], "b": ["x", None, "y"]}),
    ],
    ids=["objects", "pandas", "category", "string", "polars"],
)
def test_text_labels(y):
    targets = read_targets(y, classify=True)
    assert [classes.tolist() for classes in targets.classes] == [["a", "b"], ["x", "y"]]
    assert targets.observed.tolist() == [[True, True], [True, False], [False, True]]
    assert targets.values.tolist() == [[0, 0], [1, 0], [0, 1]]


def test_a_declared_text_marks_the_missing():
    y = np.array([["yes", "?"], ["no", "no"], ["?", "yes"]])
    targets = read_targets(y, classify=True, missing_label="?")
    assert [classes.tolist() for classes in targets.classes] == [["no", "yes"], ["no", "yes"]]
    assert targets.observed.tolist() == [[True, False], [True, True], [False, True]]


def test_a_declared_number_does_not_hide_text():
    targets = read_targets(np.array(["a", "b"]), classify=True, missing_label=-1)
    assert targets.observed.all()


def test_one_dimension():
    targets = read_targets([3, 1, 3], classify=True)
    assert targets.form == "vector" and targets.values.tolist() == [[1], [0], [1]]
    assert targets.classes[0].tolist() == [1, 3]


def test_rows_of_tasks():
    task = np.array([1, 0, 1, 0, 1])
    y = np.array([5.0, 1.0, np.nan, 2.0, 6.0])
    targets = read_targets(y, classify=False, task=task, task_ids=["p", "q"])
    assert targets.form == "rows" and targets.names == ["p", "q"]
    assert targets.rows_of(1).tolist() == [0, 4] and targets.labels_of(1).tolist() == [5, 6]


def test_input_is_not_written_into():
    y = np.array([[1.0, np.nan], [2.0, 3.0]])
    y.setflags(write=False)
    before = y.copy()
    read_targets(y, classify=False)
    np.testing.assert_array_equal(y, before)


BAD = [
    (None, True, "y to be passed"),
    (np.array([[1, 2, 3]] * 2)[:, :, None], False, "1-D or"),
    (np.array([[1.0, np.nan], [2.0, np.nan]]), False, "task 'task1' has no observed label"),
    (np.array([[1, 0], [0, 0]]), True, "task 'task1' has one class only"),
    (pd.DataFrame({"even": [1, 0], "loop": [1, 1]}), True, "task 'loop' has one class only"),
    (np.array([[1.0, np.inf], [2.0, 3.0]]), False, "task 'task1'.*infinity"),
    (np.array([["a", "1"], ["b", "2"]]), False, "task 'task0' must hold numbers, got 'a'"),
    (np.array([[0.1, 1], [0.7, 0]]), True, "continuous.*task 'task0'"),
    (np.array([[1, "a"], ["b", "c"]], dtype=object), True, "task 'task0' mixes texts and numbers"),
    (np.array([1.0, np.nan, 2.0]), False, "Input y contains NaN"),
    (np.zeros((3, 0)), False, "no columns"),
    (np.zeros(2, dtype=[("label", int), ("box", float, 4)]), False, "field 'box'.*MultiHeadEstimator"),
    (np.array([1 + 2j]), False, "Complex data not supported"),
]


@pytest.mark.parametrize("y, classify, message", BAD, ids=[message for *_, message in BAD])
def test_bad_targets_are_refused_by_name(y, classify, message):
    with pytest.raises(ValueError, match=message):
        read_targets(y, classify=classify)
