"""Scattering against its formula in the plane, and what it owes."""

import numpy as np
import pytest
from naive_filters import smooth, wavelet_modulus

from skmtl.feature_extraction import WaveletScattering

DOUBLE = {"rtol": 1e-9, "atol": 1e-11}
SINGLE = {"rtol": 1e-5, "atol": 1e-5}


def naive_scattering(image, n_octaves, n_orientations, margin):
    """Coefficients (paths, rows, columns), every convolution made in the plane at all pixels, and maps of
    octave j then reduced 2^j times; of order 2 the paths whose first wavelet is of octave 0."""
    padded, step = np.pad(image, margin, mode="reflect"), 2**n_octaves
    sigma = 0.8 * 2 ** (n_octaves - 1)

    def sampled(plane, octave):
        smoothed, left = smooth(plane, sigma, 2**octave), step >> octave
        return smoothed[left:-left:left, left:-left:left]

    waves = [(j, o) for j in range(n_octaves) for o in range(n_orientations)]
    first = {wave: wavelet_modulus(padded, *wave, n_orientations) for wave in waves}
    second = [
        (wavelet_modulus(first[0, p], j, q, n_orientations), j)
        for p in range(n_orientations)
        for j, q in waves
        if j > 0
    ]
    once = [(plane, wave[0]) for wave, plane in first.items()]
    return np.array([sampled(plane, octave) for plane, octave in [(padded, 0), *once, *second]])


def test_one_octave_is_the_formula(rng):
    image = rng.random((7, 10))
    coefficients = WaveletScattering(1, n_orientations=3).fit_transform(image[None])
    expected = naive_scattering(image, 1, 3, ((1, 2), (2, 2)))
    np.testing.assert_allclose(coefficients.reshape(expected.shape), expected, **DOUBLE)


def test_two_octaves_are_the_formula(rng):
    image = rng.random((9, 12))
    coefficients = WaveletScattering(2, n_orientations=2).fit_transform(image[None]).reshape(9, 2, 3)
    expected = naive_scattering(image, 2, 2, ((3, 4), (4, 4)))
    np.testing.assert_allclose(coefficients, expected, **DOUBLE)


def test_channels_and_images_are_on_their_own(rng):
    images = rng.random((5, 16, 16, 3)).astype(np.float32)
    model = WaveletScattering(2, n_orientations=4).fit(images)
    together = model.transform(images).reshape(5, 3, -1)
    for channel in range(3):
        alone = WaveletScattering(2, n_orientations=4).fit_transform(images[..., channel])
        np.testing.assert_allclose(together[:, channel], alone, **SINGLE)
    np.testing.assert_allclose(model.transform(images[2:3])[0], model.transform(images)[2], **SINGLE)


def test_order_1_is_the_beginning_of_order_2(rng):
    images = rng.random((2, 16, 12))
    both = WaveletScattering(2, n_orientations=3).fit_transform(images).reshape(2, -1, 12)
    first = WaveletScattering(2, n_orientations=3, order=1).fit_transform(images).reshape(2, -1, 12)
    assert both.shape[1] == 1 + 6 + 9 and first.shape[1] == 7
    np.testing.assert_array_equal(both[:, :7], first)


def test_small_shifts_change_little_and_a_constant_has_no_waves():
    y, x = np.mgrid[:32, :32]
    blob, moved = (np.exp(-((y - 16) ** 2 + (x - c) ** 2) / 8.0)[None] for c in (16, 17))
    model = WaveletScattering(3).fit(blob)
    change = np.linalg.norm(model.transform(blob) - model.transform(moved)) / np.linalg.norm(
        model.transform(blob)
    )
    assert change < 0.3 * np.linalg.norm(blob - moved) / np.linalg.norm(blob)
    flat = model.transform(np.full((1, 32, 32), 5.0)).reshape(217, -1)
    np.testing.assert_allclose(flat[0], 5, rtol=1e-3)
    np.testing.assert_allclose(flat[1:], 0, atol=1e-12)


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_any_number_of_threads_gives_the_same_bits(rng, n_jobs):
    images = rng.integers(0, 256, (70, 20, 20, 3)).astype(np.uint8)
    one = WaveletScattering().fit_transform(images)
    np.testing.assert_array_equal(WaveletScattering(n_jobs=n_jobs).fit_transform(images), one)
    assert one.dtype == np.float32


def test_names_say_where_a_coefficient_comes_from(rng):
    images = rng.random((2, 8, 8, 2))
    model = WaveletScattering(2, n_orientations=2).fit(images)
    names = model.get_feature_names_out()
    assert len(names) == len(set(names)) == model.n_features_out_ == model.transform(images).shape[1]
    assert names[0] == "channel0_mean_r0c0" and names[-1] == "channel1_j0o1_j1o1_r1c1"
    assert list(names).index("channel0_j1o0_r0c1") == 3 * 4 + 1
    # A wave along the columns' axis answers in the paths of its own direction: o0 of 2 runs along the rows.
    wave = np.cos(0.75 * np.pi * np.arange(32))[None, None, :] * np.ones((1, 32, 1))
    grey = WaveletScattering(1, n_orientations=2).fit(wave)
    answer = dict(zip(grey.get_feature_names_out(), grey.transform(wave)[0], strict=True))
    assert max(answer["channel0_j0o0_r8c8"], answer["channel0_j0o1_r8c8"]) > 0.3
    assert min(answer["channel0_j0o0_r8c8"], answer["channel0_j0o1_r8c8"]) < 0.1


@pytest.mark.parametrize(
    ("model", "images", "message"),
    [
        (
            WaveletScattering(3),
            np.ones((2, 7, 9)),
            "needs images of at least 8 pixels a side; 7 x 9 pixels allow n_oct",
        ),
        (WaveletScattering(1), np.ones((2, 1, 9)), "1 x 9 pixels allow none: give larger images"),
        (WaveletScattering(order=3), np.ones((2, 8, 8)), "'order' parameter of WaveletScattering must be"),
        (WaveletScattering(n_octaves=0), np.ones((2, 8, 8)), "'n_octaves' parameter"),
        (WaveletScattering(image_shape=(8, 8)), np.ones((2, 9, 9)), "does not match X"),
        (WaveletScattering(), np.full((2, 8, 8), np.inf), "infinity"),
    ],
)
def test_bad_input_is_refused(model, images, message):
    with pytest.raises(ValueError, match=message):
        model.fit(images)


def test_other_images_than_at_fit_are_refused():
    model = WaveletScattering().fit(np.ones((2, 8, 8)))
    with pytest.raises(ValueError, match="the images at fit had"):
        model.transform(np.ones((2, 8, 9)))
