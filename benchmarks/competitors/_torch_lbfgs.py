"""L-BFGS of torch on a function of one tensor; ``tol`` is relative to the gradient at zero."""

from __future__ import annotations

import torch


def minimise(objective, shape: tuple[int, int], tol: float) -> torch.Tensor:
    """Minimise ``objective(W)`` from zero, gradients by autograd."""
    W = torch.zeros(*shape, dtype=torch.float64, requires_grad=True)

    def closure():
        optimiser.zero_grad()
        value = objective(W)
        value.backward()
        return value

    largest = torch.autograd.grad(objective(W), W)[0].abs().max().item()
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
