"""MultiTaskLinearRegressor with the coupling of the method; the task is the last column of X."""

from __future__ import annotations

import numpy as np

from skmtl import MultiTaskLinearRegressor
from skmtl.couplings import (
    Dirty,
    ElementwiseSparsity,
    JointSparsity,
    LowRank,
    OutlierTasks,
    RobustLowRank,
    SparseLowRank,
)

PACKAGE = "skmtl"
TOLERANCES = [10 ** (-k / 2) for k in range(8, 19)]

COUPLINGS = {
    ("rows",): lambda price: JointSparsity(),
    ("entries",): lambda price: ElementwiseSparsity(),
    ("trace",): lambda price: LowRank(),
    ("peaks", "entries"): lambda price: Dirty(price, norm="max"),
    ("rows", "tasks"): OutlierTasks,
    ("trace", "tasks"): RobustLowRank,
    ("trace", "entries"): SparseLowRank,
}


def prepare(data, threads, tol):
    kinds, prices = zip(*data.parts, strict=True)
    coupling = COUPLINGS[kinds](prices[-1] / prices[0])
    # our loss is T / 2N times the sum of squares
    alpha = prices[0] / (2 * data.squares) * (data.task[-1] + 1) / len(data.y)
    model = MultiTaskLinearRegressor(
        alpha, coupling=coupling, fit_intercept=False, task_feature=-1, tol=tol, max_iter=50_000
    )
    X = np.column_stack([data.X, data.task])
    few = data.task < 3
    model.set_params(tol=0.1).fit(X[few], data.y[few])
    return X, data.y, model.set_params(tol=tol)


def run(state):
    X, y, model = state
    return model.fit(X, y)


def result(state, output):
    parts = [output.coef_] if output.coef_parts_ is None else output.coef_parts_
    return [part.T for part in parts]
