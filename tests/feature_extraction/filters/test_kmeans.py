"""Filters that are centres of clusters of patches."""

import numpy as np
import pytest

from skmtl.feature_extraction import ConvFeatureExtractor, KMeansFilters
from skmtl.feature_extraction.filters._space import patch_space, unit_length, usable

ROUNDING = {"rtol": 1e-9, "atol": 1e-9}


def make_patches(n=300, shape=(3, 3, 2), seed=0):
    rng = np.random.RandomState(seed)
    smooth = rng.normal(size=(n, 1, 1, shape[2])) + 0.5 * rng.normal(size=(n, *shape))
    return smooth * rng.uniform(0.5, 2, (n, 1, 1, 1))


def make_patterns(rng, n=200):
    patterns = rng.normal(size=(3, 4, 4, 1))
    return patterns, patterns[rng.randint(3, size=n)] + 0.01 * rng.normal(size=(n, 4, 4, 1))


@pytest.mark.parametrize("algorithm", ["k-means", "spherical"])
def test_it_finds_the_patterns_that_are_there(algorithm):
    rng = np.random.RandomState(0)
    patterns, patches = make_patterns(rng)
    learned = KMeansFilters(algorithm=algorithm).learn(patches, 3, rng)
    responses = np.abs(np.einsum("fyxc,pyxc->fp", learned.filters, patterns))
    assert sorted(responses.argmax(axis=0)) == [0, 1, 2]  # each pattern has a filter of its own


def test_the_patterns_look_like_the_patches():
    """The filters are whitened, and do not; their patterns are what a picture shows."""
    rng = np.random.RandomState(0)
    patterns, patches = make_patterns(rng)
    learned = KMeansFilters().learn(patches, 3, rng)
    centred = [part.reshape(3, -1) - part.mean(axis=(1, 2)) for part in (patterns, learned.patterns)]
    centred[0] = centred[0] - centred[0].mean(axis=0)  # whitening takes away what all have in common
    match = np.corrcoef(*centred)[:3, 3:].max(axis=1)
    assert match.min() > 0.9


def test_contrast_follows_the_range_of_the_pixels():
    patches = make_patches()
    small = KMeansFilters().learn(patches, 4, 0)
    large = KMeansFilters().learn(256 * patches, 4, 0)
    np.testing.assert_allclose(large.filters, small.filters, **ROUNDING)
    np.testing.assert_allclose(large.contrast, 256**2 * small.contrast, rtol=1e-9)


def test_previous_filters_are_where_it_begins():
    """One more round from the centres of many is a small step; from other centres, filters change places."""
    patches, more = make_patches(), make_patches(seed=1)
    first = KMeansFilters(max_iter=100).learn(patches, 8, 0)
    again = KMeansFilters(max_iter=100).learn(more, 8, 1, first)
    anew = KMeansFilters(max_iter=100).learn(more, 8, 1)

    def agreement(learned):
        parts = (unit_length(one.patterns.reshape(8, -1)) for one in (first, learned))
        return np.einsum("kd,kd->k", *parts).mean()

    assert agreement(again) > 0.7 > agreement(anew) + 0.2


def test_previous_filters_that_are_too_few_are_joined_by_others():
    patches = make_patches()
    first = KMeansFilters(algorithm="spherical").learn(patches, 3, 0)
    grown = KMeansFilters(algorithm="spherical", max_iter=1).learn(patches, 5, 0, first)
    shrunk = KMeansFilters(algorithm="spherical", max_iter=1).learn(patches, 2, 0, first)
    assert len(grown.filters) == 5 and len(shrunk.filters) == 2
    np.testing.assert_allclose(shrunk.filters[0], first.filters[0], atol=0.2)


def test_a_stream_keeps_filters_in_their_places():
    images = np.random.RandomState(0).normal(size=(60, 9, 9)).cumsum(axis=2)
    extractor = ConvFeatureExtractor(n_filters=6, kernel_size=3, random_state=0).partial_fit(images[:50])
    before = unit_length(extractor.patterns_.reshape(6, -1))
    after = unit_length(extractor.partial_fit(images[50:]).patterns_.reshape(6, -1))
    np.testing.assert_array_equal((before @ after.T).argmax(axis=1), np.arange(6))
    assert np.abs(before - after).max() > 1e-6  # and yet it has learned


def test_whitening_makes_the_covariance_the_identity():
    patches = make_patches()
    space = patch_space(KMeansFilters(whitening=1e-12), patches)
    covariance = np.cov(space.points(usable(patches, space.level)), rowvar=False, bias=True)
    constant = np.full((18, 18), 1 / 18)  # the patch's mean, which was taken away before
    np.testing.assert_allclose(covariance, np.eye(18) - constant, atol=1e-6)


def test_blank_and_repeated_patches_are_not_learned_from():
    patches = make_patches(30)
    copies = np.concatenate([patches, patches, 1e-3 * patches])
    level = 0.01 * patches.reshape(30, -1).var(axis=1).min()
    np.testing.assert_array_equal(usable(copies, level), np.unique(patches, axis=0))


def test_more_filters_than_patches_are_refused():
    images = np.random.RandomState(0).normal(size=(3, 6, 7))
    with pytest.raises(ValueError, match="n_filters=50 is more than the 6 different patches .* at most 6"):
        ConvFeatureExtractor(n_filters=50, random_state=0, grid=1).fit(images)
    extractor = ConvFeatureExtractor(n_filters=6, random_state=0, grid=1).fit(images)
    assert extractor.filters_.shape == (6, 6, 6, 1)


def test_the_number_of_filters_shrinks_with_a_guessed_shape():
    X = np.random.RandomState(0).normal(size=(12, 5))
    extractor = ConvFeatureExtractor(n_filters=64, random_state=0).fit(X)
    assert 6 <= len(extractor.filters_) <= 12


@pytest.mark.parametrize(
    ("component", "images", "message"),
    [
        (KMeansFilters(), np.full((4, 7, 7), 0.1), "6x6x1 patch of the images is constant"),
        (KMeansFilters(), np.arange(36.0).reshape(1, 6, 6), "all patches are alike"),
        (KMeansFilters(contrast=0), np.eye(7)[None], r"KMeansFilters: contrast must be a number in \(0, 1\)"),
        (
            KMeansFilters(whitening=0),
            np.eye(7)[None],
            r"whitening must be a number in \(0, inf\)",
        ),
        (KMeansFilters(max_iter=0), np.eye(7)[None], "KMeansFilters: max_iter must be a positive integer"),
        (
            KMeansFilters(algorithm="em"),
            np.eye(7)[None],
            "must be 'k-means' or 'spherical'; got 'em'",
        ),
        (KMeansFilters(n_patches=0), np.eye(7)[None], "n_patches of filters must be a positive integer"),
    ],
)
def test_bad_parameters_are_refused(component, images, message):
    with pytest.raises(ValueError, match=message):
        ConvFeatureExtractor(component, n_filters=1, grid=1).fit(images)
