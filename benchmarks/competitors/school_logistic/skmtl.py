"""MultiTaskLogisticRegression with JointSparsity; the task is the last column of X."""

from __future__ import annotations

import numpy as np

from skmtl import MultiTaskLogisticRegression
from skmtl.couplings import JointSparsity

PACKAGE = "skmtl"
TOLERANCES = [1e-4, 1e-5, 1e-6, 1e-7]


def prepare(data, threads, tol, solver="auto"):
    model = MultiTaskLogisticRegression(
        data.alpha, coupling=JointSparsity(), task_feature=-1, loss_average="task", tol=tol, solver=solver
    )
    X = np.column_stack([data.X, data.task])
    few = data.task < 9
    model.fit(X[few], data.y[few])
    return X, data.y, model


def run(state):
    X, y, model = state
    return model.fit(X, y)


def result(state, output):
    return np.column_stack([output.coef_, output.intercept_])
