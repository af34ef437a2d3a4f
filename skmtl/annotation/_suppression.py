"""From many overlapping boxes to one a thing: non-maximum suppression, then a vote on where it lies."""

from __future__ import annotations

import numpy as np

from ..metrics import pairwise_box_iou

#: Boxes that overlap the chosen one by this much speak of the same object and have a say in where it is.
SAME = 0.5


def suppress(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
    """Which boxes (m, 4) to keep, by falling score: none overlaps a better one by ``overlap`` or more."""
    order, kept = np.argsort(-scores, kind="stable"), []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        order = rest[pairwise_box_iou(boxes[best : best + 1], boxes[rest])[0] < overlap]
    return np.array(kept, dtype=np.int64)


def vote(boxes: np.ndarray, scores: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The kept boxes (k, 4), each the mean of all that overlap it by ``SAME``, weighted by their scores.

    S. Gidaris, N. Komodakis, "Object detection via a multi-region and semantic segmentation-aware CNN model",
    ICCV 2015, section 4.3.
    """
    weight = scores * (pairwise_box_iou(boxes[kept], boxes) >= SAME)
    weight[np.arange(len(kept)), kept] = scores[kept]  # a box without area overlaps nothing, itself neither
    return weight @ boxes / weight.sum(axis=1, keepdims=True)
