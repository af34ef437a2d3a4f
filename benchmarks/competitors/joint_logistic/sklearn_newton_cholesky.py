"""One LogisticRegression a task, solver newton-cholesky."""

from __future__ import annotations

from competitors import _sklearn_loop as loop
from competitors._stops import TOLERANCES  # noqa: F401

PACKAGE = "scikit-learn"


def prepare(data, threads, tol):
    return loop.prepare([(data.X, y) for y in data.Y.T], data.C, tol, "newton-cholesky", threads)


def run(state):
    return loop.run(state)


def result(state, output):
    return loop.coefficients(output).T
