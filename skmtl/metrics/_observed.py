"""Means over what is there."""

from __future__ import annotations

import numpy as np


def mean_observed(values, weights=None) -> float:
    """Weighted mean over entries that are not NaN; NaN where there are none or their weights are 0."""
    values = np.asarray(values, dtype=np.float64)
    weights = np.ones(values.shape) if weights is None else np.broadcast_to(weights, values.shape)
    seen = ~np.isnan(values)
    total = weights[seen].sum()
    return float((values[seen] * weights[seen]).sum() / total) if total > 0 else float("nan")


def checked_average(average, known: tuple) -> None:
    """Refuse an ``average`` that is not among ``known``."""
    if average not in known:
        raise ValueError(f"average must be one of {known}, got {average!r}")
