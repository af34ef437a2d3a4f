"""Several inputs in the columns of X, each with its own first layers."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from ..nn import Layer, branches, chain, joined, part
from ._architecture import dense_layers
from ._trunks import Trunk, check_options, hidden_sizes


class InputsTrunk(Trunk):
    """A trunk for each of several inputs, and dense layers on all that these make.

    Parameters
    ----------
    inputs : list of (name, columns, trunk)
        ``columns`` of X: a slice, positions, or, for a data frame, names. ``trunk`` makes a vector of them; a
        ``ConvTrunk`` with ``image_shape`` takes them as flat images. Columns may serve several inputs; those
        that serve none are left out.
    hidden_layer_sizes : int or sequence of int, default (128,)
        The shared layers on the vectors, side by side.
    activation : {"relu", "gelu"}, default "relu"
    dropout : float in [0, 1), default 0
        Share of numbers after each activation of the shared layers that are set to 0 while learning.
    batch_norm : bool, default False
        Of the shared layers.
    """

    def __init__(
        self, inputs, hidden_layer_sizes=(128,), *, activation="relu", dropout=0.0, batch_norm=False
    ):
        self.inputs = inputs
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_norm = batch_norm

    def check(self):
        check_options(self)
        try:
            names = [name for name, _, _ in self.inputs]
        except (TypeError, ValueError):
            raise ValueError(
                f"InputsTrunk: inputs holds (name, columns, trunk) for each input, got {self.inputs!r}"
            ) from None
        if not names or len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"InputsTrunk: inputs needs at least one, and distinct names, got {names}")
        for name, columns, trunk in self.inputs:
            if not isinstance(trunk, Trunk) or not trunk.is_hard:
                raise ValueError(
                    f"InputsTrunk: input {name!r} takes a trunk that tasks share whole, got {trunk!r}"
                )
            trunk.check()
            if not isinstance(columns, slice) and len(set(columns)) < len(columns):
                raise ValueError(f"InputsTrunk: input {name!r} names a column twice: {list(columns)}")

    def named(self, names):
        inputs = [(name, _positions(name, own, names), trunk) for name, own, trunk in self.inputs]
        return clone(self).set_params(inputs=inputs)

    def stages(self, name="trunk"):
        firsts = [
            chain(part(columns, trunk.samples), *trunk.stages(f"{name}.{own}"))
            for own, columns, trunk in self.inputs
        ]
        join: list[Layer] = [chain(branches(firsts), joined())]
        return [*join, *dense_layers(f"{name}.dense", hidden_sizes(self), vars(self))]

    def samples(self, X):
        if X.ndim != 2:
            raise ValueError(f"InputsTrunk takes rows of numbers, X of shape (n, p); got {X.shape}")
        for name, columns, trunk in self.inputs:
            try:
                shape = trunk.samples(X[:1, columns]).shape
            except (IndexError, ValueError) as error:
                raise ValueError(f"InputsTrunk: input {name!r}: {error}") from None
            if 0 in shape:
                raise ValueError(f"InputsTrunk: input {name!r} has no column: {columns!r}")
        return X

    def alike(self, n_columns):
        groups = np.arange(n_columns)
        for _, columns, trunk in self.inputs:
            own = groups[columns]
            shape = trunk.samples(np.empty((1, len(own)))).shape[1:]
            if len(shape) == 3:
                groups[columns] = own[np.arange(len(own)) % shape[2]]  # channels last
        return groups


def _positions(name: str, columns, names):
    """Columns as a slice or positions; ``names`` are those of a data frame, or None."""
    if isinstance(columns, slice) or not any(isinstance(column, str) for column in columns):
        return columns if isinstance(columns, slice) else [int(column) for column in columns]
    if names is None:
        raise ValueError(f"InputsTrunk: input {name!r} names columns, but X is no data frame")
    missing = [column for column in columns if column not in names]
    if missing:
        raise ValueError(f"InputsTrunk: input {name!r}: X has no column {missing[0]!r}")
    return [list(names).index(column) for column in columns]
