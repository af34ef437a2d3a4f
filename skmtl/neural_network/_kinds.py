"""How each kind of head is learned by a network, and read from its output."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from ..nn import (
    Layer,
    Loss,
    binary_cross_entropy,
    box,
    brightest,
    chain,
    cross_entropy,
    dense,
    dense_cross_entropy,
    heat_map,
    huber,
    ordered_biases,
    ordinal,
    point_distance,
    poisson,
    quantile,
    squared,
)

IGNORE = 255


class Kind(NamedTuple):
    """What the codec's encoded field is to a network.

    ``loss(**options)`` makes the loss; ``labels(encoded, weight)`` gives y and w of a batch; ``outputs(Z)``
    what the codec decodes; ``width(spec, encoded)`` the number of outputs. ``maps`` says what the head's
    layers read: "none" (the trunk's vector), "all" of its maps, or the "deepest" alone. ``scaled`` says how
    labels are standardised: "none", "columns", "together" (one scale for x and y, and for all) or "mean"
    (divided by it). ``last(name, n)`` makes the last layer on a vector.
    """

    loss: Callable[..., Loss]
    labels: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    outputs: Callable[[np.ndarray], np.ndarray]
    width: Callable[[dict, np.ndarray], int]
    maps: str = "none"
    scaled: str = "none"
    last: Callable[[str, int], Layer] = lambda name, n: dense(f"{name}.out", n, gain=1.0)


def _one_each(encoded, weight):
    seen = ~np.isnan(encoded[:, 0])
    return np.where(seen, encoded[:, 0], 0), weight * seen


def columns(encoded, weight):
    """Entries and their weights, whatever the shape of a sample."""
    seen = ~np.isnan(encoded)
    return np.where(seen, encoded, 0), weight.reshape(-1, *[1] * (encoded.ndim - 1)) * seen


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


def _pinball(level: float) -> Loss:
    """The quantile loss of one level for each entry."""
    one = quantile([level])

    def loss(Z, y, w):
        value, dZ = one(Z.reshape(-1, 1), y.reshape(-1), w.reshape(-1))
        return value, dZ.reshape(Z.shape)

    return loss


def _thresholds(name: str, n: int) -> Layer:
    return chain(dense(f"{name}.out", 1, gain=1.0), ordered_biases(f"{name}.thresholds", n))


def _class_shares(Z: np.ndarray) -> np.ndarray:
    """Probabilities (n, C) from the log-odds (n, C - 1) of being above each class; none is negative."""
    above = np.minimum.accumulate(expit(Z), axis=1)
    ends = np.ones((len(Z), 1))
    return np.hstack([ends, above]) - np.hstack([above, 0 * ends])


def _same(Z: np.ndarray) -> np.ndarray:
    return Z


def _rates(Z: np.ndarray) -> np.ndarray:
    return np.exp(np.minimum(Z, 700.0))  # 700 is where exp leaves the range of float64


def _shares(Z: np.ndarray) -> np.ndarray:
    P = np.exp(Z - np.maximum.reduce(Z, axis=-1, keepdims=True))
    P /= np.add.reduce(P, axis=-1, keepdims=True)
    return P


def _n_classes(spec: dict, encoded: np.ndarray) -> int:
    return len(spec["classes"])


def _n_columns(spec: dict, encoded: np.ndarray) -> int:
    return encoded.shape[-1]


def _numbers(loss: Callable[..., Loss], outputs=_same, maps: str = "none", scaled: str = "columns") -> Kind:
    return Kind(loss, columns, outputs, _n_columns, maps, scaled)


KINDS = {
    "classes": Kind(cross_entropy, _one_each, _shares, _n_classes),
    "ordinal": Kind(
        ordinal, _one_each, _class_shares, lambda spec, _: len(spec["classes"]) - 1, last=_thresholds
    ),
    "tags": Kind(binary_cross_entropy, columns, expit, _n_columns),
    "numbers": _numbers(squared),
    "huber": _numbers(huber),
    "quantile": _numbers(_pinball),
    "rates": _numbers(poisson, _rates, scaled="mean"),
    "box": Kind(box, _boxes, _same, _n_columns, scaled="together"),
    "points": Kind(point_distance, _points, _same, _n_columns, scaled="together"),
    "heat maps": Kind(heat_map, _points, brightest, lambda _, encoded: encoded.shape[1] // 2, "all"),
    "mask": Kind(dense_cross_entropy, _pixels, _shares, _n_classes, "all"),
    "map": _numbers(squared, maps="all"),
    "huber map": _numbers(huber, maps="all"),
    "reconstruction": _numbers(squared, maps="deepest"),
    "huber reconstruction": _numbers(huber, maps="deepest"),
}
