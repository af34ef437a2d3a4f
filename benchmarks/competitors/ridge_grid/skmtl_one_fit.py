"""One fit of MultiTaskLinearRegressor, at an alpha that is given: what the search is compared with."""

from __future__ import annotations

from skmtl import MultiTaskLinearRegressor
from skmtl.couplings import Independent

PACKAGE = "skmtl"


def prepare(data, threads):
    MultiTaskLinearRegressor(coupling=Independent()).fit(data.X[:50], data.Y[:50])
    return data, MultiTaskLinearRegressor(alpha=data.alphas[10] / len(data.X), coupling=Independent())


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
