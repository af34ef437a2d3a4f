"""The normal equations by hand: centre, multiply, factor."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve

PACKAGE = "scipy"


def prepare(data, threads):
    return data


def run(data):
    X, Y = data.X - data.X.mean(axis=0), data.Y - data.Y.mean(axis=0)
    gram = X.T @ X
    gram[np.diag_indices_from(gram)] += data.alpha
    return cho_solve(cho_factor(gram, overwrite_a=True, check_finite=False), X.T @ Y, check_finite=False)


def result(state, output):
    return output
