"""TaskRelationRegressor without a common part; the task is the last column of X."""

from __future__ import annotations

import numpy as np

from skmtl import TaskRelationRegressor

PACKAGE = "skmtl"
TOLERANCES = [1e-6, 5e-7, 1e-7, 1e-8]


def prepare(data, threads, tol):
    tasks = len(data.sizes)
    X = np.column_stack([data.X, np.repeat(np.arange(tasks), data.sizes)])
    model = TaskRelationRegressor(
        data.price * tasks, sharing=0, smoothing=0, loss_average="task", task_feature=-1, tol=tol
    )
    some = np.cumsum(data.sizes)[3]
    model.fit(X[:some], data.y[:some])
    return X, data.y, model


def run(state):
    X, y, model = state
    return model.fit(X, y)


def result(state, output):
    return output.coef_
