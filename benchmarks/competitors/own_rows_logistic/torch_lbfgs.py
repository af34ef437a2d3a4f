"""L-BFGS of torch on all tasks at once, batched products, gradients by autograd."""

from __future__ import annotations

import torch

PACKAGE = "torch"
TOLERANCES = [10 ** (-k / 2) for k in range(8, 19)]


def prepare(data, threads, tol):
    torch.set_num_threads(threads)
    X, Y = torch.from_numpy(data.X), torch.from_numpy(data.Y.astype(float))
    run((X[:3], Y[:3], data.C, tol))
    return X, Y, data.C, tol


def run(state):
    X, Y, C, tol = state
    W = torch.zeros(X.shape[0], X.shape[2], dtype=torch.float64, requires_grad=True)

    def objective():
        raw = torch.einsum("tnd,td->tn", X, W)
        return C * (torch.nn.functional.softplus(raw) - Y * raw).sum() + 0.5 * (W * W).sum()

    def closure():
        optimiser.zero_grad()
        value = objective()
        value.backward()
        return value

    largest = torch.autograd.grad(objective(), W)[0].abs().max().item()
    optimiser = torch.optim.LBFGS(
        [W],
        max_iter=5000,
        max_eval=10000,
        history_size=10,
        tolerance_grad=tol * largest,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )
    optimiser.step(closure)
    return W.detach()


def result(state, output):
    return output.numpy()
