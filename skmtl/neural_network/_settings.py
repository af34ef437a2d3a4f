"""How a network is trained: the numbers, and the parts that they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..balancers import Balancer
from ..nn import Optimiser, Schedule, Vector, adam, adamw, constant, cosine, sgd, triangle

SCHEDULES = ("constant", "cosine", "triangle")


@dataclass(frozen=True)
class Settings:
    """What the estimators' parameters of the same names say."""

    solver: str
    balancer: Balancer
    alpha: float
    learning_rate: float
    schedule: str
    momentum: float
    batch_size: int
    max_iter: int
    tol: float
    n_iter_no_change: int
    record_conflict: bool
    verbose: bool
    #: Called with the state at the end of each epoch.
    after_epoch: Callable = lambda state: None

    @property
    def dtype(self) -> np.dtype:
        """L-BFGS needs exact differences of the objective; beside mini-batches' noise float32 is exact."""
        return np.dtype(np.float64 if self.solver == "lbfgs" else np.float32)

    def penalty(self, vector: Vector) -> np.ndarray:
        """``alpha`` for each entry of a weight matrix or filter, 0 for biases and scales."""
        penalty = np.zeros_like(vector.array)
        for name, place in vector.slices.items():
            if name.endswith(".W"):
                penalty[place] = self.alpha
        return penalty

    def optimiser(self, decay: np.ndarray) -> Optimiser:
        """The optimiser of parameters with these penalties."""
        if self.solver == "sgd":
            return sgd(self.momentum)
        return adamw(decay) if self.solver == "adamw" else adam()

    def rates(self) -> Schedule:
        """The learning rate as a function of the share of training that is done."""
        factor = {"constant": constant, "cosine": cosine, "triangle": triangle}[self.schedule]()
        return lambda done: self.learning_rate * factor(done)
