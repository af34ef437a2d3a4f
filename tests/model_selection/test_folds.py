"""Folds over which every task and class is spread."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score

from skmtl import MultiTaskLinearRegressor, TaskKFold


def check_partition(folds, n):
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(n))
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(n))


def test_complete_numbers_are_cut_in_blocks(rng):
    folds = list(TaskKFold(3).split(np.zeros((10, 1)), rng.normal(size=(10, 2))))
    assert [test.tolist() for _, test in folds] == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.mark.parametrize("n_splits", [2, 5])
def test_every_task_that_owns_rows_is_in_every_fold(n_splits, rng):
    task = np.repeat([3, 5, 9], [7, 20, 33])[rng.permutation(60)]
    X, y = np.column_stack([rng.normal(size=60), task]), rng.integers(0, 2, 60)
    folds = list(TaskKFold(n_splits, task_feature=1, classify=True).split(X, y))
    check_partition(folds, 60)
    for t in (3, 5, 9):
        for c in (0, 1):
            mine = (task == t) & (y == c)
            counts = [mine[test].sum() for _, test in folds]
            assert max(counts) - min(counts) <= 1
    sizes = [len(test) for _, test in folds]
    assert max(sizes) - min(sizes) <= 3


def test_missing_labels_are_spread_column_by_column(rng):
    Y = np.where(rng.random((90, 4)) < [0.2, 0.5, 0.9, 0.95], np.nan, rng.normal(size=(90, 4)))
    folds = list(TaskKFold(3).split(np.zeros((90, 1)), Y))
    check_partition(folds, 90)
    for t in range(4):
        counts = np.array([np.isfinite(Y[test, t]).sum() for _, test in folds])
        assert counts.sum() < 3 or counts.min() >= 1
        assert counts.max() - counts.min() <= 0.15 * counts.sum() + 1


def test_rare_classes_of_each_task_are_spread(rng):
    Y = (rng.random((100, 3)) < [0.05, 0.5, 0.9]).astype(int)
    Y[:3, 0], Y[-3:, 2] = 1, 0
    for train, test in TaskKFold(3, classify=True).split(np.zeros((100, 1)), Y):
        for t in range(3):
            assert set(Y[train, t]) == set(Y[test, t]) == {0, 1}


def test_it_serves_scikit_learn(rng):
    frame = pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "c"])
    frame["camera"] = np.repeat(["x", "y"], 20)
    y, cv = frame["a"] + rng.normal(size=40), TaskKFold(4, task_feature="camera")
    model = MultiTaskLinearRegressor(task_feature="camera")
    assert len(cross_val_score(model, frame, y, cv=cv)) == cv.get_n_splits() == 4
    search = GridSearchCV(model, {"alpha": [0.01, 0.1]}, cv=cv).fit(frame, y)
    assert search.n_splits_ == 4


@pytest.mark.parametrize("n_splits", [1, 2.0, True, 11])
def test_a_wrong_number_is_refused(n_splits):
    with pytest.raises(ValueError, match=r"whole number in \[2, 10\]"):
        list(TaskKFold(n_splits).split(np.zeros((10, 1)), np.arange(10.0)))
