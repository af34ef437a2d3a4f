"""Convolution features of small colour images: two-sided soft threshold, summed over four quadrants."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

INSTANCES = {
    f"{images}x32x32x3 K{filters}, {at_once} a call": {
        "images": images,
        "filters": filters,
        "at_once": at_once,
    }
    for filters, images in ((64, 256), (256, 128), (1600, 64))
    for at_once in (64, 1)
}
QUICK = {"32x32x32x3 K32, 16 a call": {"images": 32, "filters": 32, "at_once": 16}}
QUALITY = "largest error over the largest value, against float64"
LIMIT = 1e-4
SIZE, PATCH = 32, 6
CHECKED = 8


def make(images: int, filters: int, at_once: int) -> SimpleNamespace:
    """``X`` (images, 32, 32, 3) and ``filters`` (filters, 6, 6, 3), float32; ``threshold``; ``edges``.

    ``edges`` are the borders of the quadrants on the 27 x 27 grid of patch positions; ``at_once`` images
    go into one call; ``multiply_adds`` are those of the convolution.
    """
    rng = np.random.default_rng(0)
    W = rng.normal(size=(filters, PATCH, PATCH, 3))
    W -= W.mean(axis=(1, 2, 3), keepdims=True)
    W /= np.sqrt((W**2).sum(axis=(1, 2, 3), keepdims=True))
    places = SIZE - PATCH + 1
    return SimpleNamespace(
        X=rng.random((images, SIZE, SIZE, 3), dtype=np.float32),
        filters=W.astype(np.float32),
        threshold=0.1,
        edges=(0, places // 2, places),
        at_once=at_once,
        multiply_adds=images * filters * places * places * PATCH * PATCH * 3,
    )


def quality(data: SimpleNamespace, features: np.ndarray) -> float:
    """``features`` is (images, 2 signs, 4 quadrants, filters); the first images are computed again."""
    truth = reference(data)
    return np.abs(features[: len(truth)] - truth).max() / np.abs(truth).max()


def reference(data: SimpleNamespace) -> np.ndarray:
    """The features of the first images in float64, one patch position at a time."""
    X, W = data.X[:CHECKED].astype(float), data.filters.astype(float).reshape(len(data.filters), -1)
    features = np.zeros((len(X), 2, 4, len(W)))
    half, places = data.edges[1:]
    for i in range(places):
        for j in range(places):
            raw = X[:, i : i + PATCH, j : j + PATCH].reshape(len(X), -1) @ W.T
            quadrant = 2 * (i >= half) + (j >= half)
            features[:, 0, quadrant] += np.maximum(raw - data.threshold, 0)
            features[:, 1, quadrant] += np.maximum(-raw - data.threshold, 0)
    return features
