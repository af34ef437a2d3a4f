"""From matched objects to precision and recall."""

from __future__ import annotations

import numpy as np

RECALLS = np.linspace(0.0, 1.0, 101)


def precision_recall(matched, left_out, scores, label, rank, *, n_true, limits):
    """Precision at ``RECALLS`` and the highest recall, for every setting.

    Parameters
    ----------
    matched, left_out : (T, A, n_found) bool
        Whether a found object is right, and whether it counts neither as right nor as wrong.
    scores, label, rank : (n_found,)
    n_true : (K, A) int
        True objects that count, by class and area range.
    limits : sequence of M int
        How many objects per image and class are looked at.

    Returns
    -------
    precision (T, 101, K, A, M), recall (T, K, A, M) : NaN where ``n_true`` is 0
    """
    n_thresholds, n_areas, _ = matched.shape
    n_classes = len(n_true)
    precision = np.full((n_thresholds, len(RECALLS), n_classes, n_areas, len(limits)), np.nan)
    recall = np.full((n_thresholds, n_classes, n_areas, len(limits)), np.nan)
    order = np.lexsort((-scores, label))
    first = np.searchsorted(label[order], np.arange(n_classes + 1))
    for k, a in zip(*np.nonzero(n_true), strict=True):
        mine = order[first[k] : first[k + 1]]
        for m, limit in enumerate(limits):
            at = mine[rank[mine] < limit]
            right, wrong = matched[:, a, at], ~matched[:, a, at]
            counts = ~left_out[:, a, at]
            curve = _curve(right & counts, wrong & counts, n_true[k, a])
            precision[:, :, k, a, m], recall[:, k, a, m] = curve
    return precision, recall


def _curve(right: np.ndarray, wrong: np.ndarray, n_true: int) -> tuple[np.ndarray, np.ndarray]:
    """Precision (T, 101) and highest recall (T,) of objects sorted by falling score, (T, n)."""
    if right.shape[1] == 0:
        return np.zeros((len(right), len(RECALLS))), np.zeros(len(right))
    right, wrong = right.cumsum(axis=1, dtype=float), wrong.cumsum(axis=1, dtype=float)
    precision = right / (right + wrong + np.spacing(1))
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    # one more column: what a recall that is never reached finds
    precision = np.pad(precision, ((0, 0), (0, 1)))
    recall = right / n_true
    at = np.stack([np.searchsorted(row, RECALLS) for row in recall])
    return np.take_along_axis(precision, at, axis=1), recall[:, -1]
