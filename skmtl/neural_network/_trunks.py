"""What a trunk is, and the trunk of dense layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..component import Component
from ..nn import Layer, Params, chain, dropout, on_levels, pick, pyramid
from ._architecture import dense_layers, layer_sizes


class Trunk(Component, ABC):
    """Makes the shared layers of a network, and what each head sees of them.

    A head sees a pyramid: X, and the outputs of the stages. The last level is a vector for each sample;
    the first ``n_maps`` levels are images.
    """

    #: Whether every task reads the same layers, so that copies of this trunk can be columns or experts.
    is_hard = True

    @abstractmethod
    def stages(self, name: str = "trunk") -> list[Layer]:
        """The stages of the pyramid; their parameters' names begin with ``name``."""

    def check(self) -> None:
        """Raise ValueError for parameters that do not fit."""

    def n_maps(self) -> int:
        """How many levels of the pyramid are images."""
        return 0

    def layers(self, n_tasks: int) -> Layer:
        """The layers that tasks share, as functions."""
        return pyramid(self.stages())

    def view(self, head: str, task: int, n_tasks: int, levels: Sequence[int]) -> Layer:
        """From the layers' output to the pyramid that a task sees, of which its head reads ``levels``.

        Its parameters belong to the task alone; their names begin with ``head``.
        """
        return chain()

    def samples(self, X: np.ndarray) -> np.ndarray:
        """X as the layers take it, samples along the first axis, without a copy where none is needed."""
        return X

    def named(self, names: np.ndarray | None) -> Trunk:
        """This trunk with columns by position, where X is a data frame with these ``names``."""
        return self

    def alike(self, n_columns: int) -> np.ndarray | None:
        """For each column of X the number of a group that is standardised as one; None: each is its own."""
        return None

    def scaling(self) -> dict | None:
        """Shift and scale of X, where it must not be learned anew."""
        return None

    def statistics(self) -> Params:
        """What the layers have gathered before the first step."""
        return {}

    def sharing(self, params: Params, heads: Sequence[str], batches: Iterable) -> np.ndarray | None:
        """What a fit has learned about who shares what; None where all share everything."""
        return None


class Place(NamedTuple):
    """Where a head stands on a trunk: it is the head of one of the tasks."""

    trunk: Trunk
    task: int
    n_tasks: int

    @property
    def last(self) -> int:
        """The level that is a vector for each sample."""
        return len(self.trunk.stages())

    def read(self, head: str, layers: Mapping[int, Layer]) -> Layer:
        """The sum of what each layer makes of its level of the pyramid that the task sees."""
        seen = self.trunk.view(head, self.task, self.n_tasks, list(layers))
        if len(layers) == 1:
            ((level, layer),) = layers.items()
            return chain(seen, pick(level), layer)
        return chain(seen, on_levels(layers))


class DenseTrunk(Trunk):
    """Dense layers on rows of numbers.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (128,)
    activation : {"relu", "gelu"}, default "relu"
    dropout : float in [0, 1), default 0
        Share of numbers after each activation that are set to 0 while learning.
    batch_norm : bool, default False
    """

    def __init__(self, hidden_layer_sizes=(128,), *, activation="relu", dropout=0.0, batch_norm=False):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm

    def check(self):
        check_options(self)

    def stages(self, name="trunk"):
        return dense_layers(f"{name}.dense", hidden_sizes(self), vars(self))

    def samples(self, X):
        if X.ndim != 2:
            raise ValueError(f"DenseTrunk takes rows of numbers, X of shape (n, p); got {X.shape}")
        return X


def hidden_sizes(trunk) -> list[int]:
    """``hidden_layer_sizes`` of a trunk as a list."""
    return layer_sizes(trunk.hidden_layer_sizes, f"{type(trunk).__name__}: hidden_layer_sizes")


def check_options(trunk) -> None:
    """Refuse sizes, an activation or a share of dropout that does not exist."""
    hidden_sizes(trunk)
    if trunk.activation not in ("relu", "gelu"):
        raise ValueError(f"{type(trunk).__name__}: activation is 'relu' or 'gelu', got {trunk.activation!r}")
    dropout(trunk.dropout)


def draws(trunk: Trunk) -> bool:
    """Whether the layers draw random numbers while learning."""
    return any(key.endswith("dropout") and value for key, value in trunk.get_params().items())
