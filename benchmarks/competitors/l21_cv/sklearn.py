"""scikit-learn's MultiTaskLassoCV at its default tolerance."""

from __future__ import annotations

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import MultiTaskLassoCV

PACKAGE = "scikit-learn"


def prepare(data, threads):
    model = MultiTaskLassoCV(alphas=100, cv=5, n_jobs=threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(data.X[:50, :8], data.Y[:50])
    return data, model


def run(state):
    data, model = state
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
