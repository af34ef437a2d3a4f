"""skglm's MultiTaskLasso."""

from __future__ import annotations

from skglm import MultiTaskLasso

PACKAGE = "skglm"
TOLERANCES = [1e-3, 1e-5, 1e-6]


def prepare(data, threads, tol):
    def model():
        return MultiTaskLasso(data.alpha, fit_intercept=False, tol=tol, max_iter=200, max_epochs=100_000)

    model().fit(data.X[:, :10], data.Y)
    return data, model


def run(state):
    data, model = state
    return model().fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
