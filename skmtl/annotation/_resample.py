"""An image with fewer, or more, pixels."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

#: Rows that are made at once.
BAND = 64


def resampled(image: np.ndarray, factor: float) -> np.ndarray:
    """The image (h, w) or (h, w, c) in pixels that are ``factor`` x ``factor`` of its own, those at the right
    and lower edge in part beyond it; of its type, booleans as float32.

    Each is the mean around it, weighted by a triangle two of the larger pixels wide, so that nothing finer
    than they are is left to alias.
    """
    h, w = image.shape[:2]
    down, along = (_weights(length, factor) for length in (h, w))
    kind = np.result_type(image.dtype, np.float32)
    out = np.empty((down.shape[0], along.shape[0], *image.shape[2:]), kind)
    for start in range(0, len(out), BAND):
        band = down[start : start + BAND]
        rows = slice(band.indices.min(), band.indices.max() + 1)
        part = band[:, rows].astype(kind) @ image[rows].reshape(rows.stop - rows.start, -1).astype(kind)
        part = np.moveaxis(part.reshape(band.shape[0], w, -1), 1, 0).reshape(w, -1)
        part = (along.astype(kind) @ part).reshape(along.shape[0], band.shape[0], -1)
        out[start : start + BAND] = np.moveaxis(part, 0, 1).reshape(out[start : start + BAND].shape)
    return np.rint(out).astype(image.dtype) if image.dtype.kind in "iu" else out.astype(kind, copy=False)


def triangle(pixels: np.ndarray, places: np.ndarray, reach: float) -> np.ndarray:
    """Weights (m, k) of ``pixels`` (k,) or (m, k) for ``places`` (m,): 1 where the middle of a pixel lies,
    down to 0 at ``reach`` from it."""
    return np.maximum(1 - np.abs(pixels + 0.5 - places[:, None]) / reach, 0)


def _weights(length: int, factor: float) -> csr_matrix:
    """How much each of ``length`` pixels counts for each of those ``factor`` times as large."""
    n, width = int(np.ceil(length / factor)), max(factor, 1.0)
    middles = (np.arange(n) + 0.5) * factor
    reach = int(np.ceil(width))
    pixels = np.floor(middles).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
    weights = triangle(pixels, middles, width)
    weights[(pixels < 0) | (pixels >= length)] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    row, column = np.nonzero(weights)
    return csr_matrix((weights[row, column], (row, pixels[row, column])), (n, length))
