"""Gabor filters against scikit-image's, wavelets against their formula, and what pairs are for."""

import numpy as np
import pytest
from naive_filters import morlet_kernel
from skimage.filters import gabor_kernel

from skmtl.feature_extraction import ConvFeatureExtractor, GaborFilters, WaveletFilters
from skmtl.feature_extraction.filters._waves import morlet

FORMULA = {"rtol": 1e-10, "atol": 1e-12}
both = pytest.mark.parametrize("component", [GaborFilters(4, (3, 6.5)), WaveletFilters(2, 4)], ids=repr)


def learn(component, size=9, channels=1):
    size = component.kernel_shape((size, size))[0]
    return component.learn(np.random.RandomState(0).normal(size=(20, size, size, channels)), 1, 0)


def same_direction(filters, expected):
    """Each of filters (k, ...) is a positive multiple of the expected one."""
    one, other = filters.reshape(len(filters), -1), expected.reshape(len(expected), -1)
    scale = np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    np.testing.assert_allclose(one, scale[:, None] * other, **FORMULA)


def test_gabor_filters_are_scikit_images_less_their_mean():
    wavelengths, angles = (3, 4.5), np.arange(4) * np.pi / 4
    learned = learn(GaborFilters(4, wavelengths, sigma=0.4), size=7)
    kernels = []
    for length in wavelengths:
        for angle in angles:
            s = 0.4 * length
            full = gabor_kernel(1 / length, angle, sigma_x=s, sigma_y=s, n_stds=12 / s, dtype=complex)
            middle = np.array(full.shape) // 2
            kernel = full[middle[0] - 3 : middle[0] + 4, middle[1] - 3 : middle[1] + 4]
            kernels.append(kernel - kernel.sum() / np.abs(kernel).sum() * np.abs(kernel))
    same_direction(learned.filters[:8, ..., 0], np.real(kernels))
    same_direction(learned.filters[8:, ..., 0], np.imag(kernels))


def test_the_mother_wavelet_is_that_of_the_scattering_literature():
    y, x = np.mgrid[-30:31, -30:31]
    for octave, orientation in [(0, 0), (1, 3), (2, 5)]:
        angle = np.pi / 2 - (3 - orientation) * np.pi / 8
        ours = morlet(y, x, 0.8 * 2**octave, 0.75 * np.pi / 2**octave, angle, 2)
        plain, less = (morlet_kernel(octave, orientation, 8, beta)(y, x) for beta in (0, 1))
        window = plain - less
        np.testing.assert_allclose(ours, plain - plain.sum() / window.sum() * window, **FORMULA)


def test_wavelets_hold_their_windows():
    """2.5 standard deviations of the widest on each side: 4 of 5 thousandths of the window are cut."""
    for octaves, size in [(1, 5), (2, 9), (3, 17)]:
        component = WaveletFilters(octaves, 2)
        assert component.kernel_shape((3, 3)) == (size, size)
        assert learn(component).filters.shape == (4 * octaves, size, size, 1)
        assert size // 2 == pytest.approx(2.5 * 0.8 * 2 ** (octaves - 1))


@both
def test_pairs_are_even_and_odd_and_sum_to_zero(component):
    filters = learn(component, channels=3).filters
    even, odd = np.split(filters, 2)
    np.testing.assert_allclose(even[:, ::-1, ::-1], even, atol=1e-12)
    np.testing.assert_allclose(odd[:, ::-1, ::-1], -odd, atol=1e-12)
    np.testing.assert_allclose(filters.sum(axis=(1, 2, 3)), 0, atol=1e-12)
    lengths = np.square(even).sum(axis=(1, 2, 3)) + np.square(odd).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(lengths, 2, rtol=1e-12)
    np.testing.assert_array_equal(filters[..., 0], filters[..., 2])  # every channel alike


@both
def test_the_modulus_of_a_pair_hardly_sees_where_the_crests_lie(component):
    filters = learn(component)[0][..., 0]
    y, x = np.mgrid[: filters.shape[1], : filters.shape[2]]
    waves = [np.cos(2 * np.pi * (x / 3 + phase)) for phase in np.linspace(0, 1, 12)]
    even, odd = np.split(np.einsum("fyx,pyx->fp", filters, waves), 2)
    modulus = np.sqrt(even**2 + odd**2)
    best = modulus.mean(axis=1).argmax()
    assert best == 0  # the wave along the columns' axis, of the shortest length
    assert np.ptp(modulus[best]) < 0.4 * np.ptp(even[best])


def test_the_extractor_uses_the_size_of_wavelets():
    images = np.random.RandomState(0).normal(size=(3, 12, 12, 2))
    extractor = ConvFeatureExtractor(WaveletFilters(1, 2), kernel_size=7).fit(images)
    assert extractor.filters_.shape == (4, 5, 5, 2)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (GaborFilters(wavelengths=2), "wavelengths must be numbers above 2, in pixels; got 2"),
        (GaborFilters(wavelengths=[]), "wavelengths must be numbers above 2"),
        (GaborFilters(wavelengths=[[3, 4]]), "wavelengths must be numbers above 2"),
        (GaborFilters(wavelengths=[3, np.inf]), "wavelengths must be numbers above 2"),
        (GaborFilters(sigma=0), r"GaborFilters: sigma must be a number in \(0, inf\)"),
        (GaborFilters(n_orientations=0), "GaborFilters: n_orientations must be a positive integer; got 0"),
        (WaveletFilters(n_octaves=1.5), "WaveletFilters: n_octaves must be a positive integer; got 1.5"),
        (WaveletFilters(n_orientations=-1), "n_orientations must be a positive integer; got -1"),
    ],
)
def test_bad_parameters_are_refused(component, message):
    with pytest.raises(ValueError, match=message):
        learn(component)


def test_a_wave_needs_more_than_a_pixel():
    with pytest.raises(ValueError, match=r"a wave needs a kernel_size of 2 pixels or more; got \(1, 1\)"):
        GaborFilters(contrast=None).learn(np.ones((3, 1, 1, 1)), 1, 0)
