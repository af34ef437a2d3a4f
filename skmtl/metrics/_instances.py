"""Average precision of instance maps, as the 2018 Data Science Bowl defined it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._maps import judged, map_pairs, overlap_table
from ._observed import checked_average, mean_observed


def instance_average_precision(
    y_true,
    y_pred,
    thresholds: Sequence[float] | None = None,
    *,
    ignore: int | None = None,
    average: str | None = "macro",
) -> float | np.ndarray:
    """TP / (TP + FP + FN) of the instances, over overlap thresholds and images.

    An instance is found where a predicted one has an intersection over union *above* the threshold;
    with thresholds of at least 0.5 there is at most one. No scores are needed, unlike for
    :func:`detection_scores`.

    Parameters
    ----------
    y_true, y_pred : (n, h, w) integer array, one (h, w) array, or a list of (h, w) arrays
        The number of the instance at each pixel, 0 for none. Numbers need not be consecutive.
    thresholds : sequence of T floats in [0.5, 1), optional
        0.5, 0.55, ..., 0.95 by default.
    ignore : int, optional
        The true value of pixels that nobody judged: they are left out.
    average : {"macro"} or None
        The mean over thresholds, then images; or None for the array.

    Returns
    -------
    float, or (n, T) float64
        1 for an image without an instance on either side.

    References
    ----------
    Caicedo et al. (2019), "Nucleus segmentation across imaging experiments: the 2018 Data Science
    Bowl".

    Examples
    --------
    >>> truth = [[1, 1, 0, 2], [1, 1, 0, 2]]
    >>> instance_average_precision(truth, [[7, 7, 0, 0], [7, 7, 0, 0]])
    0.5
    """
    checked_average(average, ("macro", None))
    thresholds = np.linspace(0.5, 0.95, 10) if thresholds is None else np.asarray(thresholds, float)
    if thresholds.ndim != 1 or not ((thresholds >= 0.5) & (thresholds < 1)).all():
        raise ValueError(f"thresholds must be a list of numbers in [0.5, 1), got {thresholds}")
    scores = np.array([_score(*pair, thresholds, ignore) for pair in map_pairs(y_true, y_pred)])
    scores = scores.reshape(-1, len(thresholds))
    return scores if average is None else mean_observed(scores)


def _score(truth: np.ndarray, guess: np.ndarray, thresholds: np.ndarray, ignore: int | None) -> np.ndarray:
    seen = judged(truth, ignore)
    true_ids, found_ids, shared = overlap_table(truth[seen], guess[seen])
    iou = shared / (shared.sum(axis=1)[:, None] + shared.sum(axis=0)[None, :] - shared)
    iou = iou[true_ids != 0][:, found_ids != 0]
    right = (iou[None] > thresholds[:, None, None]).any(axis=2).sum(axis=1)
    everything = iou.shape[0] + iou.shape[1] - right  # TP + FP + FN
    return np.where(everything > 0, right / np.maximum(everything, 1), 1.0)
