"""How well the outlines of regions agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from ._maps import coded, judged, map_pairs
from ._observed import checked_average, mean_observed
from ._pixels import IGNORE


def boundary_f1(
    y_true,
    y_pred,
    tolerance: float = 2.0,
    *,
    lines: bool = False,
    classes: Sequence[int] | None = None,
    ignore: int | None = IGNORE,
    background: int | None = None,
    average: str | None = "macro",
) -> float | np.ndarray:
    """F1 of boundary pixels, a pixel being right when it has a partner within ``tolerance`` pixels.

    Parameters
    ----------
    y_true, y_pred : (n, h, w) integer array, one (h, w) array, or a list of (h, w) arrays
        Maps of classes.
    tolerance : float
        Largest Euclidean distance in pixels, inclusive.
    lines : bool
        False: the boundary of a class is its pixels that have a pixel of another class above, below,
        left or right; the edge of the image is no boundary. True: the maps are drawn lines, every
        pixel of a class is boundary; the class 0 is the ground and never counts.
    classes : sequence of int, optional
        The classes to judge; by default all that occur.
    ignore : int or None
        The true value of pixels that nobody judged: no boundary lies there, or between them and others.
    background : int, optional
        A class to leave out.
    average : {"macro"} or None
        Mean over classes, or None for an array in the order of ``classes`` (sorted by default).

    Returns
    -------
    float or (K,) float64
        The mean over images, those left out where neither map has a boundary of the class; 0 for an
        image where only one has.

    Notes
    -----
    Precision is the share of predicted boundary pixels with a true one in reach, recall the reverse,
    F1 = 2 P R / (P + R), for each image and class.

    References
    ----------
    Csurka, Larlus & Perronnin (2013), "What is a good evaluation measure for semantic segmentation?".
    """
    checked_average(average, ("macro", None))
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be >= 0 pixels, got {tolerance!r}")
    pairs = list(map_pairs(y_true, y_pred))
    left_out = {ignore, background, 0 if lines else None}
    classes = [k for k in (_used(pairs) if classes is None else classes) if k not in left_out]
    scores = np.full((len(pairs), len(classes)), np.nan)
    for i, (truth, guess) in enumerate(pairs):
        seen = judged(truth, ignore)
        for k, label in enumerate(classes):
            true_line, found_line = (_line(image == label, seen, lines) for image in (truth, guess))
            scores[i, k] = _f1(true_line, found_line, tolerance)
    per_class = np.array([mean_observed(column) for column in scores.T])
    return per_class if average is None else mean_observed(per_class)


def _used(pairs: list) -> list[int]:
    return sorted({int(value) for pair in pairs for image in pair for value in coded(image)[0]})


def _line(mask: np.ndarray, seen: np.ndarray, lines: bool) -> np.ndarray:
    """Boundary pixels of a mask among judged pixels."""
    mask = mask & seen
    if lines:
        return mask
    beyond = np.pad(seen & ~mask, 1)
    middle = slice(1, -1)
    near = beyond[:-2, middle] | beyond[2:, middle] | beyond[middle, :-2] | beyond[middle, 2:]
    return mask & near


def _f1(true_line: np.ndarray, found_line: np.ndarray, tolerance: float) -> float:
    if not true_line.any() and not found_line.any():
        return float("nan")
    if not true_line.any() or not found_line.any():
        return 0.0
    precision = (distance_transform_edt(~true_line)[found_line] <= tolerance).mean()
    recall = (distance_transform_edt(~found_line)[true_line] <= tolerance).mean()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0
