"""Where the filters of a convolution come from: learned from patches, drawn at random, or given."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from skmtl.component import Component


class LearnedFilters(NamedTuple):
    """``filters`` (k, kh, kw, c) and ``bias`` (k,), float64; the response of filter f to a patch p is

        f . p / sqrt(var(p) + contrast) + bias        or, with ``contrast`` None,        f . p + bias

    With a contrast every filter sums to zero, so that the patch's mean needs no subtracting. ``coordinates``
    are filters (d, kh, kw, c) and biases (d,) whose responses are the coordinates of the whitened patch, in
    which distances to centroids are measured; None where patches are not whitened.
    """

    filters: np.ndarray
    bias: np.ndarray
    contrast: float | None
    coordinates: tuple[np.ndarray, np.ndarray] | None = None


class Filters(Component):
    """The base of the components behind ``ConvFeatureExtractor(filters=...)``.

    A component learns from patches alone; where the patches come from, how they are convolved and what
    becomes of the responses is the extractor's business.
    """

    n_patches = 1

    def kernel_shape(self, requested: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of the filters; ``requested`` is what the extractor was asked for."""
        return requested

    def learn(self, patches: np.ndarray, n_filters: int, random_state) -> LearnedFilters:
        """Filters from ``patches`` (n, kh, kw, c), float64, with the randomness of a ``RandomState``."""
        raise NotImplementedError(f"{type(self).__name__} must define learn()")


class KMeansFilters(Filters):
    """Centroids of contrast-normalised, ZCA-whitened patches, each of unit length.

    Parameters
    ----------
    n_patches : int, default=20000
        How many patches are drawn from the images.
    contrast : float, default=0.01
        Added to the variance of a patch, as a fraction of the mean variance of the patches, before the
        patch is divided by its root. Patches of less variance than that are noise and are not learned from.
    whitening : float, default=0.1
        Added to the eigenvalues of the normalised patches' covariance before they are inverted.
    max_iter : int, default=30
        Rounds of Lloyd's algorithm.

    Notes
    -----
    Fewer filters than asked for are learned where there are fewer different patches.

    References
    ----------
    A. Coates, H. Lee, A. Ng, "An Analysis of Single-Layer Networks in Unsupervised Feature Learning",
    AISTATS 2011.
    """

    def __init__(self, n_patches=20000, contrast=0.01, whitening=0.1, max_iter=30):
        self.n_patches = n_patches
        self.contrast = contrast
        self.whitening = whitening
        self.max_iter = max_iter

    def learn(self, patches, n_filters, random_state):
        _check_positive(self, "contrast", "whitening", "max_iter")
        if self.contrast >= 1:
            raise ValueError(f"KMeansFilters: contrast must be a fraction below 1; got {self.contrast!r}")
        seed = random_state.randint(np.iinfo(np.int32).max)
        level = _contrast_level(patches, self.contrast)
        flat = np.unique(patches.reshape(len(patches), -1), axis=0)
        normal = _normalise(flat[flat.var(axis=1) > level], level)
        # One thread: the sums of several would be added in the order in which the threads finish.
        with threadpool_limits(limits=1):
            whiten, mean = _zca(normal, self.whitening)
            centres = _centroids((normal - mean) @ whiten, n_filters, self.max_iter, seed)
            filters, bias = _fold(centres, whiten, mean)
            coordinates, shift = _fold(np.eye(len(mean)), whiten, mean)
        shape = (-1, *patches.shape[1:])
        return LearnedFilters(filters.reshape(shape), bias, level, (coordinates.reshape(shape), shift))


class RandomFilters(Filters):
    """Gaussian filters of zero mean and unit length.

    Parameters
    ----------
    contrast : float or None, default=0.01
        As in `KMeansFilters`; None applies the filters to the pixels as they are.
    """

    n_patches = 5000

    def __init__(self, contrast=0.01):
        self.contrast = contrast

    def learn(self, patches, n_filters, random_state):
        shape = patches.shape[1:]
        drawn = random_state.normal(size=(n_filters, *shape))
        if self.contrast is not None:
            _check_positive(self, "contrast")
        level = None if self.contrast is None else _contrast_level(patches, self.contrast)
        if patches[0].size > 1:
            drawn -= drawn.mean(axis=(1, 2, 3), keepdims=True)
        drawn /= np.sqrt(np.square(drawn).sum(axis=(1, 2, 3), keepdims=True))
        return LearnedFilters(drawn, np.zeros(n_filters), level)


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

    def learn(self, patches, n_filters, random_state):
        filters, channels = self._array(), patches.shape[3]
        if filters.ndim == 3:
            filters = np.repeat(filters[..., None], channels, axis=3)
        if filters.shape[3] != channels:
            raise ValueError(
                f"FixedFilters: filters of shape {filters.shape} are for {filters.shape[3]} channels, "
                f"but the images have {channels}"
            )
        level = None
        if self.contrast is not None:
            _check_positive(self, "contrast")
            level = _contrast_level(patches, self.contrast)
            filters = filters - filters.mean(axis=(1, 2, 3), keepdims=True)
        return LearnedFilters(filters, self._bias(len(filters)), level)

    def _array(self) -> np.ndarray:
        filters = np.array(self.filters, dtype=np.float64)
        if filters.ndim not in (3, 4) or 0 in filters.shape:
            raise ValueError(
                "FixedFilters: filters must have the shape (k, rows, columns) or (k, rows, columns, "
                f"channels), none of them 0; got {filters.shape}"
            )
        if not np.isfinite(filters).all():
            raise ValueError("FixedFilters: filters contains NaN or infinity")
        return filters

    def _bias(self, count: int) -> np.ndarray:
        bias = np.zeros(count) if self.bias is None else np.array(self.bias, dtype=np.float64)
        if bias.shape != (count,) or not np.isfinite(bias).all():
            raise ValueError(
                f"FixedFilters: bias must be {count} finite numbers, one a filter; got {self.bias!r}"
            )
        return bias


def _check_positive(component, *names: str) -> None:
    for name in names:
        value = getattr(component, name)
        if not (np.isscalar(value) and np.isfinite(value) and value > 0):
            raise ValueError(f"{type(component).__name__}: {name} must be a positive number; got {value!r}")


def _contrast_level(patches: np.ndarray, fraction: float) -> float:
    variance = patches.reshape(len(patches), -1).var(axis=1).mean()
    if not variance > np.square(1e-12 * np.abs(patches).max()):  # what rounding makes of a constant
        size = "x".join(map(str, patches.shape[1:]))
        why = " (n_features = 1)" if patches[0].size == 1 else ""
        raise ValueError(
            f"every {size} patch of the images is constant{why}, so there is no contrast to normalise; give "
            "images with contrast, a larger kernel_size, or filters that take the pixels as they are: "
            "FixedFilters(...) or RandomFilters(contrast=None)"
        )
    return float(fraction * variance)


def _normalise(patches: np.ndarray, level: float) -> np.ndarray:
    centred = patches - patches.mean(axis=1, keepdims=True)
    return centred / np.sqrt(patches.var(axis=1, keepdims=True) + level)


def _zca(patches: np.ndarray, regularisation: float) -> tuple[np.ndarray, np.ndarray]:
    """The symmetric whitening matrix of ``patches`` (n, d) and their mean."""
    mean = patches.mean(axis=0)
    centred = patches - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(patches))
    return (vectors / np.sqrt(np.maximum(values, 0) + regularisation)) @ vectors.T, mean


def _fold(centres: np.ndarray, whiten: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Filters and biases that respond to a patch p, divided by its contrast but not centred, as ``centres``
    do to ``(normalised p - mean) @ whiten``."""
    filters = centres @ whiten
    return filters - filters.mean(axis=1, keepdims=True), -filters @ mean


def _centroids(points: np.ndarray, count: int, max_iter: int, seed: int) -> np.ndarray:
    """Unit-length k-means centroids of ``points`` (n, d), at most ``count`` and none of length 0."""
    model = KMeans(min(count, len(points)), n_init=1, max_iter=max_iter, random_state=seed)
    with warnings.catch_warnings():  # points that differ by rounding alone make fewer clusters: see Notes
        warnings.simplefilter("ignore", ConvergenceWarning)
        centres = model.fit(points).cluster_centers_
    length = np.sqrt(np.square(centres).sum(axis=1))
    if not length.max() > 0:
        raise ValueError(
            "all patches are alike, so k-means filters cannot be learned from them; give more than one "
            "image (n_samples = 1 is too few where the filters are as large as it) or filters=RandomFilters()"
        )
    usable = length > 1e-9 * length.max()
    return centres[usable] / length[usable, None]
