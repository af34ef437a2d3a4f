"""The baselines are what they say: one model per task, and one model for all."""

import numpy as np
import pytest
from _asserts import SAME_BITS, assert_close
from sklearn.linear_model import LogisticRegression, Ridge

from skmtl import IndependentTasks, PooledTasks


@pytest.fixture
def table(rng):
    X = rng.normal(size=(40, 3))
    return X, (X @ rng.normal(size=(3, 2)) + 0.1 * rng.normal(size=(40, 2)) > 0).astype(int)


def test_independent_tasks_are_separate_fits(table):
    X, Y = table
    Y = Y.astype(float)
    Y[5:9, 1] = np.nan
    model = IndependentTasks(LogisticRegression()).fit(X, Y)
    for t in range(2):
        seen = ~np.isnan(Y[:, t])
        alone = LogisticRegression().fit(X[seen], Y[seen, t])
        assert_close(model.predict(X)[:, t], alone.predict(X), SAME_BITS)
        assert_close(model.predict_proba(X)[t], alone.predict_proba(X), SAME_BITS)


def test_pooled_tasks_are_one_fit(table, rng):
    X, _ = table
    Y = rng.normal(size=(40, 2))
    Y[3, 0] = np.nan
    model = PooledTasks(Ridge()).fit(X, Y)
    rows = np.concatenate([np.delete(np.arange(40), 3), np.arange(40)])
    alone = Ridge().fit(X[rows], np.concatenate([np.delete(Y[:, 0], 3), Y[:, 1]]))
    assert_close(model.predict(X), np.column_stack([alone.predict(X)] * 2), SAME_BITS)


def test_own_rows(table):
    X, Y = table
    task = np.arange(40) % 2
    rows, y = np.column_stack([X, task]), Y[:, 0]
    apart = IndependentTasks(LogisticRegression(), task_feature=3).fit(rows, y)
    pooled = PooledTasks(LogisticRegression(), task_feature=3, unknown_task="shared").fit(rows, y)
    alone = LogisticRegression().fit(X[task == 1], y[task == 1])
    assert_close(apart.predict(rows)[task == 1], alone.predict(X[task == 1]), SAME_BITS)
    assert_close(pooled.predict(rows), LogisticRegression().fit(X, y).predict(X), SAME_BITS)
    new = np.column_stack([X, np.full(40, 9)])
    assert_close(pooled.predict(new), pooled.predict(rows), SAME_BITS)
    with pytest.raises(ValueError, match="unknown tasks 9"):
        apart.predict(new)


def test_classes_that_a_task_does_not_show(rng):
    """Tasks that own their rows have the classes of y; one without class 2 gives it probability 0."""
    X, task = rng.normal(size=(30, 2)), np.arange(30) % 2
    y = np.where(task == 0, np.arange(30) % 3, np.arange(30) // 2 % 2)
    model = IndependentTasks(LogisticRegression(), task_feature=2).fit(np.column_stack([X, task]), y)
    P = model.predict_proba(np.column_stack([X, task]))
    assert P.shape == (30, 3) and (P[task == 1, 2] == 0).all() and (P[task == 0, 2] > 0).all()


def test_weights_reach_the_inner_models(table, rng):
    X, Y = table
    weight = rng.random((40, 2))
    model = IndependentTasks(Ridge()).fit(X, Y, target_weight=weight)
    alone = Ridge().fit(X, Y[:, 1], sample_weight=weight[:, 1])
    assert_close(model.predict(X)[:, 1], alone.predict(X), SAME_BITS)


def test_only_what_the_inner_model_can_do(table):
    X, Y = table
    assert not hasattr(IndependentTasks(Ridge()), "predict_proba")
    assert hasattr(IndependentTasks(LogisticRegression()), "predict_proba")


def test_bad_input(table):
    X, Y = table
    with pytest.raises(ValueError, match="PooledTasks needs tasks with the same classes: task 'task0' has"):
        PooledTasks(LogisticRegression()).fit(X, np.column_stack([Y[:, 0], np.arange(40) % 3]))
    with pytest.raises(ValueError, match="IndependentTasks has no part that the tasks share"):
        IndependentTasks(Ridge(), task_feature=0, unknown_task="shared").fit(
            np.column_stack([np.arange(40) % 2, X]), Y[:, 0]
        )
    with pytest.raises(ValueError, match="'estimator' parameter"):
        IndependentTasks("ridge").fit(X, Y)
