"""Several mice an image: frames of one video that are cut out around the mouse and put side by side."""

from __future__ import annotations

import numpy as np

#: Rows and columns of a part, and how many are side by side, each way.
PART, SIDE = (60, 80), 2
#: Parts without a mouse; pixels that are kept free around one.
EMPTY, FREE = 0.25, 4


def mosaics(images: np.ndarray, points: np.ndarray, n: int, rng) -> tuple[np.ndarray, list[np.ndarray]]:
    """n images of up to four mice, and the points (m, K, 2) of each one's."""
    plain = np.median(images, axis=0).astype(images.dtype)
    made = [_mosaic(images, points, plain, rng) for _ in range(n)]
    return np.stack([image for image, _ in made]), [bodies for _, bodies in made]


def _mosaic(images, points, plain, rng) -> tuple[np.ndarray, np.ndarray]:
    parts, bodies = [], []
    for k, i in enumerate(rng.choice(len(images), SIDE * SIDE, replace=False)):
        corner = _corner(points[i], images.shape[1:], rng)
        rows, columns = (slice(start, start + size) for start, size in zip(corner[::-1], PART, strict=True))
        empty = rng.random() < EMPTY
        parts.append((plain if empty else images[i])[rows, columns])
        if not empty:
            bodies.append(points[i] - corner + np.array([k % SIDE, k // SIDE]) * PART[::-1])
    rows = [np.hstack(parts[k : k + SIDE]) for k in range(0, len(parts), SIDE)]
    return np.vstack(rows), np.array(bodies).reshape(-1, *points.shape[1:])


def _corner(points, shape, rng) -> np.ndarray:
    """x, y of the upper left corner of a part that holds all points."""
    room = np.array(shape[::-1]) - PART[::-1]
    first = np.clip(np.ceil(points.max(axis=0) + FREE - PART[::-1]), 0, room)
    last = np.clip(np.floor(points.min(axis=0) - FREE), first, room)
    return rng.integers(first.astype(int), last.astype(int) + 1)
