"""Maps of labels, one per image: read, compared pixel by pixel, counted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def map_pairs(y_true, y_pred) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of (h, w) integer maps, one per image; both may be lists of different sizes, or arrays.

    A single (h, w) map, array or nested list, is one image.
    """
    y_true, y_pred = _images(y_true, "y_true"), _images(y_pred, "y_pred")
    if len(y_true) != len(y_pred):
        raise ValueError(f"y_true has {len(y_true)} images, y_pred {len(y_pred)}")
    for i, (truth, guess) in enumerate(zip(y_true, y_pred, strict=True)):
        truth, guess = _map(truth, f"y_true[{i}]"), _map(guess, f"y_pred[{i}]")
        if truth.shape != guess.shape:
            raise ValueError(f"image {i}: y_true is {truth.shape} pixels, y_pred {guess.shape}")
        yield truth, guess


def _images(maps, name: str):
    if not isinstance(maps, np.ndarray) and len(maps) and np.ndim(maps[0]) == 1:
        maps = np.asarray(maps)
    if isinstance(maps, np.ndarray):
        if maps.ndim not in (2, 3):
            raise ValueError(f"{name} must be (h, w), (n, h, w) or a list of (h, w), got {maps.shape}")
        return maps[None] if maps.ndim == 2 else maps
    return list(maps)


def _map(image, name: str) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype.kind not in "biu":
        raise ValueError(f"{name} must be (h, w) integers, got {image.dtype} {image.shape}")
    return image


def judged(truth: np.ndarray, ignore: int | None) -> np.ndarray:
    """Where the true map holds a label: everywhere but at the value ``ignore``."""
    return np.ones(truth.shape, dtype=bool) if ignore is None else truth != ignore


def overlap_table(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The values of two equally long arrays, and how often each pair of them occurs (n_a, n_b)."""
    a_values, a_codes = coded(a)
    b_values, b_codes = coded(b)
    n_a, n_b = len(a_values), len(b_values)
    counts = np.bincount(a_codes * n_b + b_codes, minlength=n_a * n_b)
    return a_values, b_values, counts.reshape(n_a, n_b)


def coded(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sorted distinct integers of an array, and for each entry, flattened, its position in them."""
    values = values.ravel().astype(np.int64)
    lowest = values.min(initial=0)
    if values.max(initial=0) - lowest >= 1 << 20:
        return np.unique(values, return_inverse=True)
    present = np.bincount(values - lowest) > 0  # without sorting the pixels
    return np.flatnonzero(present) + lowest, (present.cumsum() - 1)[values - lowest]
