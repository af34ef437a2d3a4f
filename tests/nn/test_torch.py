"""Networks and losses against torch, where it is installed."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import Tolerance, assert_close

from skmtl import nn

torch = pytest.importorskip("torch")
F = torch.nn.functional
SAME_FORMULA = Tolerance("the same formula in float64, summed in another order", rtol=1e-9, atol=1e-11)


def tensor(array, grad=True):
    return torch.tensor(np.ascontiguousarray(array), requires_grad=grad)


def first(array):
    """Images with channels last as torch's, channels first."""
    return array.permute(0, 3, 1, 2)


def test_a_convolutional_network_has_the_same_gradients(rng):
    layers = nn.chain(
        nn.conv("a", 4), nn.batch_norm("n"), nn.relu(), nn.max_pool(),
        nn.conv("b", 5, stride=2), nn.gelu(), nn.mean_pool(), nn.flatten(), nn.dense("c", 3),
    )  # fmt: skip
    params, _ = layers.init(rng, (12, 11, 2), np.dtype(float))
    X, y = rng.normal(size=(6, 12, 11, 2)), rng.integers(0, 3, 6)
    Z, back = layers.forward(params, X, nn.Run(rng))
    value, dZ = nn.cross_entropy()(Z, y, np.ones(6))
    dX, gradients = back(dZ)

    p = {key: tensor(array) for key, array in params.items()}
    x = tensor(X)
    h = F.conv2d(first(x), p["a.W"].permute(3, 2, 0, 1), p["a.b"], padding=1)
    h = F.batch_norm(h, None, None, p["n.gamma"], p["n.beta"], training=True)
    h = F.max_pool2d(F.relu(h), 2)
    h = F.gelu(F.conv2d(h, p["b.W"].permute(3, 2, 0, 1), p["b.b"], padding=1, stride=2))
    h = F.avg_pool2d(h, 2).permute(0, 2, 3, 1).reshape(6, -1)
    loss = F.cross_entropy(h @ p["c.W"] + p["c.b"], torch.tensor(y), reduction="sum")
    loss.backward()
    assert_close(value, loss.item(), SAME_FORMULA)
    assert_close(dX, x.grad.numpy(), SAME_FORMULA)
    for key in params:
        assert_close(gradients[key], p[key].grad.numpy(), SAME_FORMULA, key)


def test_stitched_columns_and_gated_experts_have_the_same_gradients(rng):
    layers = nn.chain(
        nn.pyramid([nn.branches([nn.dense("a", 4), nn.dense("b", 4)]), nn.stitch("s", np.eye(2) + 0.1)]),
        nn.gated(nn.gate("g", 2), [1, 2]),
        nn.on_levels({1: nn.gelu(), 2: nn.dense("c", 4)}),
    )
    params, _ = layers.init(rng, (3,), np.dtype(float))
    params["g.W"] = rng.normal(size=(3, 2))
    X = rng.normal(size=(6, 3))
    Y, back = layers.forward(params, X, nn.Run(rng))
    dX, gradients = back(np.cos(Y))

    p = {key: tensor(array) for key, array in params.items()}
    x = tensor(X)
    columns = torch.stack([x @ p["a.W"] + p["a.b"], x @ p["b.W"] + p["b.b"]])
    stitched = torch.einsum("ts,snk->tnk", torch.eye(2, dtype=torch.float64) + 0.1 + p["s.W"] / 8, columns)
    shares = torch.softmax(x @ p["g.W"] + p["g.b"], dim=1)
    seen = [torch.einsum("ne,enk->nk", shares, level) for level in (columns, stitched)]
    told = F.gelu(seen[0]) + seen[1] @ p["c.W"] + p["c.b"]
    assert_close(Y, told.detach().numpy(), SAME_FORMULA)
    told.backward(torch.cos(told.detach()))
    assert_close(dX, x.grad.numpy(), SAME_FORMULA)
    for key in params:
        assert_close(gradients[key], p[key].grad.numpy(), SAME_FORMULA, key)


LOSSES = {
    "binary": (
        nn.binary_cross_entropy,
        lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none"),
    ),
    "squared": (nn.squared, lambda z, y: 0.5 * F.mse_loss(z, y, reduction="none")),
    "huber": (lambda: nn.huber(0.4), lambda z, y: F.huber_loss(z, y, delta=0.4, reduction="none")),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_has_the_same_value_and_gradient(name, rng):
    make, theirs = LOSSES[name]
    Z, w = rng.normal(size=(8, 3)), rng.uniform(size=(8, 3))
    y = rng.integers(0, 2, (8, 3)).astype(float)
    value, dZ = make()(Z, y, w)
    z = tensor(Z)
    loss = (tensor(w, False) * theirs(z, tensor(y, False))).sum()
    loss.backward()
    assert_close(value, loss.item(), SAME_FORMULA)
    assert_close(dZ, z.grad.numpy(), SAME_FORMULA)


def test_poisson_has_the_same_gradient(rng):
    Z, y = rng.normal(size=(8, 2)), rng.integers(0, 5, (8, 2)).astype(float)
    z = tensor(Z)
    F.poisson_nll_loss(z, tensor(y, False), reduction="sum").backward()
    assert_close(nn.poisson()(Z, y, np.ones((8, 2)))[1], z.grad.numpy(), SAME_FORMULA)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_optimisers_take_the_same_steps(name, rng):
    theirs = {
        "sgd": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, 0.05),
        "adamw": lambda p: torch.optim.AdamW(p, 0.05, weight_decay=0.1),
    }[name]
    ours = {"sgd": nn.sgd(0.9), "adam": nn.adam(), "adamw": nn.adamw(np.full(9, 0.1))}[name]
    theta = rng.normal(size=9)
    parameter = tensor(theta)
    optimiser, state = theirs([parameter]), ours.start(theta)
    for gradient in rng.normal(size=(5, 9)):
        parameter.grad = tensor(gradient, False)
        optimiser.step()
        ours.step(theta, gradient, state, 0.05)
    assert_close(theta, parameter.detach().numpy(), SAME_FORMULA)
