"""MultiTaskLogisticRegression without coupling."""

from __future__ import annotations

from skmtl import MultiTaskLogisticRegression
from skmtl.couplings import Independent

PACKAGE = "skmtl"
TOLERANCES = [10 ** (-k / 2) for k in range(8, 19)]


def prepare(data, threads, tol):
    def model(n):
        return MultiTaskLogisticRegression(
            alpha=1 / (data.C * n), coupling=Independent(), tol=tol, fit_intercept=False
        )

    model(200).fit(data.X[:200], data.Y[:200])
    return data, model(len(data.X))


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
