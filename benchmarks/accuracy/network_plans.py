"""Convolutional classifiers to be trained for a number of epochs, as MultiHeadNetwork makes them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skmtl import MultiHeadNetwork, make_targets
from skmtl.neural_network import Augment, ConvTrunk


@dataclass(frozen=True)
class Plan:
    """Layers and training, by the names of ConvTrunk and MultiHeadNetwork."""

    channels: tuple[int, ...] = (32, 64, 64)
    hidden: int = 128
    batch_norm: bool = False
    dropout: float = 0.0
    augment: Augment | None = None
    learning_rate: float = 3e-3
    batch_size: int = 64
    #: Predict the mean of what is told of an image and of its mirror image.
    mirrored: bool = False

    def model(self, epochs: int, seed: int, threads: int) -> MultiHeadNetwork:
        """Ours, with the default schedule: the rate rises over a fifth of the steps, then falls to 0."""
        trunk = ConvTrunk(self.channels, self.hidden, batch_norm=self.batch_norm, dropout=self.dropout)
        return MultiHeadNetwork(
            trunk=trunk,
            augment=self.augment,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            max_iter=epochs,
            n_jobs=threads,
            random_state=seed,
        )


def flips(shift: float) -> Augment:
    """Mirror images left and right, and shifts up to this share of the side; nothing else."""
    return Augment(flip="horizontal", shift=shift, contrast=0.0, brightness=0.0, zoom=0.0)


WIDE = Plan((32, 64, 128), 256, dropout=0.3, augment=flips(0.0), mirrored=True)

PLANS = {
    "flips": WIDE,
    "flips, small shifts": replace(WIDE, augment=flips(0.04)),
    "flips, shifts, batch norm": Plan(batch_norm=True, augment=flips(0.1), mirrored=True),
}


class Ours:
    """MultiHeadNetwork by a plan."""

    def __init__(self, plan: Plan, epochs: int, seed: int, threads: int):
        self.plan, self.network = plan, plan.model(epochs, seed, threads)

    def fit(self, X, y):
        self.network.fit(X, make_targets(thing=y))
        return self

    def predict(self, X) -> np.ndarray:
        told = sum(self.network.predict_proba(view)["thing"] for view in views(self.plan, X))
        return self.network.specs_["thing"]["classes"][told.argmax(axis=1)]


def views(plan: Plan, X: np.ndarray) -> list[np.ndarray]:
    """What is predicted: the images and, where the plan says so, their mirror images."""
    return [X, X[:, :, ::-1]] if plan.mirrored else [X]
