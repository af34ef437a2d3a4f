"""What every kind of filters is: a component that makes filters of patches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from skmtl.component import Component
from skmtl.utils._kept import locked


class LearnedFilters(NamedTuple):
    """``filters`` (k, kh, kw, c) and ``bias`` (k,), float64; the response of filter f to a patch p is

        f . p / sqrt(var(p) + contrast) + bias        or, with ``contrast`` None,        f . p + bias

    With a contrast every filter sums to zero, so that the patch's mean needs no subtracting. ``coordinates``
    are filters (d, kh, kw, c) and biases (d,) whose responses are the coordinates of the patch in the space
    that the filters were learned in, where distances to centroids are measured; None stands for the
    pixels, less their mean and divided as above where there is a contrast. ``patterns`` (k, kh, kw, c) are
    what the filters respond to: the filters without the whitening folded into them, so that a person sees the
    edge and not its sharpened inverse. `filter_images` makes pictures of them.
    """

    filters: np.ndarray
    bias: np.ndarray
    contrast: float | None
    coordinates: tuple[np.ndarray, np.ndarray] | None
    patterns: np.ndarray

    def locked(self) -> LearnedFilters:
        """The same with read-only arrays, but for the patterns: a call need not look whether they changed."""
        coordinates = self.coordinates and tuple(map(locked, self.coordinates))
        return self._replace(filters=locked(self.filters), bias=locked(self.bias), coordinates=coordinates)


class Filters(Component, ABC):
    """The base of the components behind ``ConvFeatureExtractor(filters=...)``.

    A component learns from patches alone; where the patches come from, how they are convolved and what
    becomes of the responses is the extractor's business. A kind of filters defines ``_learn``.
    """

    n_patches = 1

    def kernel_shape(self, requested: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of the filters; ``requested`` is what the extractor was asked for."""
        return requested

    def n_available(self, patches: np.ndarray) -> int | None:
        """How many filters ``patches`` (n, kh, kw, c) are enough for; None where there is no limit."""
        return None

    def learn(self, patches, n_filters: int, random_state=None, previous: LearnedFilters | None = None):
        """Filters from patches; the same bits for the same arguments.

        Parameters
        ----------
        patches : array-like of shape (n, kh, kw, c)
        n_filters : int
            How many filters. Kinds whose filters are given (`FixedFilters`, `NetworkFilters`) or drawn by
            formula (`GaborFilters`, `WaveletFilters`) have their own number.
        random_state : int, RandomState or None
        previous : LearnedFilters, optional
            What an earlier call on other patches of the same images gave: k-means goes on from there, random
            filters stay what they are; all other kinds begin anew.

        Returns
        -------
        LearnedFilters

        Raises
        ------
        ValueError
            If the patches are not finite, have no contrast where the kind needs some, or are too few or too
            small for ``n_filters``; if a parameter of the component is out of range; if ``previous`` is of
            another shape.
        """
        patches = self._checked_patches(patches)
        if not isinstance(n_filters, Integral) or n_filters < 1:
            raise ValueError(f"{self._name}: n_filters must be a positive integer; got {n_filters!r}")
        if previous is not None and previous.patterns.shape[1:] != patches.shape[1:]:
            raise ValueError(
                f"{self._name}: previous filters of shape {previous.patterns.shape[1:]} (rows, columns, "
                f"channels) do not go with patches of {patches.shape[1:]}"
            )
        # One thread: the sums of several would be added in the order in which the threads finish.
        with threadpool_limits(1, user_api="blas"):
            return self._learn(patches, int(n_filters), check_random_state(random_state), previous)

    @abstractmethod
    def _learn(self, patches, n_filters, rng, previous) -> LearnedFilters:
        """As `learn`, of checked arguments."""

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _checked_patches(self, patches) -> np.ndarray:
        patches = np.asarray(patches, dtype=np.float64)
        if patches.ndim != 4 or 0 in patches.shape:
            raise ValueError(
                f"{self._name}: patches must have the shape (n, rows, columns, channels), none of them 0; "
                f"got {patches.shape}"
            )
        if not np.isfinite(patches).all():
            raise ValueError(f"{self._name}: patches contains NaN or infinity")
        return patches

    def _count(self, parameter: str) -> int:
        value = getattr(self, parameter)
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{self._name}: {parameter} must be a positive integer; got {value!r}")
        return int(value)

    def _refuse_more(self, n_filters: int, available: int, what: str) -> None:
        if n_filters > available:
            raise ValueError(
                f"{self._name}: n_filters={n_filters} is more than the {available} {what}; give more images, "
                f"or n_filters of at most {available}"
            )


def finite_array(value, name: str) -> np.ndarray:
    """A float64 copy of ``value``, refused where it holds NaN or infinity."""
    array = np.array(value, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} contains NaN or infinity")
    return array
