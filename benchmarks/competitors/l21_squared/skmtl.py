"""MultiTaskLinearRegressor with JointSparsity."""

from __future__ import annotations

from skmtl import MultiTaskLinearRegressor
from skmtl.couplings import JointSparsity

PACKAGE = "skmtl"
TOLERANCES = [1e-5, 1e-6, 1e-7]


def prepare(data, threads, tol):
    model = MultiTaskLinearRegressor(data.alpha, coupling=JointSparsity(), fit_intercept=False, tol=tol)
    for rows, features in ((30, 10), (10, 30)):  # both forms of the solver
        model.fit(data.X[:rows, :features], data.Y[:rows])
    return data, model


def run(state):
    data, model = state
    return model.fit(data.X, data.Y)


def result(state, output):
    return output.coef_.T
