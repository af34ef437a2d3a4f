"""adelie's group elastic net with the multi-response Gaussian loss."""

from __future__ import annotations

import adelie
import numpy as np

PACKAGE = "adelie"
TOLERANCES = [1e-13, 1e-15, 1e-16]


def prepare(data, threads, tol):
    X = adelie.matrix.dense(np.asfortranarray(data.X), method="naive", n_threads=threads)
    tasks = data.Y.shape[1]
    # its loss is an average over labels, its penalty of a row of T weights is worth sqrt(T)
    options = {
        "glm": adelie.glm.multigaussian(np.ascontiguousarray(data.Y)),
        "lmda_path": np.array([data.alpha / tasks / np.sqrt(tasks)]),
        "intercept": False,
        "alpha": 1.0,
        "tol": tol,
        "early_exit": False,
        "max_iters": 1_000_000,
        "n_threads": threads,
        "progress_bar": False,
    }
    return X, options, (data.X.shape[1], tasks)


def run(state):
    X, options, _ = state
    return adelie.grpnet(X=X, **options)


def result(state, output):
    return output.betas[-1].toarray().reshape(state[2])
