"""Two layers: 3 x 3 convolution of 32 filters, ReLU, largest of 2 x 2, then the same with 64 filters."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

INSTANCES = {
    f"{images}x{size}x{size}x{channels}, {at_once} a call": {
        "images": images,
        "size": size,
        "channels": channels,
        "at_once": at_once,
    }
    for size, channels, images in ((28, 1, 512), (32, 3, 512), (128, 3, 64))
    for at_once in (64, 1)
}
QUICK = {"8x12x12x3, 4 a call": {"images": 8, "size": 12, "channels": 3, "at_once": 4}}
QUALITY = "largest error over the largest value, against float64"
LIMIT = 1e-4
CHECKED = 4


def make(images: int, size: int, channels: int, at_once: int) -> SimpleNamespace:
    """``X`` (images, size, size, channels) and ``layers``, (filters (k, 3, 3, c), bias (k,)) each, float32.

    Zeros surround images and maps, so that every pixel has its patch; ``at_once`` images go into one call;
    ``multiply_adds`` are those of the plain convolutions.
    """
    rng = np.random.default_rng(0)
    layers = []
    for filters, depth in ((32, channels), (64, 32)):
        W = rng.normal(size=(filters, 3, 3, depth)) / np.sqrt(9 * depth)
        layers.append((W.astype(np.float32), rng.normal(size=filters).astype(np.float32) / 10))
    return SimpleNamespace(
        X=rng.random((images, size, size, channels), dtype=np.float32),
        layers=layers,
        at_once=at_once,
        multiply_adds=images * size * size * (9 * channels * 32 + 9 * 32 * 64 // 4),
    )


def quality(data: SimpleNamespace, maps: np.ndarray) -> float:
    """``maps`` is (images, size // 4, size // 4, 64); the first images are computed again."""
    truth = data.X[:CHECKED].astype(float)
    for W, bias in data.layers:
        truth = layer(truth, W.astype(float), bias)
    return np.abs(maps[: len(truth)] - truth).max() / np.abs(truth).max()


def layer(images: np.ndarray, W: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The maps (n, h // 2, w // 2, k) of images (n, h, w, c), in the type of what is given."""
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)])
    patches = sliding_window_view(padded, (3, 3), axis=(1, 2))
    maps = np.maximum(np.einsum("nyxcij,kijc->nyxk", patches, W, optimize=True) + bias, 0)
    n, height, width, k = maps.shape
    return maps.reshape(n, height // 2, 2, width // 2, 2, k).max(axis=(2, 4))
