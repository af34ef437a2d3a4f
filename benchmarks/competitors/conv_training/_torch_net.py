"""The network and its training step in torch."""

from __future__ import annotations

import torch
from problems.conv_training import CLASSES, MOMENTUM, RATE
from torch import nn


def start(data, threads, layout):
    """The network of ``data``, its images in the memory ``layout``, and the first gradients."""
    torch.set_num_threads(threads)
    side, channels = data.X.shape[1] // 4, data.X.shape[3]
    net = nn.Sequential(
        *(nn.Conv2d(channels, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(64 * side * side, CLASSES)),
    ).to(memory_format=layout)
    with torch.no_grad():
        for name, layer in zip("abc", (net[0], net[3], net[7]), strict=True):
            layer.weight.copy_(theirs(torch.from_numpy(data.params[f"{name}.W"]), side))
            layer.bias.copy_(torch.from_numpy(data.params[f"{name}.b"]))
    X = torch.from_numpy(data.X).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    optimiser = torch.optim.SGD(net.parameters(), RATE, momentum=MOMENTUM)
    state = {"net": net, "X": X, "y": torch.from_numpy(data.y), "optimiser": optimiser, "steps": data.steps}
    gradients(state)
    state["first"] = {}
    for name, layer in zip("abc", (net[0], net[3], net[7]), strict=True):
        state["first"][f"{name}.W"] = ours(layer.weight.grad, side).numpy().copy()
        state["first"][f"{name}.b"] = layer.bias.grad.numpy().copy()
    return state


def theirs(W, side):
    """Filters (3, 3, c, k) or weights (features, classes) in torch's order."""
    if W.ndim == 4:
        return W.permute(3, 2, 0, 1)
    return W.T.reshape(CLASSES, side, side, 64).permute(0, 3, 1, 2).reshape(CLASSES, -1)


def ours(W, side):
    """The way back from ``theirs``."""
    if W.ndim == 4:
        return W.permute(2, 3, 1, 0)
    return W.reshape(CLASSES, 64, side, side).permute(0, 2, 3, 1).reshape(CLASSES, -1).T


def gradients(state):
    state["optimiser"].zero_grad(set_to_none=True)
    nn.functional.cross_entropy(state["net"](state["X"]), state["y"]).backward()


def run(state):
    for _ in range(state["steps"]):
        gradients(state)
        state["optimiser"].step()


def result(state, output):
    return state["first"]
