"""Filters drawn at random."""

from __future__ import annotations

import numpy as np

from ._base import Filters
from ._space import PatchSpace, contrast_level, unit_length

_GOLDEN = (np.sqrt(5) - 1) / 2


class RandomFilters(Filters):
    """Filters drawn at random, of zero mean and unit length.

    Parameters
    ----------
    contrast : float or None, default=0.01
        As in `KMeansFilters`; None applies the filters to the pixels as they are.
    kind : {"gaussian", "rocket"}, default="gaussian"
        Normal weights and no bias; or, as in MiniRocket, one weight in three is 2 and the others are -1 (then
        centred and scaled), and the bias of filter i is minus a quantile of its responses to the patches, so
        that the share of positive responses over an image tells something. The quantiles ``i * 0.618... mod
        1`` fill (0, 1) evenly for any number of filters.

    Notes
    -----
    Given ``previous`` filters, `learn` keeps them and learns contrast and biases anew.

    References
    ----------
    A. Dempster, D. Schmidt, G. Webb, "MiniRocket: A Very Fast (Almost) Deterministic Transform for Time
    Series Classification", KDD 2021 (section 3.1). There kernels are dilated and fixed; here each is drawn.
    """

    n_patches = 5000

    def __init__(self, contrast=0.01, kind="gaussian"):
        self.contrast = contrast
        self.kind = kind

    def _learn(self, patches, n_filters, rng, previous):
        if self.kind not in ("gaussian", "rocket"):
            raise ValueError(f"RandomFilters: kind must be 'gaussian' or 'rocket'; got {self.kind!r}")
        space = PatchSpace(contrast_level(self, patches), np.zeros(patches[0].size))
        drawn = self._draw(n_filters, patches[0].size, rng)
        if previous is not None:
            kept = space.centres(previous.patterns)[:n_filters]
            drawn[: len(kept)] = kept
        centres = unit_length(drawn)
        learned = space.fold(centres, patches.shape[1:])
        if self.kind == "gaussian":
            return learned
        return learned._replace(bias=-_quantiles(space.points(patches) @ centres.T))

    def _draw(self, n_filters: int, size: int, rng) -> np.ndarray:
        if self.kind == "gaussian" or size == 1:
            drawn = rng.normal(size=(n_filters, size))
        else:
            places = rng.uniform(size=(n_filters, size)).argsort(axis=1)
            drawn = np.where(places < max(round(size / 3), 1), 2.0, -1.0)
        return drawn - drawn.mean(axis=1, keepdims=True) if size > 1 else drawn


def _quantiles(responses: np.ndarray) -> np.ndarray:
    """Another quantile of each column of responses (n, k)."""
    shares = (np.arange(1, responses.shape[1] + 1) * _GOLDEN) % 1
    return np.array([np.quantile(column, share) for column, share in zip(responses.T, shares, strict=True)])
