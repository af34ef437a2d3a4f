"""The published algorithm: weights for the relation, and the relation for the weights, in turn.

Written in numpy from Zhang & Yeung (2010), section 3, in the primal. The step in the weights is exact: the
relation of the features, which gives the same minimum, makes it one small solve for each task.
"""

from __future__ import annotations

import numpy as np
from competitors.mtrl_school._moments import moments

PACKAGE = "numpy"
TOLERANCES = [30, 100, 300, 1000, 3000]


def prepare(data, threads, tol):
    return data, int(tol)


def run(state):
    data, alternations = state
    H, c = moments(data)
    d = H.shape[1]
    D = np.eye(d) / d
    for _ in range(alternations):
        values, vectors = np.linalg.eigh(D)
        root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        inner = root @ H @ root + data.price * np.eye(d)
        W = np.linalg.solve(inner, (c @ root)[:, :, None])[:, :, 0] @ root
        values, vectors = np.linalg.eigh(W.T @ W)
        sizes = np.sqrt(np.maximum(values, 0.0))
        D = (vectors * (sizes / sizes.sum())) @ vectors.T
    return W


def result(state, output):
    return output
