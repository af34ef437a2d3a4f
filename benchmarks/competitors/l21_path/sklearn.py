"""scikit-learn's enet_path of several targets, by coordinate descent."""

from __future__ import annotations

from sklearn.linear_model import enet_path

PACKAGE = "scikit-learn"
TOLERANCES = [5e-7, 2e-7]


def prepare(data, threads, tol):
    run((data.X[:50, :80], data.Y[:50], data.alphas[:5], tol))
    return data.X, data.Y, data.alphas, tol


def run(state):
    X, Y, alphas, tol = state
    return enet_path(X, Y, l1_ratio=1.0, alphas=alphas, tol=tol, max_iter=100_000)[1]


def result(state, output):
    return output.transpose(2, 1, 0)
