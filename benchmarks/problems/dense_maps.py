"""Feature maps at every pixel of one large image: filters at three scales, brought back to the pixels."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

INSTANCES = {
    "512x512x3 K64 two-sided": {"size": 512, "filters": 64, "two_sided": True},
    "512x512x3 K64 relu": {"size": 512, "filters": 64, "two_sided": False},
    "512x512x3 K12 relu (36 maps)": {"size": 512, "filters": 12, "two_sided": False},
}
QUICK = {"64x64x3 K8 two-sided": {"size": 64, "filters": 8, "two_sided": True}}
QUALITY = "largest error over the largest value, against float64; 1 for other features"
LIMIT = 1e-5
SCALES, PATCH, CHECKED = (1, 2, 4), 5, 64


def make(size: int, filters: int, two_sided: bool) -> SimpleNamespace:
    """``image`` (size, size, 3) uint8; ``filters`` (filters, 5, 5, 3) float32; ``threshold``."""
    rng = np.random.default_rng(0)
    W = rng.normal(size=(filters, PATCH, PATCH, 3))
    W -= W.mean(axis=(1, 2, 3), keepdims=True)
    W /= np.sqrt((W**2).sum(axis=(1, 2, 3), keepdims=True))
    image = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
    W = W.astype(np.float32)
    # In grey levels; at full size the responses have a standard deviation of 74.
    return SimpleNamespace(image=image, filters=W, threshold=20.0, two_sided=two_sided)


def quality(data: SimpleNamespace, maps: np.ndarray) -> float:
    """``maps`` is (size, size, scales * signs * filters); the upper left of them is computed again."""
    truth = reference(data)
    if maps.shape[2] != truth.shape[2]:
        return 1.0
    part = maps[:CHECKED, :CHECKED]
    return np.abs(part - truth).max() / np.abs(truth).max()


def reference(data: SimpleNamespace) -> np.ndarray:
    """The maps at the upper left pixels in float64."""
    maps = []
    for scale in SCALES:
        small = data.image[: 2 * CHECKED, : 2 * CHECKED].astype(float)
        small = small.reshape(len(small) // scale, scale, -1, scale, 3).mean(axis=(1, 3))
        margins = [(PATCH // 2, PATCH // 2)] * 2 + [(0, 0)]
        raw = _responses(np.pad(small, margins, mode="reflect"), data.filters)
        signs = (raw, -raw) if data.two_sided else (raw,)
        maps += [_enlarge(np.maximum(sign - data.threshold, 0), scale) for sign in signs]
    return np.concatenate(maps, axis=2)


def _responses(image: np.ndarray, filters: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(image, (PATCH, PATCH), axis=(0, 1))
    return np.einsum("yxcij,fijc->yxf", windows, filters.astype(float), optimize=True)


def _enlarge(maps: np.ndarray, scale: int) -> np.ndarray:
    """The first CHECKED rows and columns of pixels, interpolated between the centres of cells."""
    for axis in (0, 1):
        place = np.clip((np.arange(CHECKED) + 0.5) / scale - 0.5, 0, None)
        first = place.astype(int)
        share = np.expand_dims(place - first, [i for i in (0, 1, 2) if i != axis])
        maps = maps.take(first, axis) * (1 - share) + maps.take(first + 1, axis) * share
    return maps
