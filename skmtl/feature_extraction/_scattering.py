"""``WaveletScattering``: images in, averages of the moduli of their wavelet transforms out."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from skmtl.utils._sklearn import Interval, check_feature_names_in, fit_context

from ._shapes import as_images, image_shape_of


class WaveletScattering(TransformerMixin, BaseEstimator):
    """Scattering coefficients of images: features that small shifts hardly change, with nothing to learn.

    With Morlet wavelets psi of several octaves and directions, and a Gaussian phi as wide as the coarsest::

        x * phi,    |x * psi1| * phi,    ||x * psi1| * psi2| * phi    (psi2 of a coarser octave than psi1)

    taken at every 2^n_octaves-th pixel of each channel.

    Parameters
    ----------
    n_octaves : int, default=2
        Octaves of wavelets, J in the paper; coefficients are averages over about 2^J pixels a side.
    n_orientations : int, default=8
        Directions of the wavelets, evenly over half a turn; L in the paper.
    order : {1, 2}, default=2
        How often wavelets are applied.
    image_shape : (int, int) or (int, int, int), default=None
        Rows, columns and channels of images that come flattened, one a row of a 2-D X. None takes a square
        number of features as a square image of one channel and any other as an image of one row; then
        `n_octaves` shrinks to what fits.
    n_jobs : int, default=None
        Threads of `transform`; None is 1 and -1 all processors. The result is the same, bit for bit, for any
        number.

    Attributes
    ----------
    image_shape_ : tuple of (int, int, int)
        Rows, columns and channels of the images.
    n_octaves_ : int
        Octaves in use.
    map_shape_ : tuple of (int, int)
        Rows and columns of a coefficient's map: those of the images over 2^n_octaves, rounded down.
    n_features_out_ : int
        channels x paths x rows x columns; paths = 1 + J L + J (J - 1) / 2 L^2, without the last term for
        order 1.
    n_features_in_ : int
        ``X.shape[1]``: pixels of flattened images, rows of others.

    Notes
    -----
    Images are continued by reflection. Maps are reduced as soon as their frequencies allow; products with the
    wavelets are made in the frequency domain, those with phi as two small matrices. Coefficients are float64
    for float64 and 32- or 64-bit integer pixels, float32 for all others.

    References
    ----------
    J. Bruna, S. Mallat, "Invariant Scattering Convolution Networks", IEEE Trans. Pattern Analysis and Machine
    Intelligence 2013 (equations 2 to 8).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmtl.feature_extraction import WaveletScattering
    >>> WaveletScattering(n_octaves=1).fit_transform(load_digits().images).shape
    (1797, 144)
    """

    _parameter_constraints = {
        "n_octaves": [Interval(Integral, 1, None, closed="left")],
        "n_orientations": [Interval(Integral, 1, None, closed="left")],
        "order": [Interval(Integral, 1, 2, closed="both")],
        "image_shape": [tuple, list, None],
        "n_jobs": [Integral, None],
    }

    def __init__(self, n_octaves=2, *, n_orientations=8, order=2, image_shape=None, n_jobs=None):
        self.n_octaves = n_octaves
        self.n_orientations = n_orientations
        self.order = order
        self.image_shape = image_shape
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Note the size of the images; nothing is learned from their pixels.

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
            If an image has fewer than 2^n_octaves rows or columns or does not match ``image_shape``, or if a
            pixel is not finite.
        """
        X = validate_data(self, X, allow_nd=True, dtype="numeric")
        shape, guessed = image_shape_of(X.shape, self.image_shape)
        most = min(shape[:2]).bit_length() - 1
        if self.n_octaves > most and not guessed:
            raise ValueError(
                f"n_octaves={self.n_octaves} needs images of at least {2**self.n_octaves} pixels a side; "
                f"{shape[0]} x {shape[1]} pixels allow "
                + (f"n_octaves of at most {most}" if most else "none: give larger images")
            )
        self.image_shape_ = shape
        self.n_octaves_ = max(min(self.n_octaves, most), 1)
        self.map_shape_ = tuple(max(length >> self.n_octaves_, 1) for length in shape[:2])
        self.n_features_out_ = shape[2] * len(self._paths()) * self.map_shape_[0] * self.map_shape_[1]
        return self

    def transform(self, X):
        """Scattering coefficients.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Images of the size and channels seen at fit.

        Returns
        -------
        ndarray of shape (n, n_features_out_)
            float32 or float64 (see Notes of the class): by channel, path, row, column.

        Raises
        ------
        ValueError
            If the images differ in shape from those at fit, or a pixel is not finite.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, allow_nd=True, dtype="numeric")
        images = as_images(X, self.image_shape_)
        from ._scatter import scatter_images
        from ._scattering_bank import make_bank

        dtype = np.float32 if np.result_type(images.dtype, np.float32) == np.float32 else np.float64
        bank = make_bank(self.image_shape_[:2], self.n_octaves_, self.n_orientations, dtype)
        out = np.empty((len(images), self.image_shape_[2], len(self._paths()), *self.map_shape_), dtype)
        scatter_images(images, bank, out, self.n_jobs)
        return out.reshape(len(images), -1)

    def get_feature_names_out(self, input_features=None):
        """Names of the coefficients, such as ``channel0_j0o3_j1o5_r2c4`` (j octave, o orientation) or, of
        order 0, ``channel0_mean_r2c4``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Checked against the names seen at fit, and otherwise not used.

        Returns
        -------
        ndarray of str, dtype object
            Channel, wavelets, row and column.
        """
        check_is_fitted(self)
        check_feature_names_in(self, input_features)
        rows, columns = self.map_shape_
        return np.array(
            [
                f"channel{channel}_{path}_r{i}c{j}"
                for channel in range(self.image_shape_[2])
                for path in self._paths()
                for i in range(rows)
                for j in range(columns)
            ],
            dtype=object,
        )

    def _paths(self) -> list[str]:
        """Paths in the order in which they are computed: by order, then by octave of the first wavelet."""
        waves = [(j, o) for j in range(self.n_octaves_) for o in range(self.n_orientations)]
        first = [f"j{j}o{o}" for j, o in waves]
        second = [f"j{i}o{p}_j{j}o{q}" for i, p in waves for j, q in waves if j > i]
        return ["mean", *first, *(second if self.order == 2 else [])]
