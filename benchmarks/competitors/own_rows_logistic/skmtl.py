"""MultiTaskLogisticRegression without coupling; the task is the last column of X."""

from __future__ import annotations

import numpy as np
from competitors._stops import TOLERANCES  # noqa: F401

from skmtl import MultiTaskLogisticRegression
from skmtl.couplings import Independent

PACKAGE = "skmtl"


def prepare(data, threads, tol):
    tasks, rows, features = data.X.shape
    X = np.column_stack([data.X.reshape(-1, features), np.repeat(np.arange(tasks), rows)])
    model = MultiTaskLogisticRegression(
        alpha=1 / (data.C * rows),
        coupling=Independent(),
        tol=tol,
        fit_intercept=False,
        task_feature=-1,
        n_jobs=threads,
    )
    model.fit(X[: 3 * rows], data.Y.ravel()[: 3 * rows])
    return X, data.Y.ravel(), model


def run(state):
    X, y, model = state
    return model.fit(X, y)


def result(state, output):
    return output.coef_
