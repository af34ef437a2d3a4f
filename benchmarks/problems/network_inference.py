"""A trained network: the two layers of ``conv_layers``, a linear layer (10) and softmax, image by image."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from problems import conv_layers

INSTANCES = conv_layers.INSTANCES
QUICK = conv_layers.QUICK
QUALITY = "largest error of a probability, against float64"
LIMIT = 1e-5
CLASSES = 10


def make(**arguments) -> SimpleNamespace:
    """``conv_layers.make``, with ``W`` (features, 10) and ``bias`` (10,), features by row, column, channel.

    Each channel of ``X`` has the mean 0 and the standard deviation 1, so that who standardises images, as a
    whole network does, and who does not compute the same.
    """
    data = conv_layers.make(**arguments)
    X = data.X.astype(float)
    X -= X.mean(axis=(0, 1, 2))
    data.X = (X / X.std(axis=(0, 1, 2))).astype(np.float32)
    rng, features = np.random.default_rng(1), (X.shape[1] // 4) ** 2 * len(data.layers[-1][0])
    data.W = (rng.normal(size=(features, CLASSES)) / np.sqrt(features)).astype(np.float32)
    data.bias = rng.normal(size=CLASSES).astype(np.float32) / 10
    return data


def quality(data: SimpleNamespace, probabilities: np.ndarray) -> float:
    """``probabilities`` is (images, 10); the first images are computed again."""
    maps = data.X[: conv_layers.CHECKED].astype(float)
    for W, bias in data.layers:
        maps = conv_layers.layer(maps, W.astype(float), bias)
    Z = maps.reshape(len(maps), -1) @ data.W.astype(float) + data.bias
    truth = np.exp(Z - Z.max(axis=1, keepdims=True))
    truth /= truth.sum(axis=1, keepdims=True)
    return np.abs(probabilities[: len(truth)] - truth).max()
