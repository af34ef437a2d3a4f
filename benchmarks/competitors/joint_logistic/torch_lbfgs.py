"""L-BFGS of torch on all tasks at once, gradients by autograd."""

from __future__ import annotations

import torch
from competitors._stops import TOLERANCES  # noqa: F401
from competitors._torch_lbfgs import minimise

PACKAGE = "torch"


def prepare(data, threads, tol):
    torch.set_num_threads(threads)
    X, Y = torch.from_numpy(data.X), torch.from_numpy(data.Y.astype(float))
    run((X[:200], Y[:200], data.C, 1e-3))
    return X, Y, data.C, tol


def run(state):
    X, Y, C, tol = state

    def objective(W):
        raw = X @ W
        return C * (torch.nn.functional.softplus(raw) - Y * raw).sum() + 0.5 * (W * W).sum()

    return minimise(objective, (X.shape[1], Y.shape[1]), tol)


def result(state, output):
    return output.numpy()
