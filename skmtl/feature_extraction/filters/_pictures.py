"""Filters as a person can look at them."""

from __future__ import annotations

import numpy as np

from ._base import finite_array


def filter_images(patterns) -> np.ndarray:
    """Pictures of filters, or better of their ``patterns`` (see `LearnedFilters`), for ``imshow``.

    Each is scaled by its own largest entry, so that 0 becomes mid-grey and the sign stays visible.

    Parameters
    ----------
    patterns : array-like of shape (k, kh, kw, c)

    Returns
    -------
    ndarray of shape (k, kh, kw, c)
        In 0..1; 0.5 stands for 0.

    Raises
    ------
    ValueError
        If ``patterns`` has another number of dimensions, or holds NaN or infinity.
    """
    patterns = finite_array(patterns, "patterns")
    if patterns.ndim != 4:
        raise ValueError(f"patterns must have the shape (k, rows, columns, channels); got {patterns.shape}")
    largest = np.abs(patterns).max(axis=(1, 2, 3), keepdims=True, initial=0)
    return 0.5 + 0.5 * patterns / np.where(largest > 0, largest, 1)
