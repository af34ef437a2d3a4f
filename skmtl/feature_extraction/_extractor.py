"""``ConvFeatureExtractor``: images in, features of one layer of convolution, or of several, out."""

from __future__ import annotations

from functools import cache

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skmtl.utils._sklearn import check_feature_names_in

from ._dense_features import DenseFeatures
from ._fit import ExtractorFit
from ._images import more_images
from .filters import filter_images


@cache
def _pooled():
    """Imported with the first image: it loads the kernels."""
    from ._plans import pooled

    return pooled


class ConvFeatureExtractor(DenseFeatures, ExtractorFit):
    """Features of images by convolution, rectification and pooling: one layer, or several.

    The response of filter f to patch p of an image is::

        z = f . p / sqrt(var(p) + contrast) + bias

    (learned filters sum to zero and have their whitening folded in). By default each response becomes
    ``max(z - threshold, 0)`` and ``max(-z - threshold, 0)``, and their means over the cells of a grid are
    the features. The maps of the last layer are never stored.

    Parameters
    ----------
    filters : component, default=None
        Where filters come from: `KMeansFilters` (the default, None), `PatchFilters`, `PCAFilters`,
        `RandomFilters`, `GaborFilters`, `WaveletFilters`, `FixedFilters` or `NetworkFilters`.
    hidden_layers : sequence of ConvLayer, default=()
        Layers before the extractor's own, which the other parameters describe: it then looks at their maps
        in the place of the images. See `ConvLayer`.
    n_filters : int, default=64
        Number of filters.
    kernel_size : int or (int, int), default=6
        Rows and columns of a filter, in pixels.
    stride : int, default=1
        Pixels from one patch that `transform` looks at to the next.
    dilation : int, default=1
        Pixels from one value of a patch to the next; 1 takes neighbours.
    padding : {"valid", "same", "reflect"}, default="valid"
        What lies around an image: nothing ("valid": only patches within it), zeros ("same"), or its mirror
        image without the edge ("reflect"); with the latter two every pixel is the middle of a patch.
    activation : {"two-sided", "relu", "abs", "linear", "modulus", "triangle"}, default="two-sided"
        What becomes of the responses z of a patch, with u = max(z - threshold, 0) and
        v = max(-z - threshold, 0):

        - "two-sided": u and v, as features of their own; "relu": u alone; "abs": u + v;
        - "linear": z;
        - "modulus": ``sqrt(z_i^2 + z_(i + n/2)^2)`` for the n/2 pairs of filters, such as the even and odd
          ones of a wavelet;
        - "triangle": ``max(0, mean_k d_k - d_i)`` for the distance d_i of the normalised, whitened patch to
          the centroid that is filter i (Coates, Lee & Ng 2011, equation 3): a soft assignment to centroids.
    threshold : float, default=0.25
        Responses smaller than this become 0, in the first three activations; not negative.
    per_channel : bool, default=False
        Whether the filters have one channel and are all applied to each channel of what they look at.
    pooling : {"mean", "sum", "max", "power", "ppv"}, default="mean"
        How the activations a of a cell become one number; "power" is ``mean(|a|^power)^(1/power)`` and
        "ppv" the share of positive ones (Dempster, Petitjean & Webb 2020).
    power : float, default=2.0
        The exponent of ``pooling="power"``, positive.
    grid : int or tuple of int, default=2
        Cells a side over which `transform` pools: 1 is the whole image, several numbers make a spatial
        pyramid.
    scales : int or tuple of int, default=(1, 2)
        Scales of `transform_dense`: at scale s the maps are those of the image reduced s times,
        interpolated back to every pixel.
    image_shape : (int, int) or (int, int, int), default=None
        Rows, columns and channels of images that come flattened, one a row of a 2-D X. None takes
        a square number of features as a square image of one channel and any other as an image of
        one row; then `kernel_size`, `n_filters` and `grid` shrink to what fits. ``(None, None, c)`` takes
        images of any size and c channels.
    arithmetic : {"float", "bytes"}, default="float"
        How the first layer multiplies pixels. "bytes" takes uint8 images alone, rounds the filters of that
        layer to small integers times a step of their own, and multiplies without rounding; all else is as
        before. On processors with AVX2 and without AVX-512 this takes about half the time for many images, on
        others as long as "float"; the features have the same bits on all. Not with
        ``activation="triangle"``, patches of more than 1024 values, or `transform_dense`.
    sparse_output : bool, default=False
        Whether `transform` gives a sparse CSR array; most features are 0 where the threshold is high.
    memory : float, default=1.0
        Megabytes of scratch for each thread: `transform`, and `fit` where it runs hidden layers, take as many
        images at once as need no more, and at least one. The default stays in the cache of a processor;
        the results do not depend on it.
    random_state : int, RandomState instance or None, default=None
        Draws the patches, or the filters. Give an int for the same filters in each fit.
    n_jobs : int, default=None
        Threads of `transform` and `transform_dense`, and of hidden layers in `fit`; None is 1 and -1 all
        processors. The result is the same, bit for bit, for any number.
    verbose : int, default=0
        Whether `fit` and `transform` show a progress bar on standard error.

    Attributes
    ----------
    filters_ : ndarray of shape (n_filters, kh, kw, n_channels)
        The filters as they are applied to pixels, or to the maps of the last hidden layer.
    patterns_ : ndarray of shape (n_filters, kh, kw, n_channels)
        What the filters respond to, without the whitening that is folded into them; `filter_images` makes
        pictures of them.
    bias_ : ndarray of shape (n_filters,)
        Their biases, without the threshold.
    contrast_ : float or None
        What is added to a patch's variance, in squared pixel units; None where patches are taken
        as they are.
    hidden_layers_ : list
        The layers before, fitted: ``hidden_layers_[0].learned`` holds ``filters``, ``bias``, ``contrast``.
    image_shape_ : tuple of (int, int, int)
        Rows, columns and channels of the images; rows and columns are None where sizes are free.
    grid_ : tuple of int
        The grids that features are pooled over.
    n_features_out_ : int
        Features of an image: channels of the last layer's maps x cells.
    n_features_in_ : int
        ``X.shape[1]``: pixels of flattened images, rows of others. Not set for images of different sizes.

    Notes
    -----
    X is (n, h, w), (n, h, w, c) or flattened, of any numeric type, or a list of images (h, w) or (h, w, c)
    that may differ in size; it is converted block by block and never as a whole. Features are float64 for
    float64 and 32- or 64-bit integer pixels, float32 for all others (and there twice as fast). Pixel values
    are taken as they are, whatever their range.

    For images of up to 65,536 pixels `transform` keeps what it has planned, in memory and not in the
    estimator, until it sees other filters, parameters, shapes or types: the first of many calls takes longer.
    The arrays of filters and biases are read-only; to change them, set the attributes to new ones.

    Filters are learned from patches as `transform` sees them, with what lies around the image.

    Callbacks of scikit-learn (1.9 and later, ``set_callbacks``) are told of every layer that is learned.

    References
    ----------
    A. Coates, H. Lee, A. Ng, "An Analysis of Single-Layer Networks in Unsupervised Feature Learning",
    AISTATS 2011. A. Coates, A. Ng, "The Importance of Encoding Versus Training with Sparse Coding and
    Vector Quantization", ICML 2011 (the two-sided threshold). J. Bruna, S. Mallat, "Invariant Scattering
    Convolution Networks", IEEE TPAMI 2013 (the modulus). A. Dempster, F. Petitjean, G. Webb, "ROCKET:
    Exceptionally fast and accurate time series classification using random convolutional kernels", Data
    Mining and Knowledge Discovery 2020 (the share of positive values).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmtl.feature_extraction import ConvFeatureExtractor, ConvLayer
    >>> images = load_digits().images[:200]
    >>> features = ConvFeatureExtractor(n_filters=16, kernel_size=3, random_state=0).fit_transform(images)
    >>> features.shape
    (200, 128)
    >>> deep = ConvFeatureExtractor(
    ...     hidden_layers=[ConvLayer(n_filters=8)], n_filters=16, kernel_size=3, grid=1, random_state=0
    ... )
    >>> deep.fit_transform(images).shape
    (200, 32)
    """

    def transform(self, X):
        """Pooled features of whole images.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), or list of arrays (h, w[, c])
            Images of the size and channels seen at fit, or of any size and these channels if that was a list
            of images of different sizes.

        Returns
        -------
        ndarray or, with ``sparse_output``, CSR matrix of shape (n, n_features_out_)
            float32 or float64 (see Notes of the class): cell by cell, in each the signs, in each the filters;
            with ``per_channel``, in each cell the channels, in each the signs.

        Raises
        ------
        ValueError
            If the images differ in shape from those at fit or are too small, or a pixel is not finite; with
            ``arithmetic="bytes"``, if the pixels are not uint8.
        """
        return _pooled()(self, more_images(self, X))

    def filter_images(self) -> np.ndarray:
        """Pictures of what the filters of the extractor's own layer respond to, for ``imshow``.

        Returns
        -------
        ndarray of shape (n_filters, kh, kw, n_channels)
            ``patterns_``, each scaled to 0..1; 0.5 stands for 0.
        """
        check_is_fitted(self)
        return filter_images(self.patterns_)

    def get_feature_names_out(self, input_features=None):
        """Names of the features of `transform`, such as ``filter3_pos_2x2_r0c1``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Checked against the names seen at fit, and otherwise not used.

        Returns
        -------
        ndarray of str, dtype object
            Channel (with ``per_channel``), filter, sign, grid, and the row and column of the cell in it.
        """
        check_is_fitted(self)
        check_feature_names_in(self, input_features, generate_names=False)
        cells = [(g, i, j) for g in self.grid_ for i in range(g) for j in range(g)]
        names = [f"{channel}_{g}x{g}_r{i}c{j}" for g, i, j in cells for channel in self._channels()]
        return np.array(names, dtype=object)
