"""How a network is trained: the numbers, and the parts that they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from numbers import Integral, Real

import numpy as np

from ..balancers import Balancer, Fixed
from ..nn import Optimiser, Schedule, Vector, adam, adamw, constant, cosine, sgd, triangle
from ..utils._sklearn import Interval, StrOptions

#: What "auto" stands for: steps and epochs at least, the smallest and largest batch, iterations of L-BFGS.
STEPS, EPOCHS, BATCHES, ITERATIONS = 1000, 30, (16, 64), 200

BATCH_SOLVERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine", "triangle")

#: What scikit-learn checks of the parameters that all networks have.
TRAINING_CONSTRAINTS = {
    "head_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "balancer": [Balancer, None],
    "solver": [StrOptions(set(BATCH_SOLVERS))],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "schedule": [StrOptions(set(SCHEDULES))],
    "momentum": [Interval(Real, 0, 1, closed="left")],
    "batch_size": [Interval(Integral, 1, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "tol": [Interval(Real, 0, None, closed="left")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "record_conflict": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["boolean"],
}


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
    n_jobs: int | None = None
    #: Called with the state at the end of each epoch.
    after_epoch: Callable = lambda state: None
    #: What else helps against numbers that overflow, such as ", or scale the columns of X".
    remedy: str = ""

    @property
    def advice(self) -> str:
        """What to do where numbers overflow."""
        first = "raise alpha" if self.solver == "lbfgs" else "lower learning_rate"
        return f"{first} ({self.alpha if self.solver == 'lbfgs' else self.learning_rate:g}){self.remedy}"

    @property
    def settles(self) -> bool:
        """Whether a training loss that falls no more means that nothing is left to learn.

        It does not where the rate falls later on: at a high rate the loss wavers, at a low one it sinks.
        """
        return self.schedule == "constant"

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


def auto_lengths(solver: str, n_samples: int | None, batch_size, max_iter) -> dict[str, int]:
    """Batch size and epochs, or iterations, as numbers where they are "auto"; None: samples are not counted.

    With few samples, small batches and many epochs: what a network needs is a number of steps, and one from
    16 samples is about as good as one from 64.
    """
    if batch_size == "auto":
        batch_size = BATCHES[1] if n_samples is None else int(np.clip(n_samples // 30, *BATCHES))
    if max_iter == "auto":
        enough = 0 if n_samples is None else ceil(STEPS / ceil(n_samples / batch_size))
        max_iter = ITERATIONS if solver == "lbfgs" else max(EPOCHS, enough)
    return {"batch_size": batch_size, "max_iter": max_iter}


def check_lbfgs(balancer: Balancer, **others) -> None:
    """Refuse what makes of one function another at each step; ``others`` are parameters that are given."""
    others |= {} if isinstance(balancer, Fixed) else {"balancer": balancer}
    for name, value in others.items():
        if value:
            raise ValueError(
                f"solver='lbfgs' minimises one fixed function and cannot take {name}={value!r}; use "
                "solver='adam'"
            )
