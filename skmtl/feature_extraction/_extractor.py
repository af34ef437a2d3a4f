"""``ConvFeatureExtractor``: images in, features of one layer of convolution out."""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from skmtl.utils._sklearn import Interval, StrOptions, check_feature_names_in, fit_context

from . import _geometry
from ._filters import Filters, KMeansFilters
from ._shapes import (
    as_images,
    check_fitted_arrays,
    check_geometry,
    check_positions,
    image_shape_of,
    numbers,
    pair,
)

_SIGNS = {"two-sided": ("pos", "neg"), "relu": ("pos",), "abs": ("abs",)}


class ConvFeatureExtractor(TransformerMixin, BaseEstimator):
    """Features of images by one layer of convolution, rectification and pooling.

    The response of filter f to patch p of an image is::

        z = f . p / sqrt(var(p) + contrast) + bias

    (learned filters sum to zero and have their whitening folded in). Each response becomes
    ``max(z - threshold, 0)`` and ``max(-z - threshold, 0)``, which are pooled over the cells of a grid.
    The maps themselves are never stored.

    Parameters
    ----------
    filters : component, default=None
        Where filters come from: `KMeansFilters` (the default, None), `RandomFilters` or `FixedFilters`.
    n_filters : int, default=64
        Number of filters. Fewer are learned where the images hold fewer different patches.
    kernel_size : int or (int, int), default=6
        Rows and columns of a filter, in pixels.
    stride : int, default=1
        Pixels between the patches that `transform` looks at.
    activation : {"two-sided", "relu", "abs"}, default="two-sided"
        Both rectified signs as features of their own, the positive one alone, or their sum.
    threshold : float, default=0.25
        Responses smaller than this become 0; not negative.
    pooling : {"mean", "sum", "max"}, default="mean"
        How the activations of a cell become one number.
    grid : int or tuple of int, default=2
        Cells a side over which `transform` pools; several numbers make a spatial pyramid.
    scales : int or tuple of int, default=(1, 2)
        Scales of `transform_dense`: at scale s the maps are those of the image reduced s times,
        interpolated back to every pixel.
    image_shape : (int, int) or (int, int, int), default=None
        Rows, columns and channels of images that come flattened, one a row of a 2-D X. None takes
        a square number of features as a square image of one channel and any other as an image of
        one row; then `kernel_size` and `grid` shrink to what fits.
    random_state : int, RandomState instance or None, default=None
        Draws the patches, or the filters. Give an int for the same filters in each fit.
    n_jobs : int, default=None
        Threads of `transform` and `transform_dense`; None is 1 and -1 all processors. The result
        is the same, bit for bit, for any number.

    Attributes
    ----------
    filters_ : ndarray of shape (n_filters, kh, kw, n_channels)
        The filters as they are applied to pixels.
    bias_ : ndarray of shape (n_filters,)
        Their biases, without the threshold.
    contrast_ : float or None
        What is added to a patch's variance, in squared pixel units; None where patches are taken
        as they are.
    image_shape_ : tuple of (int, int, int)
        Rows, columns and channels of the images.
    grid_ : tuple of int
        The grids that features are pooled over.
    n_features_out_ : int
        Features of an image: filters x signs x cells.
    n_features_in_ : int
        ``X.shape[1]``: pixels of flattened images, rows of others.

    Notes
    -----
    X is (n, h, w), (n, h, w, c) or flattened, of any numeric type; it is converted block by block and
    never as a whole. Features are float64 for float64 and 32- or 64-bit integer pixels, float32 for all
    others (and there twice as fast). Pixel values are taken as they are, whatever their range.

    References
    ----------
    A. Coates, H. Lee, A. Ng, "An Analysis of Single-Layer Networks in Unsupervised Feature Learning",
    AISTATS 2011. A. Coates, A. Ng, "The Importance of Encoding Versus Training with Sparse Coding and
    Vector Quantization", ICML 2011 (the two-sided threshold).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmtl.feature_extraction import ConvFeatureExtractor
    >>> images = load_digits().images[:200]
    >>> features = ConvFeatureExtractor(n_filters=16, kernel_size=3, random_state=0).fit_transform(images)
    >>> features.shape
    (200, 128)
    """

    _parameter_constraints = {
        "filters": [Filters, None],
        "n_filters": [Interval(Integral, 1, None, closed="left")],
        "kernel_size": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "stride": [Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(_SIGNS))],
        "threshold": [Interval(Real, 0, None, closed="left")],
        "pooling": [StrOptions({"mean", "sum", "max"})],
        "grid": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "scales": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "image_shape": [tuple, list, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        filters=None,
        *,
        n_filters=64,
        kernel_size=6,
        stride=1,
        activation="two-sided",
        threshold=0.25,
        pooling="mean",
        grid=2,
        scales=(1, 2),
        image_shape=None,
        random_state=None,
        n_jobs=None,
    ):
        self.filters = filters
        self.n_filters = n_filters
        self.kernel_size = kernel_size
        self.stride = stride
        self.activation = activation
        self.threshold = threshold
        self.pooling = pooling
        self.grid = grid
        self.scales = scales
        self.image_shape = image_shape
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the filters.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Images.
        y : ignored
            For the sake of pipelines.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the images are smaller than a filter or than the grid, have no contrast, or do not
            match ``image_shape`` or the filters given; if a pixel is not finite.
        """
        X = validate_data(self, X, allow_nd=True, dtype="numeric")
        shape, inferred = image_shape_of(X.shape, self.image_shape)
        component = KMeansFilters() if self.filters is None else self.filters
        kernel = pair(self.kernel_size, "kernel_size")
        if inferred:
            kernel = min(kernel[0], shape[0]), min(kernel[1], shape[1])
        kernel = component.kernel_shape(kernel)
        grid = check_geometry(kernel, self.stride, self.grid, shape, clip=inferred)
        numbers(self.scales, "scales")
        rng = check_random_state(self.random_state)
        n_patches = pair(component.n_patches, "n_patches of filters")[0]
        patches = _geometry.sample_patches(as_images(X, shape), kernel, n_patches, rng)
        self.filters_, self.bias_, self.contrast_ = component.learn(patches, self.n_filters, rng)
        self.image_shape_, self.grid_ = shape, grid
        self.n_features_out_ = len(self._channels()) * sum(cells * cells for cells in grid)
        return self

    def transform(self, X):
        """Pooled features of whole images.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Images of the size and channels seen at fit.

        Returns
        -------
        ndarray of shape (n, n_features_out_)
            float32 or float64 (see Notes of the class): cell by cell, in each the signs, in each the filters.

        Raises
        ------
        ValueError
            If the images differ in shape from those at fit, or a pixel is not finite.
        """
        images = self._images(X)
        from ._pooled import pool_images

        convolution = self._convolution(images.dtype)
        return pool_images(images, convolution, self.stride, self.grid_, self.pooling, self.n_jobs)

    def transform_dense(self, X, at=None):
        """Feature maps at every pixel, or at chosen ones.

        Around its edges an image is continued by reflection, so that every pixel has a patch; `stride` and
        the pooling do not apply. Nothing is kept besides the result and, for each thread, one image's maps
        at one reduced scale: call this on blocks of images as large as the result may be.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Images of the size and channels seen at fit.
        at : (image_index, row, column), default=None
            Three integer arrays of shape (m,): the pixels to describe. None means all.

        Returns
        -------
        ndarray of shape (n, h, w, channels) or, with ``at``, (m, channels)
            channels = scales x signs x filters, in this order.

        Raises
        ------
        ValueError
            As `transform`, and if ``at`` names a pixel that does not exist.
        """
        images = self._images(X)
        scales = numbers(self.scales, "scales")
        from ._dense import map_images, map_pixels

        convolution = self._convolution(images.dtype)
        if at is None:
            return map_images(images, convolution, scales, self.n_jobs)
        pixels = check_positions(at, images.shape[:3])
        return map_pixels(images, pixels, convolution, scales, self.n_jobs)

    def get_feature_names_out(self, input_features=None):
        """Names of the features of `transform`, such as ``filter3_pos_2x2_r0c1``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Checked against the names seen at fit, and otherwise not used.

        Returns
        -------
        ndarray of str, dtype object
            Filter, sign, grid, and the row and column of the cell in it.
        """
        check_is_fitted(self)
        check_feature_names_in(self, input_features)
        cells = [(g, i, j) for g in self.grid_ for i in range(g) for j in range(g)]
        names = [f"{channel}_{g}x{g}_r{i}c{j}" for g, i, j in cells for channel in self._channels()]
        return np.array(names, dtype=object)

    def _channels(self) -> list[str]:
        return [f"filter{f}_{sign}" for sign in _SIGNS[self.activation] for f in range(len(self.filters_))]

    def _images(self, X) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, allow_nd=True, dtype="numeric")
        return as_images(X, self.image_shape_)

    def _convolution(self, pixels: np.dtype):
        from ._convolution import Convolution

        check_fitted_arrays(self.filters_, self.bias_, self.image_shape_)
        dtype = np.float32 if np.result_type(pixels, np.float32) == np.float32 else np.float64
        return Convolution(self.filters_, self.bias_, self.contrast_, self.activation, self.threshold, dtype)
