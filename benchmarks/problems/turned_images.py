"""A batch of images, each turned by an angle of its own about its middle: bilinear, edges repeated."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy.ndimage import affine_transform

INSTANCES = {
    f"64x{size}x{size}x{channels}": {"images": 64, "size": size, "channels": channels}
    for size, channels in ((28, 1), (32, 3), (128, 3))
}
QUICK = {"3x10x10x3": {"images": 3, "size": 10, "channels": 3}}
QUALITY = "largest error of values from 0 to 1, against scipy in float64"
LIMIT = 1e-4
DEGREES, CHECKED = 20, 3


def make(images: int, size: int, channels: int) -> SimpleNamespace:
    """``X`` (images, size, size, channels) float32 and ``angle`` (images,) in radians, counter-clockwise."""
    rng = np.random.default_rng(0)
    return SimpleNamespace(
        X=rng.random((images, size, size, channels), dtype=np.float32),
        angle=np.deg2rad(rng.uniform(-DEGREES, DEGREES, images)),
    )


def quality(data: SimpleNamespace, turned: np.ndarray) -> float:
    """``turned`` is of the shape of X; the first images are turned again."""
    return max(
        np.abs(own[..., c] - reference(image[..., c], angle)).max()
        for own, image, angle in zip(turned[:CHECKED], data.X, data.angle, strict=False)
        for c in range(image.shape[2])
    )


def reference(image: np.ndarray, angle: float) -> np.ndarray:
    """One channel (h, w) in float64: scipy asks where each pixel comes from, so it turns back."""
    cos, sin = np.cos(angle), np.sin(angle)
    matrix, middle = np.array([[cos, sin], [-sin, cos]]), (np.array(image.shape) - 1) / 2
    return affine_transform(image.astype(float), matrix, middle - matrix @ middle, order=1, mode="nearest")
