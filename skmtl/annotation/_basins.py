"""Objects as basins of their deepest pixels, and how far a maximum must stand out to be one of its own."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt, find_objects
from skimage.measure import label
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from ._projection import evenly

#: How much deeper than the pass to a deeper one the middle of an object must be to be one of its own, the
#: least of which cuts no objects learned from. On 40 images of nuclei the average precision of masks rose
#: from 0.30 and 0.39, two splits, to 0.36 and 0.41 by the first of them.
RELIEFS = (0.05, 0.1, 0.2, 0.4, 0.8)
#: Images on which they are tried, and what a larger one must gain in F1.
TRIED, GAIN = 16, 0.01


def basins(depth: np.ndarray, inside: np.ndarray, relief: float) -> np.ndarray:
    """Numbers 1, 2, ... of the basins of the maxima that stand out by ``relief``, 0 outside."""
    depth = np.where(inside, depth.astype(np.float64) + 2 * relief, 0)
    tops = local_maxima(reconstruction(depth - relief, depth), connectivity=2) & inside
    return watershed(-depth, label(tops), mask=inside)


def depths(numbers: np.ndarray) -> np.ndarray:
    """How deep every pixel of a map of objects lies, (h, w) float32; NaN outside objects.

    Depth is the distance to the rim over the largest one of the object.
    """
    out = np.full(numbers.shape, np.nan, np.float32)
    for number, window in enumerate(find_objects(numbers), start=1):
        if window is not None:
            mask = numbers[window] == number
            away = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
            out[window][mask] = away[mask] / away.max()
    return out


def learned_relief(maps: list[np.ndarray], smoothed) -> float:
    """The one of ``RELIEFS`` by which the objects of maps (h, w) are found again from their own depths.

    Round objects have one deepest place; strokes and rings have many along their length, and would be cut
    there. ``smoothed(depth)`` is what decoding makes of depths.
    """
    tried = [maps[i] for i in evenly(len(maps), TRIED)]
    inner = [smoothed(np.nan_to_num(depths(numbers))) for numbers in tried]
    best, most, before = RELIEFS[0], -np.inf, 0.0
    for relief in RELIEFS:
        found = [basins(depth, one > 0, relief) for depth, one in zip(inner, tried, strict=True)]
        score = _f1(tried, found)
        if score > most + GAIN:
            best, most = relief, score
        if score < before:
            break  # what touches is no longer cut
        before = score
    return best


def _f1(truth: list[np.ndarray], found: list[np.ndarray]) -> float:
    """F1 of objects found, those that share more than half of what they and a true one cover with it."""
    right = total = 0
    for true, own in zip(truth, found, strict=True):
        n = int(own.max()) + 1
        pairs, shared = np.unique(true.ravel().astype(np.int64) * n + own.ravel(), return_counts=True)
        a, b = np.divmod(pairs, n)
        covered = np.bincount(true.ravel())[a] + np.bincount(own.ravel())[b] - shared
        right += int(((a > 0) & (b > 0) & (2 * shared > covered)).sum())
        total += len(np.unique(true[true > 0])) + int(own.max())
    return 2 * right / max(total, 1)
