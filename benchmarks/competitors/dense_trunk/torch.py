"""torch, eager: a linear layer for each head, the sum of their losses."""

from __future__ import annotations

import torch
from problems.dense_trunk import BATCH, HIDDEN, RATE, TASKS
from torch import nn

PACKAGE = "torch"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        first, second = HIDDEN
        self.trunk = nn.Sequential(nn.Linear(784, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(second, 1) for _ in range(TASKS))

    def forward(self, X):
        H = self.trunk(X)
        return [head(H)[:, 0] for head in self.heads]


def prepare(data, threads):
    torch.set_num_threads(threads)
    train(data, epochs=1, n=BATCH)
    return data


def train(data, epochs, n):
    torch.manual_seed(0)
    net, loss = Net(), nn.functional.binary_cross_entropy_with_logits
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    X, Y = torch.from_numpy(data.X[:n]), torch.from_numpy(data.Y[:n]).float()
    for _ in range(epochs):
        for rows in torch.randperm(n).split(BATCH):
            optimiser.zero_grad(set_to_none=True)
            labels = Y[rows]
            sum(loss(z, labels[:, t]) for t, z in enumerate(net(X[rows]))).backward()
            optimiser.step()
    return net


def run(state):
    return train(state, state.epochs, len(state.X))


def result(state, output):
    with torch.no_grad():
        return torch.sigmoid(torch.stack(output(torch.from_numpy(state.X_new)), dim=1)).numpy()
