"""How well the scores of a sample sort its labels: multi-label ranking."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..utils._weights import checked_weights
from ._observed import mean_observed

# Entries of the largest temporary array, row x label x label.
_ENTRIES = 4_000_000


def label_ranking_loss(y_true, y_score, *, sample_weight=None) -> float:
    """Mean over samples of the share of (positive, negative) pairs of labels in the wrong order.

    Parameters
    ----------
    y_true : (n, n_labels) array-like
        0, 1, or NaN where a label was not judged: it then takes no part in this sample's ranking.
    y_score : (n, n_labels) array-like
        Greater is surer; finite wherever ``y_true`` is judged. A tie of a pair counts as wrong.
    sample_weight : (n,) array-like, optional

    Returns
    -------
    float : in [0, 1], less is better; a sample without a pair counts 0, one without a judged label
        is left out.

    Raises
    ------
    ValueError
        For other shapes or values.

    References
    ----------
    Tsoumakas, Katakis & Vlahavas (2010), "Mining multi-label data".
    """
    return _mean(y_true, y_score, sample_weight, _ranking_loss)


def coverage_error(y_true, y_score, *, sample_weight=None) -> float:
    """Mean over samples of how many labels, by falling score, are needed to hold all positive ones.

    Parameters as for :func:`label_ranking_loss`; of tied labels all are counted. The best possible
    value is the mean number of positive labels; a sample without one counts 0.
    """
    return _mean(y_true, y_score, sample_weight, _coverage)


def label_ranking_average_precision_score(y_true, y_score, *, sample_weight=None) -> float:
    """Mean over samples and their positive labels of the share of positives among labels scored as high.

    Parameters as for :func:`label_ranking_loss`. In (0, 1], more is better; a sample whose judged
    labels are all positive or all negative counts 1.
    """
    return _mean(y_true, y_score, sample_weight, _average_precision)


def _mean(y_true, y_score, sample_weight, metric: Callable) -> float:
    truth, score = _checked(y_true, y_score)
    weight = checked_weights(sample_weight, (len(truth),), "sample_weight")
    size = max(1, _ENTRIES // max(1, truth.shape[1] ** 2))
    blocks = [slice(start, start + size) for start in range(0, len(truth), size)]
    values = [metric(truth[rows] == 1, truth[rows] == 0, score[rows]) for rows in blocks]
    judged = ~np.isnan(truth).all(axis=1)
    return mean_observed(np.where(judged, np.concatenate([*values, np.zeros(0)]), np.nan), weight)


def _checked(y_true, y_score) -> tuple[np.ndarray, np.ndarray]:
    truth, score = np.asarray(y_true, dtype=np.float64), np.asarray(y_score, dtype=np.float64)
    if truth.ndim != 2 or truth.shape != score.shape:
        raise ValueError(f"y_true and y_score must be (n, n_labels), got {truth.shape} and {score.shape}")
    seen = ~np.isnan(truth)
    if not np.isin(truth[seen], (0, 1)).all():
        raise ValueError("y_true must hold 0, 1 and NaN alone")
    if not np.isfinite(score[seen]).all():
        raise ValueError("y_score must be finite wherever y_true is judged")
    return truth, np.where(seen, score, -np.inf)


def _ranking_loss(positive: np.ndarray, negative: np.ndarray, score: np.ndarray) -> np.ndarray:
    pairs = positive[:, :, None] & negative[:, None, :]
    wrong = pairs & (score[:, :, None] <= score[:, None, :])
    return wrong.sum(axis=(1, 2)) / np.maximum(pairs.sum(axis=(1, 2)), 1)


def _coverage(positive: np.ndarray, negative: np.ndarray, score: np.ndarray) -> np.ndarray:
    lowest = np.where(positive, score, np.inf).min(axis=1, initial=np.inf)
    return (score >= lowest[:, None]).sum(axis=1).astype(float)


def _average_precision(positive: np.ndarray, negative: np.ndarray, score: np.ndarray) -> np.ndarray:
    # label k scores as high as label j, at [., j, k]; what nobody judged scores -inf
    as_high = score[:, None, :] >= score[:, :, None]
    share = (as_high & positive[:, None, :]).sum(axis=2) / as_high.sum(axis=2)
    total = positive.sum(axis=1)
    mean = np.where(positive, share, 0.0).sum(axis=1) / np.maximum(total, 1)
    return np.where(positive.any(axis=1) & negative.any(axis=1), mean, 1.0)
