"""The solver of celer, by the function below its classes: those need an older scikit-learn."""

from __future__ import annotations

import warnings

from celer.homotopy import mtl_path
from sklearn.exceptions import ConvergenceWarning

PACKAGE = "celer"
TOLERANCES = [1e-4, 1e-6, 1e-7]


def prepare(data, threads, tol):
    # it warns on the way of tolerances that it tightens itself
    warnings.simplefilter("ignore", ConvergenceWarning)
    mtl_path(data.X[:, :10], data.Y, alphas=[10 * data.alpha], tol=0.1)
    return data, tol


def run(state):
    data, tol = state
    _, path, _ = mtl_path(data.X, data.Y, alphas=[data.alpha], tol=tol, max_iter=200, max_epochs=100_000)
    return path[:, :, 0]


def result(state, output):
    return output.T
