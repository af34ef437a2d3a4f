"""Networks of equal numbers of parameters, and what they tell beside each other."""

from __future__ import annotations

import numpy as np
from comparison import Scores
from sklearn.base import clone

from skmtl.neural_network import InputsTrunk, Trunk

STEPS = 16


def narrowed(trunk: Trunk, n_tasks: int, X: np.ndarray) -> Trunk:
    """The widest of 16 narrower copies of which ``n_tasks`` have no more parameters than the trunk.

    Networks with such trunks have no more parameters in all, for their heads see fewer numbers.
    """
    most = _size(trunk, X) / n_tasks
    copies = (_scaled(trunk, step / STEPS) for step in range(STEPS, 0, -1))
    return next(narrow for narrow in copies if _size(narrow, X) <= most)


def _size(trunk: Trunk, X: np.ndarray) -> int:
    """How many parameters a trunk has for samples like X."""
    shape = trunk.samples(X[:1]).shape[1:]
    params, _ = trunk.layers(1).init(np.random.default_rng(0), shape, np.float32)
    return sum(value.size for value in params.values())


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
    return tuple(max(round(share * int(size)), 1) for size in np.atleast_1d(sizes))


def summary(tables: list[Scores]) -> list[str]:
    """What joint learning has changed in each table."""
    said = ["Joint minus separate, mean over scores and splits, and its standard error over splits:", ""]
    for table in tables:
        joint, separate = (list(table.values[model].values()) for model in ("joint", "separate"))
        gaps = np.subtract(joint, separate).mean(axis=0)
        error = gaps.std(ddof=1) / np.sqrt(len(gaps))
        said.append(f"{gaps.mean():+.4f} +- {error:.4f}  {table.title}")
    return said
