"""Networks of a given number of parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import clone

from skmtl.neural_network import InputsTrunk, Trunk

STEPS = 64


def size(model) -> int:
    """How many parameters a fitted network has."""
    return sum(value.size for value in model.params_.values())


def narrowed(trunk: Trunk, n_tasks: int, fits: Callable[[Trunk], bool]) -> Trunk:
    """The widest copy of a trunk that ``fits``, between its own width and nothing, in 64 steps.

    The search begins a little above the share ``1 / sqrt(n_tasks)`` of the width, with which the products of
    neighbouring layers' sizes are ``1 / n_tasks``.
    """
    first = int(np.ceil(1.2 * STEPS / np.sqrt(n_tasks)))
    for step in range(min(first, STEPS), 0, -1):
        narrow = _scaled(trunk, step / STEPS)
        if fits(narrow):
            return narrow
    raise ValueError(f"no narrow copy of {trunk!r} is small enough")


def _scaled(trunk: Trunk, share: float) -> Trunk:
    """A copy with this share of the filters and of the units of each layer."""
    narrow = clone(trunk)
    for name in ("channels", "hidden_layer_sizes"):
        if hasattr(trunk, name):
            narrow.set_params(**{name: scaled_sizes(getattr(trunk, name), share)})
    if isinstance(trunk, InputsTrunk):
        narrow.set_params(inputs=[(name, own, _scaled(part, share)) for name, own, part in trunk.inputs])
    return narrow


def scaled_sizes(sizes, share: float) -> tuple[int, ...]:
    """A share of each size, at least 1."""
    return tuple(max(int(round(share * size)), 1) for size in np.atleast_1d(sizes))
