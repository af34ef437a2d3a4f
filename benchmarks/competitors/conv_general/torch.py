"""torch, channels last."""

from __future__ import annotations

import torch
from competitors.conv_training._torch_net import gradients, result, run  # noqa: F401
from problems.conv_general import CONVOLUTIONS, MOMENTUM, RATE
from torch import nn

PACKAGE = "torch"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        for name, (filters, depth, stride) in CONVOLUTIONS.items():
            self.add_module(name, nn.Conv2d(depth, filters, 3, stride=stride, padding=1))
            self.add_module(f"{name}_norm", nn.BatchNorm2d(filters))
        self.e = nn.Linear(64, 10)

    def forward(self, X):
        h = torch.relu(self.b_norm(self.b(torch.relu(self.a_norm(self.a(X))))))
        change = self.d_norm(self.d(torch.relu(self.c_norm(self.c(h)))))
        return self.e(torch.relu(h + change).mean(dim=(2, 3)))


def prepare(data, threads):
    torch.set_num_threads(threads)
    layout = torch.channels_last
    net = Net().to(memory_format=layout)
    with torch.no_grad():
        for name, ours, parameter in _parameters(net):
            parameter.copy_(_turned(torch.from_numpy(data.params[f"{name}.{ours}"])))
    X = torch.from_numpy(data.X).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    optimiser = torch.optim.SGD(net.parameters(), RATE, momentum=MOMENTUM)
    state = {"net": net, "X": X, "y": torch.from_numpy(data.y), "optimiser": optimiser, "steps": data.steps}
    gradients(state)
    state["first"] = {
        f"{name}.{ours}": _turned_back(parameter.grad).numpy().copy()
        for name, ours, parameter in _parameters(net)
    }
    return state


def _parameters(net):
    for name in (*CONVOLUTIONS, "e"):
        layer = getattr(net, name)
        yield from ((name, "W", layer.weight), (name, "b", layer.bias))
        if name != "e":
            norm = getattr(net, f"{name}_norm")
            yield from ((name, "gamma", norm.weight), (name, "beta", norm.bias))


def _turned(W):
    return W.permute(3, 2, 0, 1) if W.ndim == 4 else W.T if W.ndim == 2 else W


def _turned_back(W):
    return W.permute(2, 3, 1, 0) if W.ndim == 4 else W.T if W.ndim == 2 else W
