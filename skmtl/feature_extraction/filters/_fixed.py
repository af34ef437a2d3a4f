"""Filters that are given: as an array, or by a network that has learned them."""

from __future__ import annotations

import numpy as np

from ._base import Filters, LearnedFilters, finite_array
from ._space import contrast_level


class FixedFilters(Filters):
    """Filters given as an array; the extractor's ``n_filters`` and ``kernel_size`` do not apply.

    Parameters
    ----------
    filters : array-like of shape (k, kh, kw) or (k, kh, kw, c)
        Without channels, each filter is applied to the sum over the channels.
    bias : array-like of shape (k,), default=None
        Added to the responses; None adds nothing.
    contrast : float or None, default=None
        As in `KMeansFilters`, where the filters are also made to sum to zero; None applies the filters
        to the pixels as they are.
    """

    n_patches = 5000

    def __init__(self, filters, bias=None, contrast=None):
        self.filters = filters
        self.bias = bias
        self.contrast = contrast

    def kernel_shape(self, requested):
        return self._array().shape[1:3]

    def _learn(self, patches, n_filters, rng, previous):
        return given_filters(self, self._array(), self._bias(), patches)

    def _array(self) -> np.ndarray:
        filters = finite_array(self.filters, "FixedFilters: filters")
        if filters.ndim not in (3, 4) or 0 in filters.shape:
            raise ValueError(
                "FixedFilters: filters must have the shape (k, rows, columns) or (k, rows, columns, "
                f"channels), none of them 0; got {filters.shape}"
            )
        return filters

    def _bias(self) -> np.ndarray:
        count = len(self._array())
        bias = np.zeros(count) if self.bias is None else np.array(self.bias, dtype=np.float64)
        if bias.shape != (count,) or not np.isfinite(bias).all():
            raise ValueError(
                f"FixedFilters: bias must be {count} finite numbers, one a filter; got {self.bias!r}"
            )
        return bias


def given_filters(component: Filters, filters: np.ndarray, bias: np.ndarray, patches) -> LearnedFilters:
    """``filters`` (k, kh, kw) or (k, kh, kw, c), refused where they do not fit ``patches``; with a contrast
    they are made to sum to zero."""
    name, shape = type(component).__name__, patches.shape[1:]
    if filters.ndim == 3:
        filters = np.repeat(filters[..., None], shape[2], axis=3)
    if filters.shape[3] != shape[2]:
        raise ValueError(
            f"{name}: filters of shape {filters.shape} are for {filters.shape[3]} channels, but the images "
            f"have {shape[2]}"
        )
    if filters.shape[1:3] != shape[:2]:
        raise ValueError(f"{name}: filters of shape {filters.shape} do not go with patches of {shape}")
    level = contrast_level(component, patches)
    if level is not None:
        filters = filters - filters.mean(axis=(1, 2, 3), keepdims=True)
    return LearnedFilters(filters, bias, level, None, filters)
