"""One LogisticRegression of scikit-learn a task, for any of its solvers."""

from __future__ import annotations

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression


def prepare(tasks: list[tuple], C: float, tol: float, solver: str, threads: int):
    """Tasks (X, y), how to fit one, and how many at a time, after a warm-up on a few rows."""

    def fit(X, y):
        return LogisticRegression(C=C, tol=tol, solver=solver, max_iter=1000, fit_intercept=False).fit(X, y)

    X, y = tasks[0]
    few = np.r_[np.flatnonzero(y == 0)[:20], np.flatnonzero(y == 1)[:20]]
    fit(X[few], y[few])
    return tasks, fit, threads


def prepare_shared(data, threads, tol, solver: str):
    """For data with one X (n, d) and targets Y (n, tasks)."""
    return prepare([(data.X, y) for y in data.Y.T], data.C, tol, solver, threads)


def prepare_own_rows(data, threads, tol, solver: str):
    """For data with an X and a y for each task."""
    return prepare(list(zip(data.X, data.Y, strict=True)), data.C, tol, solver, threads)


def run(state):
    """Fitted models, one a task."""
    tasks, fit, threads = state
    return Parallel(threads, prefer="threads")(delayed(fit)(X, y) for X, y in tasks)


def coefficients(state, models) -> np.ndarray:
    """(tasks, features)."""
    return np.vstack([model.coef_ for model in models])


def weights(state, models) -> np.ndarray:
    """(features, tasks)."""
    return coefficients(state, models).T
