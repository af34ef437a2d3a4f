"""Slopes of a network's outputs in its input."""

from __future__ import annotations

import numpy as np

from ..nn import Run
from ._inputs import Scaling

#: Numbers of a block, about.
BLOCK = 2**18


def input_slopes(model, X: np.ndarray, name: str, columns: np.ndarray, *, times_input: bool) -> np.ndarray:
    """The slopes of a fitted ``MultiHeadNetwork``, which says what they are, in the shape of X."""
    coding, scaling = model._codings[name], Scaling(**model._scaling)
    if coding["kind"] == "heat maps":
        raise ValueError(
            f"head {name!r} finds points in heat maps, whose places have no slope: take occlusion_map, or "
            "fit with PointsHead(heatmap=False)"
        )
    columns = np.zeros_like(columns) if coding["kind"] == "ordinal" else columns
    network = model._network()
    (head,) = (task.head for task in network.tasks if task.name == name)
    flat, step = model.trunk_.samples(X), max(BLOCK // int(np.prod(X.shape[1:])), 1)
    told = np.empty(flat.shape)
    for first in range(0, len(X), step):
        part, run = slice(first, first + step), Run(statistics=model._statistics)
        inputs = scaling.apply(flat[part], np.float64)
        H, trunk_back = network.trunk.forward(model.params_, inputs, run)
        Z, head_back = head.forward(model.params_, H, run)
        slopes = trunk_back(head_back(_picked(Z, columns[part], coding))[0])[0]
        told[part] = slopes * inputs if times_input else slopes / scaling.scale
    return told.reshape(X.shape)


def _picked(Z: np.ndarray, columns: np.ndarray, coding: dict) -> np.ndarray:
    """What is differentiated: one column of each sample in its own unit, of pixels the mean."""
    unit = 1.0 if coding["kind"] == "rates" else np.broadcast_to(coding["scale"], Z.shape[-1:])[columns]
    slopes = np.zeros(Z.shape)
    pixels = int(np.prod(Z.shape[1:-1]))
    slopes[np.arange(len(Z)), ..., columns] = np.reshape(unit / pixels, (-1, *[1] * (Z.ndim - 2)))
    return slopes
