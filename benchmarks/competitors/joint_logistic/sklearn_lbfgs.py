"""One LogisticRegression a task, by MultiOutputClassifier."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier

PACKAGE = "scikit-learn"
TOLERANCES = [10 ** (-k / 2) for k in range(8, 19)]


def prepare(data, threads, tol):
    base = LogisticRegression(C=data.C, tol=tol, max_iter=1000, fit_intercept=False)
    model = MultiOutputClassifier(base, n_jobs=threads)
    model.fit(data.X[:200], data.Y[:200])
    return data, model


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return np.column_stack([one.coef_[0] for one in output.estimators_])
