"""MultiTaskLinearRegressor.fit_path with joint sparsity."""

from __future__ import annotations

import numpy as np

from skmtl import MultiTaskLinearRegressor
from skmtl.couplings import JointSparsity

PACKAGE = "skmtl"
TOLERANCES = [1e-6, 5e-7]


def prepare(data, threads, tol):
    model = MultiTaskLinearRegressor(coupling=JointSparsity(), fit_intercept=False, tol=tol)
    list(model.fit_path(data.X[:50, :80], data.Y[:50], alphas=data.alphas[[10]]))
    list(model.fit_path(data.X[:50, :20], data.Y[:50], alphas=data.alphas[[10]]))
    return data, model


def run(state):
    data, model = state
    return [one.coef_.T for one in model.fit_path(data.X, data.Y, alphas=data.alphas)]


def result(state, output):
    return np.array(output)
