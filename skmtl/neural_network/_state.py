"""Everything that a training run is in the middle of, as arrays and plain values."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np

from ..nn import Params, Vector
from ._parts import start
from ._settings import Settings


@dataclass
class History:
    """What happened in each epoch: mean losses (T,), mean weights (T,), cosines (T, T) of task gradients."""

    losses: list[np.ndarray] = field(default_factory=list)
    weights: list[np.ndarray] = field(default_factory=list)
    cosines: list[np.ndarray] = field(default_factory=list)
    validation: list[np.ndarray] = field(default_factory=list)


@dataclass
class Best:
    """The lowest mean loss so far, the epochs since one that was clearly lower, and what had it."""

    loss: float = float("inf")
    waited: int = 0
    array: np.ndarray | None = None
    statistics: Params = field(default_factory=dict)


@dataclass
class TrainingState:
    """Parameters, what the optimiser, the balancer and the layers remember, and the random numbers."""

    vector: Vector
    optimiser: Params
    balancer: Params
    statistics: Params
    rng: np.random.Generator
    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)

    @classmethod
    def begin(cls, params: Params, statistics: Params, n_tasks: int, settings: Settings, rng):
        """The state before the first step from ``params`` and what the layers have gathered; both are copied.

        ``rng`` is a numpy Generator.
        """
        vector = Vector(params, settings.dtype)
        optimiser = {}
        if settings.solver != "lbfgs":
            optimiser = start(settings.optimiser(settings.penalty(vector)), vector.array, n_tasks + 1)
        statistics = {name: value.astype(settings.dtype) for name, value in statistics.items()}
        return cls(vector, optimiser, settings.balancer.start(n_tasks), statistics, rng)

    def freeze(self) -> dict:
        """A copy made of dicts, lists, arrays and numbers alone."""
        frozen = {name: getattr(self, name) for name in ("optimiser", "balancer", "statistics")}
        frozen |= {"params": self.vector.views, "rng": self.rng.bit_generator.state}
        frozen |= {"history": vars(self.history), "best": vars(self.best)}
        return copy.deepcopy(frozen)

    @classmethod
    def thaw(cls, frozen: dict) -> TrainingState:
        """The state that was frozen, in memory of its own."""
        frozen = copy.deepcopy(frozen)
        rng = np.random.default_rng()
        rng.bit_generator.state = frozen.pop("rng")
        vector = Vector(frozen.pop("params"))
        past = {"history": History(**frozen.pop("history")), "best": Best(**frozen.pop("best"))}
        return cls(vector, rng=rng, **past, **frozen)
