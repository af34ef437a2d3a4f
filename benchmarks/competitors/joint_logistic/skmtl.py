"""MultiTaskLogisticRegression without coupling."""

from __future__ import annotations

from competitors._stops import TOLERANCES  # noqa: F401

from skmtl import MultiTaskLogisticRegression
from skmtl.couplings import Independent

PACKAGE = "skmtl"


def prepare(data, threads, tol):
    def model(n):
        alpha = 1 / (data.C * n)
        return MultiTaskLogisticRegression(
            alpha, coupling=Independent(), tol=tol, fit_intercept=False, n_jobs=threads
        )

    model(200).fit(data.X[:200], data.Y[:200])
    return data, model(len(data.X))


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
