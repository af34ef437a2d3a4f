"""The wavelets of a scattering transform in the frequency domain, and its low-pass filter as matrices."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.fft import fft, fft2, ifft

from .filters._waves import morlet

_REACH = 2  # periods on each side that a filter is summed over


class Bank(NamedTuple):
    """What images of one size are convolved with.

    ``pad`` is (top, bottom), (left, right). ``waves[j][r]`` (h / s, w / s, s * s, orientations) are the
    spectra (real, but stored as complex) of the wavelets of octave j for maps (h, w) that have been reduced
    2^r times, in the parts that make every s-th place, s = 2^(j - r). ``low[r]`` are two matrices, (rows, h)
    and (columns, w), that smooth such maps and take every 2^(octaves - r)th place but the outermost.
    """

    pad: tuple[tuple[int, int], tuple[int, int]]
    waves: list[list[np.ndarray]]
    low: list[tuple[np.ndarray, np.ndarray]]

    @property
    def n_orientations(self) -> int:
        return self.waves[0][0].shape[3]


@lru_cache(maxsize=8)
def make_bank(shape: tuple[int, int], n_octaves: int, n_orientations: int, dtype) -> Bank:
    """The bank for images of ``shape``, which are padded to a multiple of 2^n_octaves and at least half of
    that more on each side."""
    sizes = [(max(length >> n_octaves, 1) + 2) << n_octaves for length in shape]
    spare = [size - length for size, length in zip(sizes, shape, strict=True)]
    complex_type = np.result_type(dtype, np.complex64)
    waves = [
        [_parts(_reduced(spectra, r), 2 ** (j - r)).astype(complex_type) for r in range(j + 1)]
        for j, spectra in enumerate(_spectra(sizes, n_octaves, n_orientations))
    ]
    low = [tuple(_smoothing(size, n_octaves, r).astype(dtype) for size in sizes) for r in range(n_octaves)]
    return Bank(tuple((more // 2, more - more // 2) for more in spare), waves, low)


def _spectra(sizes: list[int], n_octaves: int, n_orientations: int):
    """For each octave (orientations, h, w): Morlet wavelets of 0.8 pixels along and n_orientations / 4 times
    that across the wave, of 3/4 pi radians a pixel; both stretched 2^j times."""
    angles = (n_orientations / 2 - 1 - np.arange(n_orientations)) * np.pi / n_orientations
    grid = np.meshgrid(*(np.arange(-_REACH * s, (_REACH + 1) * s) for s in sizes), indexing="ij")
    periods = 2 * _REACH + 1
    for scale in 2.0 ** np.arange(n_octaves):
        waves = [
            morlet(*grid, 0.8 * scale, 0.75 * np.pi / scale, np.pi / 2 - angle, n_orientations / 4)
            for angle in angles
        ]
        tiles = np.reshape(waves, (n_orientations, periods, sizes[0], periods, sizes[1]))
        yield fft2(tiles.sum(axis=(1, 3))).real


def _smoothing(size: int, n_octaves: int, reduced: int) -> np.ndarray:
    """The matrix of a circular convolution with a Gaussian of 0.8 * 2^(n_octaves - 1) pixels, for a signal of
    ``size`` reduced 2^reduced times, at every 2^n_octaves-th pixel but the first and the last."""
    sigma = 0.8 * 2 ** (n_octaves - 1)
    places = np.arange(-_REACH * size, (_REACH + 1) * size)
    window = np.exp(-np.square(places / sigma) / 2) / (np.sqrt(2 * np.pi) * sigma)
    spectrum = fft(window.reshape(-1, size).sum(axis=0)).real
    taps = ifft(_low_frequencies(spectrum, size >> reduced, axis=0)).real
    centres = np.arange(1, (size >> n_octaves) - 1) << (n_octaves - reduced)
    return taps[(centres[:, None] - np.arange(len(taps))) % len(taps)]


def _reduced(spectra: np.ndarray, reduced: int) -> np.ndarray:
    """Spectra (k, h, w) on the frequencies of maps reduced 2^reduced times."""
    for axis in (1, 2):
        spectra = _low_frequencies(spectra, spectra.shape[axis] >> reduced, axis)
    return spectra


def _parts(spectra: np.ndarray, step: int) -> np.ndarray:
    """Spectra (k, h, w) over step * step as (h / step, w / step, step * step, k): the parts whose sum is the
    spectrum of every step-th place."""
    count, rows, columns = spectra.shape
    parts = spectra.reshape(count, step, rows // step, step, columns // step).transpose(2, 4, 1, 3, 0)
    return parts.reshape(rows // step, columns // step, step * step, count) / step**2


def _low_frequencies(spectra: np.ndarray, size: int, axis: int) -> np.ndarray:
    length, half = spectra.shape[axis], size // 2
    kept = np.r_[0:half, length - (size - half) : length]
    return np.take(spectra, kept, axis=axis)
