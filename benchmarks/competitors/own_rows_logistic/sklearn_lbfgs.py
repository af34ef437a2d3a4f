"""One LogisticRegression a task, solver lbfgs."""

from __future__ import annotations

from competitors import _sklearn_loop as loop
from competitors._stops import TOLERANCES  # noqa: F401

PACKAGE = "scikit-learn"


def prepare(data, threads, tol):
    return loop.prepare(list(zip(data.X, data.Y, strict=True)), data.C, tol, "lbfgs", threads)


def run(state):
    return loop.run(state)


def result(state, output):
    return loop.coefficients(output)
