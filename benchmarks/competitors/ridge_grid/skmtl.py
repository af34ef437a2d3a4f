"""MultiTaskLinearRegressorCV without coupling, by generalised cross-validation."""

from __future__ import annotations

from skmtl import MultiTaskLinearRegressorCV
from skmtl.couplings import Independent

PACKAGE = "skmtl"


def prepare(data, threads, cv="gcv"):
    MultiTaskLinearRegressorCV(couplings=Independent(), cv=cv).fit(data.X[:50], data.Y[:50])
    alphas = data.alphas / len(data.X)
    return data, MultiTaskLinearRegressorCV(couplings=Independent(), cv=cv, alphas=alphas)


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
