"""MultiTaskLinearRegressorCV without coupling, by exact leave-one-out."""

from __future__ import annotations

from skmtl import MultiTaskLinearRegressorCV
from skmtl.couplings import Independent

PACKAGE = "skmtl"


def prepare(data, threads):
    MultiTaskLinearRegressorCV(couplings=Independent(), cv="loo").fit(data.X[:50], data.Y[:50])
    alphas = data.alphas / len(data.X)
    return data, MultiTaskLinearRegressorCV(couplings=Independent(), cv="loo", alphas=alphas)


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
