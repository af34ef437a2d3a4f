"""Filters: what is learned, that it is the same again, and what is refused."""

import numpy as np
import pytest
from sklearn.base import clone

from skmtl.feature_extraction import ConvFeatureExtractor, FixedFilters, KMeansFilters, RandomFilters
from skmtl.feature_extraction._filters import _fold, _normalise, _zca

ROUNDING = {"rtol": 1e-9, "atol": 1e-9}


def _patches(n=300, shape=(3, 3, 2), seed=0):
    rng = np.random.RandomState(seed)
    smooth = rng.normal(size=(n, 1, 1, shape[2])) + 0.5 * rng.normal(size=(n, *shape))
    return smooth * rng.uniform(0.5, 2, (n, 1, 1, 1))


def test_whitening_makes_the_covariance_the_identity():
    points = _patches().reshape(300, -1)
    whiten, mean = _zca(points, 1e-12)
    np.testing.assert_allclose(
        np.cov((points - mean) @ whiten, rowvar=False, bias=True), np.eye(18), atol=1e-8
    )


def test_folded_filters_respond_as_the_long_way_does():
    patches = _patches().reshape(300, -1)
    normal = _normalise(patches, 0.3)
    whiten, mean = _zca(normal, 0.1)
    centres = np.random.RandomState(0).normal(size=(4, 18))
    filters, bias = _fold(centres, whiten, mean)
    scaled = patches / np.sqrt(patches.var(axis=1, keepdims=True) + 0.3)
    np.testing.assert_allclose(scaled @ filters.T + bias, (normal - mean) @ whiten @ centres.T, **ROUNDING)
    np.testing.assert_allclose(filters.sum(axis=1), 0, atol=1e-12)


def test_k_means_finds_the_patterns_that_are_there():
    rng = np.random.RandomState(0)
    patterns = rng.normal(size=(3, 4, 4, 1))
    patches = patterns[rng.randint(3, size=200)] + 0.01 * rng.normal(size=(200, 4, 4, 1))
    learned = KMeansFilters().learn(patches, 3, rng)
    responses = np.einsum("fyxc,pyxc->fp", learned.filters, patterns)
    assert sorted(responses.argmax(axis=0)) == [0, 1, 2]  # each pattern has a filter of its own


def test_contrast_follows_the_range_of_the_pixels():
    patches = _patches()
    small = KMeansFilters().learn(patches, 4, np.random.RandomState(0))
    large = KMeansFilters().learn(255 * patches, 4, np.random.RandomState(0))
    np.testing.assert_allclose(large.filters, small.filters, **ROUNDING)
    np.testing.assert_allclose(large.contrast, 255**2 * small.contrast, rtol=1e-9)


def test_fewer_patches_than_filters_make_fewer_filters():
    images = np.random.RandomState(0).normal(size=(3, 6, 7))
    extractor = ConvFeatureExtractor(n_filters=50, random_state=0, grid=1).fit(images)
    assert 1 <= len(extractor.filters_) <= 6  # two patches an image
    assert extractor.transform(images).shape == (3, 2 * len(extractor.filters_))


def test_random_filters():
    rng = np.random.RandomState(0)
    learned = RandomFilters().learn(_patches(), 7, rng)
    assert learned.filters.shape == (7, 3, 3, 2) and learned.contrast > 0
    np.testing.assert_allclose(learned.filters.sum(axis=(1, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(np.square(learned.filters).sum(axis=(1, 2, 3)), 1, rtol=1e-12)
    raw = RandomFilters(contrast=None).learn(np.zeros((3, 1, 1, 1)), 2, rng)
    np.testing.assert_allclose(np.abs(raw.filters), 1)
    assert raw.contrast is None


def test_fixed_filters():
    given = np.arange(12.0).reshape(2, 2, 3)
    learned = FixedFilters(given, bias=[1, 2]).learn(_patches(shape=(2, 3, 2)), 99, None)
    np.testing.assert_array_equal(learned.filters, np.stack([given, given], axis=-1))
    np.testing.assert_array_equal(learned.bias, [1, 2])
    normalised = FixedFilters(given, contrast=0.1).learn(_patches(shape=(2, 3, 2)), 99, None)
    np.testing.assert_allclose(normalised.filters.sum(axis=(1, 2, 3)), 0, atol=1e-12)
    assert normalised.contrast > 0 and learned.contrast is None


def test_fitting_writes_into_no_component():
    component = FixedFilters([[[1, 2], [3, 4]]])
    before = repr(component), repr(clone(component))
    ConvFeatureExtractor(component, grid=1).fit(np.random.RandomState(0).normal(size=(2, 3, 3)))
    assert (repr(component), repr(clone(component))) == before


@pytest.mark.parametrize(
    ("component", "images", "message"),
    [
        (KMeansFilters(), np.full((4, 7, 7), 0.1), "6x6x1 patch of the images is constant"),
        (KMeansFilters(), np.arange(36.0).reshape(1, 6, 6), "all patches are alike"),
        (KMeansFilters(contrast=0), np.eye(7)[None], "contrast must be a positive number; got 0"),
        (KMeansFilters(contrast=2), np.eye(7)[None], "contrast must be a fraction below 1; got 2"),
        (KMeansFilters(n_patches=0), np.eye(7)[None], "n_patches of filters must be a positive integer"),
        (RandomFilters(), np.ones((4, 7, 7)), "constant"),
        (FixedFilters(np.ones((2, 2))), np.eye(7)[None], r"must have the shape \(k, rows, columns\)"),
        (FixedFilters(np.ones((0, 2, 2))), np.eye(7)[None], "must have the shape"),
        (FixedFilters(np.full((1, 2, 2), np.nan)), np.eye(7)[None], "contains NaN"),
        (FixedFilters(np.ones((1, 2, 2, 3))), np.eye(7)[None], "for 3 channels, but the images have 1"),
        (FixedFilters(np.ones((1, 8, 2))), np.eye(7)[None], "8 x 2 pixels .* larger than"),
        (FixedFilters(np.ones((1, 2, 2)), bias=[1, 2]), np.eye(7)[None], "bias must be 1 finite numbers"),
    ],
)
def test_bad_filters_are_refused(component, images, message):
    with pytest.raises(ValueError, match=message):
        ConvFeatureExtractor(component, grid=1).fit(images)
