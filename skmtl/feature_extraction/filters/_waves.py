"""Filters by formula: waves under a Gaussian window, in pairs of even and odd phase."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from skmtl.utils._numbers import checked_number

from ._base import Filters, LearnedFilters
from ._space import contrast_level


def morlet(
    rows, columns, sigma: float, frequency: float, angle: float, elongation: float = 1.0
) -> np.ndarray:
    """A Morlet wavelet at the places (rows, columns), complex128, of zero mean over them::

        (exp(i frequency u) - beta) exp(-(u^2 + v^2 / elongation^2) / (2 sigma^2)) / (2 pi sigma^2 elongation)

    ``u`` runs along the wave, ``angle`` radians from the columns' axis towards the rows', ``v`` across it.
    Lengths are pixels, ``frequency`` is in radians a pixel. Bruna & Mallat (2013), section 2.1.
    """
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = (rows * np.cos(angle) - columns * np.sin(angle)) / elongation
    window = np.exp(-(along**2 + across**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2 * elongation)
    wave = window * np.exp(1j * frequency * along)
    return wave - wave.sum() / window.sum() * window


class _Waves(Filters):
    """Makes filters of complex kernels: real parts first, imaginary parts after them."""

    n_patches = 5000

    def _learn(self, patches, n_filters, rng, previous):
        shape = patches.shape[1:]
        grid = np.meshgrid(*(np.arange(size) - (size - 1) / 2 for size in shape[:2]), indexing="ij")
        kernels = np.repeat(self._kernels(*grid)[..., None], shape[2], axis=3)
        length = np.sqrt(np.square(np.abs(kernels)).sum(axis=(1, 2, 3)) / 2)
        if not length.min() > 0:
            raise ValueError(f"{self._name}: a wave needs a kernel_size of 2 pixels or more; got {shape[:2]}")
        kernels /= length[:, None, None, None]
        filters = np.concatenate([kernels.real, kernels.imag])
        level = contrast_level(self, patches)
        return LearnedFilters(filters, np.zeros(len(filters)), level, None, filters)

    def _angles(self) -> np.ndarray:
        count = self._count("n_orientations")
        return np.arange(count) * np.pi / count

    @abstractmethod
    def _kernels(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Complex kernels (k, kh, kw)."""


class GaborFilters(_Waves):
    """Waves of several lengths and directions under a round Gaussian window.

    Filter i of the first half is even (a cosine), filter ``i + n / 2`` the odd one (a sine) of the same wave,
    wavelength by wavelength and in each direction by direction; so the root of the sum of the squares of two
    such responses is the wave's amplitude, wherever its crests lie. Both sum to zero; the two together have
    mean square length 1. Every channel gets the same filter, so that colours act by their mean alone. The
    extractor's ``n_filters`` does not apply: there are ``2 * len(wavelengths) * n_orientations``.

    Parameters
    ----------
    n_orientations : int, default=8
        Directions, evenly over half a turn, from the waves along the columns' axis on.
    wavelengths : float or sequence of float, default=(3, 5)
        In pixels, each more than 2.
    sigma : float, default=0.5
        Standard deviation of the window, in wavelengths. The extractor's ``kernel_size`` cuts the window.
    contrast : float or None, default=0.01
        As in `KMeansFilters`; None applies the filters to the pixels as they are.

    References
    ----------
    J. Daugman, "Uncertainty relation for resolution in space, spatial frequency, and orientation optimized by
    two-dimensional visual cortical filters", J. Optical Society of America A 1985.
    """

    def __init__(self, n_orientations=8, wavelengths=(3, 5), sigma=0.5, contrast=0.01):
        self.n_orientations = n_orientations
        self.wavelengths = wavelengths
        self.sigma = sigma
        self.contrast = contrast

    def _kernels(self, rows, columns):
        sigma = checked_number("GaborFilters: sigma", self.sigma, 0)
        lengths = np.atleast_1d(np.asarray(self.wavelengths, dtype=np.float64))
        if lengths.ndim != 1 or not len(lengths) or not (np.isfinite(lengths) & (lengths > 2)).all():
            raise ValueError(
                f"GaborFilters: wavelengths must be numbers above 2, in pixels; got {self.wavelengths!r}"
            )
        waves = [(length, angle) for length in lengths for angle in self._angles()]
        return np.array([morlet(rows, columns, sigma * w, 2 * np.pi / w, angle) for w, angle in waves])


class WaveletFilters(_Waves):
    """A bank of Morlet wavelets: octaves of scale, directions in each.

    The mother wavelet has a frequency of 3/4 pi radians a pixel under a round window of 0.8 pixels; octave j
    stretches both 2^j times. Pairs, order, length and channels are as in `GaborFilters`; the extractor's
    ``n_filters`` and ``kernel_size`` do not apply: there are ``2 * n_octaves * n_orientations`` filters of
    the size that the widest needs, 5, 9, 17, ... pixels for 1, 2, 3, ... octaves.

    Parameters
    ----------
    n_octaves : int, default=2
    n_orientations : int, default=8
        Directions, evenly over half a turn.
    contrast : float or None, default=0.01
        As in `KMeansFilters`; None applies the filters to the pixels as they are.

    References
    ----------
    J. Bruna, S. Mallat, "Invariant Scattering Convolution Networks", IEEE Trans. Pattern Analysis and Machine
    Intelligence 2013 (equation 2 and section 2.1: the wavelets, and their zero mean).
    """

    def __init__(self, n_octaves=2, n_orientations=8, contrast=0.01):
        self.n_octaves = n_octaves
        self.n_orientations = n_orientations
        self.contrast = contrast

    def kernel_shape(self, requested):
        size = 2 ** (self._count("n_octaves") + 1) + 1  # 2.5 standard deviations of the widest on each side
        return size, size

    def _kernels(self, rows, columns):
        scales = 2.0 ** np.arange(self._count("n_octaves"))
        waves = [(scale, angle) for scale in scales for angle in self._angles()]
        return np.array([morlet(rows, columns, 0.8 * s, 0.75 * np.pi / s, angle) for s, angle in waves])
