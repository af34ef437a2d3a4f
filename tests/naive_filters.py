"""Slow, obvious twins of what makes filters and scattering coefficients, written from the formulas."""

import numpy as np


def spherical_round(points, centres):
    """One damped round of spherical k-means (Coates & Ng 2012): points (n, d), unit centres (k, d)."""
    sums = centres.copy()
    for x in points:
        best = max(range(len(centres)), key=lambda k: abs(centres[k] @ x))
        sums[best] += (centres[best] @ x) * x
    return np.array([row / np.sqrt(row @ row) for row in sums])


def periodic(kernel, shape):
    """``kernel(y, x)`` on (h, w), summed over five periods an axis."""
    h, w = shape
    taps = np.zeros((h, w), complex)
    for i in range(-2, 3):
        for j in range(-2, 3):
            taps += kernel(*np.mgrid[i * h : (i + 1) * h, j * w : (j + 1) * w])
    return taps


def circular(image, taps):
    """Convolution of ``image`` (h, w) with ``taps`` of its size, both periodic."""
    return sum(
        image[y, x] * np.roll(taps, (y, x), axis=(0, 1))
        for y in range(image.shape[0])
        for x in range(image.shape[1])
    )


def morlet_kernel(octave, orientation, n_orientations, beta):
    """A Morlet wavelet as scattering uses it; ``beta`` makes its sum 0."""
    sigma, xi, slant = 0.8 * 2**octave, 0.75 * np.pi / 2**octave, 4 / n_orientations
    angle = (n_orientations / 2 - 1 - orientation) * np.pi / n_orientations

    def kernel(y, x):
        u, v = y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)
        window = np.exp(-(u**2 + slant**2 * v**2) / (2 * sigma**2)) * slant / (2 * np.pi * sigma**2)
        return window * (np.exp(1j * xi * u) - beta)

    return kernel


def wavelet_modulus(image, octave, orientation, n_orientations):
    """|image * psi|, at every pixel."""
    y, x = np.mgrid[-200:200, -200:200]
    plain, window = (morlet_kernel(octave, orientation, n_orientations, b)(y, x).sum() for b in (0, 1))
    beta = plain / (plain - window)
    taps = periodic(morlet_kernel(octave, orientation, n_orientations, beta), image.shape)
    return np.abs(circular(image, taps))


def smooth(image, sigma, reduced):
    """Every ``reduced``-th pixel of both axes of ``image``, convolved with what such a grid holds of phi."""
    taps = periodic(
        lambda y, x: np.exp(-(y**2 + x**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2), image.shape
    )
    y, x = np.meshgrid(*(np.fft.fftfreq(size) * 2 * reduced for size in image.shape), indexing="ij")
    held = (-1 <= y) & (y < 1) & (-1 <= x) & (x < 1)
    low = np.fft.ifft2(np.fft.fft2(taps) * held) * reduced**2
    return circular(image[::reduced, ::reduced], low[::reduced, ::reduced]).real
