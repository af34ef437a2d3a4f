"""MultiTaskLinearRegressorCV with joint sparsity."""

from __future__ import annotations

from skmtl import MultiTaskLinearRegressorCV
from skmtl.couplings import JointSparsity

PACKAGE = "skmtl"


def prepare(data, threads):
    model = MultiTaskLinearRegressorCV(couplings=JointSparsity(), alphas=100, n_jobs=threads)
    model.fit(data.X[:50, :8], data.Y[:50])
    return data, model


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
