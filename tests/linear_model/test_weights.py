"""Weights of classes and tasks: what they multiply, and what they refuse."""

import inspect

import numpy as np
import pytest
from _asserts import SOLVED, assert_close
from sklearn.linear_model import LogisticRegression, Ridge

from skmtl import (
    MultiTaskLinearRegressor,
    MultiTaskLinearSVC,
    MultiTaskLinearSVR,
    MultiTaskLogisticRegression,
)
from skmtl.couplings import Independent, SharedParameters
from skmtl.linear_model._base import LinearTaskModel

N, D = 45, 3


@pytest.fixture
def table(rng):
    """Features, two tasks of two classes and one of three, of unequal sizes."""
    X = rng.normal(size=(N, D))
    z = X @ rng.normal(size=(D, 3)) + rng.normal(size=(N, 3))
    return X, np.column_stack([z[:, 0] > 1, z[:, 1] > 0.5, np.digitize(z[:, 2], [-1.5, 1.0])]).astype(int)


FORMS = {
    "balanced": "balanced",
    "labels": {0: 1.0, 1: 3.0, 2: 5.0},
    "tasks": {"task1": {1: 4.0}, "task2": "balanced"},
    "list": [None, {1: 4.0}, "balanced"],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cls", [MultiTaskLogisticRegression, MultiTaskLinearSVC])
def test_class_weights_are_label_weights(table, form, cls):
    X, Y = table
    factor = np.ones(Y.shape)
    for t in range(3):
        given = FORMS[form]
        given = given[t] if form == "list" else given.get(f"task{t}") if form == "tasks" else given
        counts = np.bincount(Y[:, t])
        for label in np.unique(Y[:, t]):
            weight = (
                N / (len(counts) * counts[label]) if given == "balanced" else (given or {}).get(label, 1.0)
            )
            factor[Y[:, t] == label, t] = weight
    weighted = cls(0.1, class_weight=FORMS[form]).fit(X, Y)
    plain = cls(0.1).fit(X, Y, target_weight=factor)
    assert_close(np.vstack(weighted.coef_), np.vstack(plain.coef_), SOLVED)


def test_balanced_classes_are_scikit_learn_s(table):
    X, Y = table
    ours = MultiTaskLogisticRegression(0.05, coupling=Independent(), class_weight="balanced").fit(X, Y[:, 2])
    peer = LogisticRegression(C=1 / (0.05 * N), class_weight="balanced", tol=1e-10, max_iter=10_000)
    assert_close(ours.predict_proba(X), peer.fit(X, Y[:, 2]).predict_proba(X), SOLVED)


def test_balance_counts_weights_not_rows(table, rng):
    """Twice a row is a row of weight two."""
    X, Y = table
    times = rng.integers(1, 4, N)
    weighted = MultiTaskLogisticRegression(class_weight="balanced").fit(X, Y, sample_weight=times)
    repeated = MultiTaskLogisticRegression(class_weight="balanced")
    repeated.fit(np.repeat(X, times, axis=0), np.repeat(Y, times, axis=0))
    assert_close(np.vstack(weighted.coef_), np.vstack(repeated.coef_), SOLVED)


def test_class_weights_of_tasks_that_own_their_rows(table):
    X, Y = table
    task = np.arange(N) % 2
    model = MultiTaskLogisticRegression(task_feature=0, class_weight={0: {1: 4.0}, 1: None})
    weighted = model.fit(np.column_stack([task, X]), Y[:, 0])
    factor = np.where((task == 0) & (Y[:, 0] == 1), 4.0, 1.0)
    plain = MultiTaskLogisticRegression(task_feature=0)
    plain.fit(np.column_stack([task, X]), Y[:, 0], sample_weight=factor)
    assert_close(weighted.coef_, plain.coef_, SOLVED)


@pytest.mark.parametrize("average", ["sample", "task"])
@pytest.mark.parametrize("form", [{"task1": 3.0}, [1.0, 3.0]], ids=["dict", "list"])
def test_task_weights_multiply_the_average_loss(average, form, rng):
    X, Y = rng.normal(size=(30, D)), rng.normal(size=(30, 2))
    model = MultiTaskLinearRegressor(0.1, coupling=Independent(), task_weight=form, loss_average=average)
    model.fit(X, Y)
    for t, weight in enumerate([1.0, 3.0]):
        assert_close(model.coef_[t], Ridge(0.1 * 30 / weight).fit(X, Y[:, t]).coef_, SOLVED)


def test_task_weights_of_tasks_that_own_their_rows(rng):
    X, Y = rng.normal(size=(30, D)), rng.normal(size=(30, 2))
    rows = np.vstack([np.column_stack([np.full(30, t), X]) for t in range(2)])
    long = MultiTaskLinearSVR(task_feature=0, task_weight={1: 5.0}, tol=1e-9).fit(rows, Y.T.ravel())
    wide = MultiTaskLinearSVR(task_weight=np.array([1.0, 5.0]), tol=1e-9).fit(X, Y)
    assert_close(long.objective_, wide.objective_, SOLVED)
    flat = MultiTaskLinearSVR(tol=1e-9).fit(X, Y)
    assert wide.objective_ > 1.5 * flat.objective_


def test_a_heavier_task_draws_the_others(rng):
    X = rng.normal(size=(40, D))
    Y = np.column_stack([X @ np.ones(D), -(X @ np.ones(D))])
    pooled = MultiTaskLinearRegressor(coupling=SharedParameters(1.0), task_weight=[1.0, 9.0]).fit(X, Y)
    assert (pooled.coef_ < 0).all()


REFUSED = [
    ({"class_weight": {7: 2.0}}, "class_weight has the label 7, which no task has"),
    ({"class_weight": {"task9": {0: 1.0}}}, "class_weight names the task 'task9'; the tasks are"),
    ({"class_weight": {"task0": {2: 1.0}}}, r"class_weight of task 'task0' has the label 2; its classes are"),
    (
        {"class_weight": {"task0": {1: -1.0}}},
        "class_weight of task 'task0', label 1, must be a finite number",
    ),
    (
        {"class_weight": {"task0": 3, "task1": None}},
        "class_weight of task 'task0' must be 'balanced', None or",
    ),
    ({"class_weight": [None]}, "class_weight must hold one entry for each of the 3 tasks, got 1"),
    ({"class_weight": "even"}, "The 'class_weight' parameter of MultiTask.* must be"),
    ({"task_weight": {"task9": 1.0}}, "task_weight names the task 'task9'; the tasks are"),
    ({"task_weight": [1.0, 2.0]}, r"one weight for each of the 3 tasks, got shape \(2,\)"),
    (
        {"task_weight": [1.0, 0.0, 1.0]},
        "task_weight of task 'task1' must be a positive, finite number, got 0",
    ),
    ({"task_weight": {"task2": np.inf}}, "task_weight of task 'task2' must be a positive, finite number"),
]


@pytest.mark.parametrize("parameters, message", REFUSED, ids=[message for _, message in REFUSED])
def test_refusals_name_task_and_label(parameters, message, table):
    with pytest.raises(ValueError, match=message):
        MultiTaskLogisticRegression(**parameters).fit(*table)


def test_every_linear_model_takes_what_all_of_them_take():
    """Subclasses repeat the parameters of the base; none may be forgotten."""
    shared = set(inspect.signature(LinearTaskModel.__init__).parameters)
    classifiers = [MultiTaskLogisticRegression, MultiTaskLinearSVC]
    for cls in [MultiTaskLinearRegressor, MultiTaskLinearSVR, *classifiers]:
        assert shared <= set(inspect.signature(cls.__init__).parameters), cls
