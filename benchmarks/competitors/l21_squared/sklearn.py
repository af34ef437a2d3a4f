"""scikit-learn's MultiTaskLasso."""

from __future__ import annotations

from sklearn.linear_model import MultiTaskLasso

PACKAGE = "scikit-learn"
TOLERANCES = [1e-5, 5e-7, 1e-7]


def prepare(data, threads, tol):
    model = MultiTaskLasso(data.alpha, fit_intercept=False, tol=tol, max_iter=100_000)
    model.fit(data.X[:30, :10], data.Y[:30])
    return data, model


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
