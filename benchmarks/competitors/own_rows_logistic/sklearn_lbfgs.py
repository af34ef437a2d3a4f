"""A loop of LogisticRegression, one a task, solver lbfgs."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

PACKAGE = "scikit-learn"
TOLERANCES = [10 ** (-k / 2) for k in range(8, 19)]


def prepare(data, threads, tol):
    def model():
        return LogisticRegression(C=data.C, tol=tol, solver="lbfgs", max_iter=1000, fit_intercept=False)

    model().fit(data.X[0], data.Y[0])
    return data, model


def run(state):
    data, model = state
    return [model().fit(X, y) for X, y in zip(data.X, data.Y, strict=True)]


def result(state, output):
    return np.vstack([one.coef_ for one in output])
