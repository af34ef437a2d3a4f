"""The same classifiers in torch: layers, first parameters, optimiser, schedule, moved images."""

from __future__ import annotations

import math

import numpy as np
import torch
from network_plans import Plan, views
from torch import nn


class Torch:
    """A plan in torch, channels last; images are moved by the same code as ours."""

    def __init__(self, plan: Plan, epochs: int, seed: int, threads: int):
        self.plan, self.epochs, self.rng = plan, epochs, np.random.default_rng(seed)
        torch.manual_seed(seed)
        torch.set_num_threads(threads)

    def fit(self, X, y):
        plan, X = self.plan, _channels(X)
        axes = (0, 1, 2)
        self.scale = X.mean(axis=axes, dtype=np.float64), X.std(axis=axes, dtype=np.float64)
        self.classes, y = np.unique(y, return_inverse=True)
        self.net = _layers(plan, X.shape[1:], len(self.classes)).to(memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(_groups(self.net), plan.learning_rate)
        steps, done = self.epochs * math.ceil(len(X) / plan.batch_size), 0
        self.net.train()
        for _ in range(self.epochs):
            for rows in np.array_split(self.rng.permutation(len(X)), -(-len(X) // plan.batch_size)):
                for group in optimiser.param_groups:
                    group["lr"] = plan.learning_rate * _triangle(done / steps)
                optimiser.zero_grad(set_to_none=True)
                images = X[rows] if plan.augment is None else self._moved(X[rows])
                loss = nn.functional.cross_entropy(self.net(self._scaled(images)), torch.from_numpy(y[rows]))
                loss.backward()
                optimiser.step()
                done += 1
        return self

    def predict(self, X) -> np.ndarray:
        self.net.eval()
        told = sum(self._shares(_channels(view)) for view in views(self.plan, X))
        return self.classes[told.argmax(1).numpy()]

    def _shares(self, X: np.ndarray) -> torch.Tensor:
        with torch.inference_mode():
            parts = [self.net(self._scaled(X[i : i + 500])) for i in range(0, len(X), 500)]
        return torch.cat(parts).softmax(1)

    def _moved(self, X: np.ndarray) -> np.ndarray:
        augment = self.plan.augment
        return augment.draw(self.rng, augment.chosen(self.rng, len(X)), X.shape[1:3]).images(X)

    def _scaled(self, X: np.ndarray) -> torch.Tensor:
        mean, spread = (part.astype(np.float32) for part in self.scale)
        return torch.from_numpy((X.astype(np.float32) - mean) / spread).permute(0, 3, 1, 2)


def _triangle(done: float) -> float:
    return done / 0.2 if done < 0.2 else (1 - done) / 0.8


def _groups(net: nn.Module) -> list[dict]:
    """Parameters with the penalty of MultiHeadNetwork's default: on weights of layers, on nothing else."""
    layers = [layer for layer in net if isinstance(layer, nn.Conv2d | nn.Linear)]
    weights = [layer.weight for layer in layers]
    others = [p for p in net.parameters() if all(p is not weight for weight in weights)]
    return [{"params": weights, "weight_decay": 1e-4}, {"params": others}]


def _channels(X: np.ndarray) -> np.ndarray:
    return X[..., None] if X.ndim == 3 else X


def _layers(plan: Plan, shape: tuple[int, int, int], n_classes: int) -> nn.Sequential:
    height, width, depth = shape
    layers: list[nn.Module] = []
    for k in plan.channels:
        layers += [nn.Conv2d(depth, k, 3, padding=1), *_normal(nn.BatchNorm2d, plan, k)]
        layers += [nn.MaxPool2d(2), nn.ReLU()]
        height, width, depth = height // 2, width // 2, k
    layers += [nn.Flatten(), nn.Linear(height * width * depth, plan.hidden)]
    layers += [*_normal(nn.BatchNorm1d, plan, plan.hidden), nn.ReLU()]
    layers += [nn.Dropout(plan.dropout)] if plan.dropout else []
    layers += [nn.Linear(plan.hidden, n_classes)]
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in = layer.weight[0].numel()
            gain = 1.0 if layer is layers[-1] else 2.0
            nn.init.normal_(layer.weight, std=math.sqrt(gain / fan_in))
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def _normal(kind, plan: Plan, size: int) -> list[nn.Module]:
    return [kind(size)] if plan.batch_norm else []
