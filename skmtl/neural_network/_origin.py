"""What a trunk that exists already is made of, wherever it comes from."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..nn import Layer, Params


class Blank:
    """Stands for random numbers where parameters are known: zeros, and no more at once than ``limit``."""

    def __init__(self, limit: int):
        self.limit = limit

    def standard_normal(self, shape) -> np.ndarray:
        if math.prod(shape) > self.limit:
            raise ValueError(f"a layer needs weights of shape {tuple(shape)}, the source has none so large")
        return np.zeros(shape)


def need_shapes(drawn: Params, params: Params) -> None:
    """Refuse parameters that are not those of a layer."""
    for name, value in drawn.items():
        if name not in params or params[name].shape != value.shape:
            there = params[name].shape if name in params else "missing"
            raise ValueError(f"{name} of the source is {there}, its layer needs {value.shape}")


class Origin(NamedTuple):
    """Stages with their parameters, what they have gathered, and how X is scaled for them.

    The first ``n_maps`` levels, X itself among them, are images. ``shape`` is that of a sample of X, images
    (h, w, c).
    """

    stages: list[Layer]
    n_maps: int
    params: Params
    statistics: Params
    scaling: dict
    shape: tuple[int, ...]

    def samples(self, X: np.ndarray) -> np.ndarray:
        """X as the stages take it: images of one channel may come without it, others flat."""
        form = X.shape[1:]
        if form != self.shape and (*form, 1) != self.shape and form != (math.prod(self.shape),):
            raise ValueError(f"PretrainedTrunk: samples of X are {form}, but the source takes {self.shape}")
        return X.reshape(len(X), *self.shape)

    def followed_by(self, stages: list[Layer], n_maps: int) -> Origin:
        """With other stages on the deepest map, or on the vector where there is none."""
        kept = self.stages[: max(self.n_maps - 1, 0)] if self.n_maps else self.stages
        return self._replace(stages=[*kept, *stages], n_maps=max(self.n_maps + n_maps - 1, 0))
