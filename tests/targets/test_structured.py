"""make_targets and split_targets: what goes in comes out, and what cannot is refused by name."""

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import KFold, train_test_split
from sklearn.utils import resample

from skmtl import make_targets, split_targets

FIELDS = {
    "label": np.array([3, 1, 2, 3]),
    "name": np.array(["cat", "dog", "", "cat"]),
    "tags": np.array([[1, 0], [np.nan, 1], [0, 0], [1, 1]]),
    "size": np.array([1.5, np.nan, 2.0, 0.0], np.float32),
    "box": np.arange(16.0).reshape(4, 4),
    "points": np.arange(24.0).reshape(4, 2, 3),
    "mask": np.arange(4 * 5 * 6).reshape(4, 5, 6).astype(np.uint8),
}


@pytest.fixture
def y():
    return make_targets(**FIELDS)


def test_round_trip(y):
    parts = split_targets(y)
    assert list(parts) == list(FIELDS)
    for name, values in FIELDS.items():
        assert parts[name].flags.c_contiguous
        assert parts[name].dtype == values.dtype
        assert_array_equal(parts[name], values)


def test_plain_structured_array(y):
    assert type(y) is np.ndarray
    assert y.shape == (4,)
    assert not y.dtype.hasobject


def test_read_only_and_memory_mapped(y, tmp_path):
    joblib.dump(y, tmp_path / "y.joblib")
    mapped = joblib.load(tmp_path / "y.joblib", mmap_mode="r")
    assert not mapped.flags.writeable
    parts = split_targets(mapped)
    parts["box"][:] = 0
    assert_array_equal(mapped["box"], FIELDS["box"])


def test_recarray_is_read(y):
    assert_array_equal(split_targets(y.view(np.recarray))["mask"], FIELDS["mask"])


def test_scikit_learn_cuts_it(y):
    train, test = train_test_split(y, test_size=1, random_state=0)
    assert train.dtype == y.dtype and len(train) == 3 and len(test) == 1
    for _, index in KFold(2).split(y):
        assert_array_equal(y[index]["label"], FIELDS["label"][index])
    assert resample(y, random_state=0).dtype == y.dtype


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["a", None, "b"], ["a", "", "b"]),
        (["a", np.nan, ""], ["a", "", ""]),
        (np.array(["a", ""]), ["a", ""]),
        (pd.Series(["x", None, "z"]), ["x", "", "z"]),
        (pd.Series(["x", None, "z"], dtype="category"), ["x", "", "z"]),
        (pl.Series(["x", None, "z"]), ["x", "", "z"]),
        ([1, None, 3], [1, -1, 3]),
        (pd.Series([1, None, 3], dtype="Int64"), [1, -1, 3]),
        (pl.Series([1, None, 3]), [1, -1, 3]),
        ([True, None, False], [1, -1, 0]),
    ],
)
def test_missing_labels(given, expected):
    column = make_targets(f=given, missing_label=-1)["f"]
    assert column.dtype.kind == np.array(expected).dtype.kind
    assert_array_equal(column, expected)


def test_missing_numbers_become_nan():
    y = make_targets(number=[1.5, None, 2], tags=[[1, None], [0, 1], [None, 0]])
    assert_array_equal(y["number"], [1.5, np.nan, 2])
    assert_array_equal(y["tags"], [[1, np.nan], [0, 1], [np.nan, 0]])


def test_columns_of_a_data_frame():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "x": [1, 2], "y": [3, 4]})
    y = make_targets(label=frame["a"], number=frame["b"], pair=frame[["x", "y"]])
    assert_array_equal(y["pair"], [[1.0, 3.0], [2.0, 4.0]])
    assert y["label"].dtype.kind == "i" and y["number"].dtype.kind == "f"


def test_integer_points_are_points_and_integer_maps_are_masks():
    y = make_targets(points=np.ones((2, 5, 2), int), mask=np.ones((2, 5, 4), bool))
    assert y["points"].dtype == np.float64
    assert y["mask"].dtype == np.uint8


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({}, ValueError, "at least one field"),
        ({"a": [1, 2], "b": [1]}, ValueError, "{'a': 2, 'b': 1}"),
        ({"a": [[1], [1, 2]]}, ValueError, "field 'a'.*ragged"),
        ({"a": np.array([[1], [1, 2]], dtype=object)}, ValueError, "field 'a'.*ragged"),
        ({"m": np.full((2, 4, 4), 300)}, ValueError, "field 'm'.*0..255"),
        ({"m": np.full((2, 4, 4), -1)}, ValueError, "field 'm'.*0..255"),
        ({"d": np.array(["2020", "2021"], "M8[Y]")}, TypeError, "field 'd'.*datetime64"),
        ({"c": np.ones(2, complex)}, TypeError, "field 'c'.*complex"),
        ({"a": [1, None]}, ValueError, "field 'a'.*missing_label"),
        ({"a": [1, "x"]}, TypeError, "field 'a'.*int.*str"),
        ({"a": [object(), object()]}, TypeError, "field 'a'.*object"),
        ({"a": np.array([1, "x"], dtype=object)}, TypeError, "field 'a'.*int.*str"),
        ({"a": np.ma.masked_array([1, 2], [0, 1])}, TypeError, "field 'a'.*masked"),
        ({"a": [["x", "y"]]}, TypeError, "field 'a'.*strings"),
        ({"a": np.zeros((1, 1, 1, 1, 1))}, ValueError, "field 'a'.*1 to 4"),
        ({"a": 1.0}, ValueError, "field 'a'.*1 to 4"),
        ({"a": [np.inf, 1.0]}, ValueError, "field 'a'.*infinite"),
    ],
)
def test_bad_fields(fields, error, message):
    with pytest.raises(error, match=message):
        make_targets(**fields)


def test_missing_label_that_is_a_label():
    with pytest.raises(ValueError, match="field 'a'.*missing_label=1"):
        make_targets(a=[1, None], missing_label=1)


@pytest.mark.parametrize("y", [np.zeros(3), [1, 2], {"a": [1]}])
def test_split_refuses_what_is_not_structured(y):
    with pytest.raises(TypeError, match="make_targets"):
        split_targets(y)
