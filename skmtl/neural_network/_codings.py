"""From a head's codec to a loss: how each kind of head is learned by a network, and read from its output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from ..heads import BoxHead, Head, PointsHead
from ..nn import (
    Labels,
    Layer,
    Loss,
    binary_cross_entropy,
    box,
    chain,
    conv,
    cross_entropy,
    dense,
    dense_cross_entropy,
    point_distance,
    relu,
    resize,
    softmax,
    squared,
)
from ._trunks import Place

IGNORE = 255
#: Channels in which a mask head adds up what it makes of the trunk's levels.
MASK_WIDTH = 16


class Kind(NamedTuple):
    """``labels(encoded, weight)`` gives y and w of a batch; ``outputs(Z)`` what the codec decodes."""

    loss: Callable[[], Loss]
    labels: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    outputs: Callable[[np.ndarray], np.ndarray]


def _one_each(encoded, weight):
    seen = ~np.isnan(encoded[:, 0])
    return np.where(seen, encoded[:, 0], 0), weight * seen


def _columns(encoded, weight):
    seen = ~np.isnan(encoded)
    return np.where(seen, encoded, 0), weight[:, None] * seen


def _boxes(encoded, weight):
    # A box of side 1 where there is none: its weight is 0, but its area must not be.
    seen = ~np.isnan(encoded[:, 0])
    return np.where(seen[:, None], encoded, [0.0, 0.0, 1.0, 1.0]), weight * seen


def _points(encoded, weight):
    seen = ~np.isnan(encoded)
    return np.where(seen, encoded, 0), weight[:, None] * seen[:, ::2]


def _pixels(encoded, weight):
    seen = encoded != IGNORE
    return np.where(seen, encoded, 0), weight[:, None, None] * seen


KINDS = {
    "classes": Kind(cross_entropy, _one_each, lambda Z: softmax(Z)[0]),
    "tags": Kind(binary_cross_entropy, _columns, expit),
    "numbers": Kind(squared, _columns, lambda Z: Z),
    "box": Kind(box, _boxes, lambda Z: Z),
    "points": Kind(point_distance, _points, lambda Z: Z),
    "mask": Kind(dense_cross_entropy, _pixels, lambda Z: softmax(Z)[0]),
}


def learn_coding(head: Head, spec: dict, encoded: np.ndarray, weight: np.ndarray) -> dict:
    """What must be remembered beside the codec: the kind, the number of outputs, and their scale.

    Numbers are standardised column by column, coordinates around their mean by one scale for all.
    """
    kind = _kind(head)
    coding = {"kind": kind, "n_outputs": _n_outputs(kind, spec, encoded), "shift": 0.0, "scale": 1.0}
    if kind in ("numbers", "box", "points"):
        coding["shift"], coding["scale"] = _scales(encoded, weight, isotropic=kind != "numbers")
    _, w = KINDS[kind].labels(encoded, weight)
    return coding | {"factor": len(w) / float(w.sum())}


def _kind(head: Head) -> str:
    if isinstance(head, BoxHead):
        return "box"
    if isinstance(head, PointsHead):
        return "points"
    kinds = {"multiclass": "classes", "binary": "tags", "regression": "numbers", "dense": "mask"}
    return kinds[head.task]


def _n_outputs(kind: str, spec: dict, encoded: np.ndarray) -> int:
    return len(spec["classes"]) if kind in ("classes", "mask") else encoded.shape[1]


def _scales(encoded: np.ndarray, weight: np.ndarray, *, isotropic: bool) -> tuple[np.ndarray, np.ndarray]:
    # Weights of labels that are not observed are 0; a spread of 0 becomes 1.
    y, w = _columns(encoded, weight)
    shift = (w * y).sum(axis=0) / w.sum(axis=0)
    if isotropic:  # x and y must not be stretched against each other, nor two corners of a box
        shift = np.tile(shift.reshape(-1, 2).mean(axis=0), len(shift) // 2)
    square = w * (y - shift) ** 2
    spread = square.sum(axis=0) / w.sum(axis=0)
    if isotropic:
        spread = np.full(len(shift), square.sum() / w.sum())
    return shift, np.where(spread > 0, np.sqrt(spread), 1.0)


def batch_labels(coding: dict, encoded: np.ndarray, weight: np.ndarray, dtype) -> Labels:
    """Targets and weights of some rows; over all rows the weights are 1 a row on average."""
    if coding["kind"] != "mask":
        encoded = (encoded - coding["shift"]) / coding["scale"]
    y, w = KINDS[coding["kind"]].labels(encoded, weight)
    return Labels(y.astype(dtype), (w * coding["factor"]).astype(dtype))


def read_outputs(coding: dict, Z: np.ndarray) -> np.ndarray:
    """What the head's codec decodes, in float64."""
    return KINDS[coding["kind"]].outputs(Z) * coding["scale"] + coding["shift"]


def head_layers(
    name: str, coding: dict, place: Place, image: tuple[int, ...], hidden: Sequence[int]
) -> Layer:
    """A head's own layers on a trunk: dense ones on its last level, or a mask from its maps.

    A mask is made as fully convolutional networks do (Long, Shelhamer & Darrell 2015): a 3 x 3 convolution
    of each level, brought to the size of the image and added up; then a ReLU and a 1 x 1 convolution.
    """
    if coding["kind"] != "mask":
        own = [layer for i, size in enumerate(hidden) for layer in (dense(f"{name}.{i}", size), relu())]
        return place.read(
            name, {place.last: chain(*own, dense(f"{name}.out", coding["n_outputs"], gain=1.0))}
        )
    maps = {
        level: chain(conv(f"{name}.level{level}", MASK_WIDTH), resize(*image[:2]))
        for level in range(place.trunk.n_maps())
    }
    return chain(place.read(name, maps), relu(), conv(f"{name}.out", coding["n_outputs"], size=1))
