"""What a balancer owes whoever trains: a pure map from losses or gradients to weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Real
from typing import ClassVar

import numpy as np

from ..component import Component

State = dict[str, np.ndarray]


class Balancer(Component, ABC):
    """Weighs the tasks of a joint loss; holds parameters, never state.

    Whoever trains calls ``start`` once, ``weigh`` for every batch, ``after_step`` for every batch where
    ``looks_again`` is True, and ``after_epoch`` at the end of each epoch, and hands the state from call to
    call. State is a dict of arrays; no call writes into what it was given.

    Losses are (T,) and not negative, NaN for a task without a label in the batch. The Gramian (T, T) holds
    the inner products of the tasks' gradients in the shared parameters; it is None unless
    ``needs_gradients``. Where it is needed, the weights combine the tasks' gradients in the shared
    parameters, and each head follows its own loss; where not, they weigh the losses themselves.
    """

    needs_gradients: ClassVar[bool] = False
    looks_again: ClassVar[bool] = False
    #: Parameters that must be numbers above 0, and those that must be at least 0.
    positive: ClassVar[tuple[str, ...]] = ()
    not_negative: ClassVar[tuple[str, ...]] = ()

    def start(self, n_tasks: int) -> State:
        """The state before the first batch.

        Raises
        ------
        ValueError
            A parameter that is out of its range.
        """
        for names, fits, range_ in (
            (self.positive, lambda value: value > 0, "above 0"),
            (self.not_negative, lambda value: value >= 0, "at least 0"),
        ):
            for name in names:
                value = getattr(self, name)
                if not (isinstance(value, Real) and fits(value) and value < float("inf")):
                    raise ValueError(
                        f"{type(self).__name__}: {name} must be a number {range_}, got {value!r}"
                    )
        return {}

    @abstractmethod
    def weigh(self, losses: np.ndarray, gramian: np.ndarray | None, state: State) -> tuple[np.ndarray, State]:
        """Weights (T,) for this batch, and the next state."""

    def after_step(self, losses: np.ndarray, state: State) -> State:
        """The next state, from the losses of the same batch after the step."""
        return state

    def after_epoch(self, losses: np.ndarray, state: State) -> State:
        """The next state, from the mean losses of the epoch."""
        return state


class GramianBalancer(Balancer):
    """A balancer whose weights depend on the Gramian alone.

    Tasks without a gradient in this batch (no label, or already at their optimum) get weight 0 and do
    not take part.
    """

    needs_gradients = True

    def weigh(self, losses, gramian, state):
        gramian = np.asarray(gramian, dtype=np.float64)
        moving = np.flatnonzero(np.diag(gramian) > 0)
        weights = np.zeros(len(gramian))
        if len(moving):
            weights[moving] = self.combine(gramian[np.ix_(moving, moving)])
        return weights, state

    def combine(self, gramian: np.ndarray) -> np.ndarray:
        """Weights (T,) for a Gramian (T, T) whose diagonal is positive."""
        raise NotImplementedError


def root(gramian: np.ndarray) -> np.ndarray:
    """R (T, T) with ``R R^T`` = the Gramian: as good as the gradients themselves as rows."""
    values, vectors = np.linalg.eigh(gramian)
    return vectors * np.sqrt(np.clip(values, 0, None))
