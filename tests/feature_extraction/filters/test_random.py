"""Filters drawn at random."""

import numpy as np
import pytest

from skmtl.feature_extraction import RandomFilters


@pytest.fixture
def patches(rng):
    return 3 + rng.normal(size=(400, 3, 3, 2))


def test_gaussian_filters(patches):
    learned = RandomFilters().learn(patches, 7, 0)
    assert learned.filters.shape == (7, 3, 3, 2) and learned.contrast > 0
    np.testing.assert_allclose(learned.filters.sum(axis=(1, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(np.square(learned.filters).sum(axis=(1, 2, 3)), 1, rtol=1e-12)
    np.testing.assert_array_equal(learned.bias, 0)


def test_one_pixel_alone_is_not_centred():
    for kind in ("gaussian", "rocket"):
        raw = RandomFilters(contrast=None, kind=kind).learn(np.zeros((3, 1, 1, 1)), 2, 0)
        np.testing.assert_allclose(np.abs(raw.filters), 1)
        assert raw.contrast is None


def test_rocket_filters_have_two_weights(patches):
    learned = RandomFilters(kind="rocket").learn(patches, 50, 0)
    low, high = learned.filters.min(), learned.filters.max()
    np.testing.assert_allclose(high / low, -2, rtol=1e-12)
    distance = np.minimum(np.abs(learned.filters - low), np.abs(learned.filters - high))
    np.testing.assert_allclose(distance, 0, atol=1e-12)
    np.testing.assert_array_equal((learned.filters > 0).sum(axis=(1, 2, 3)), 6)
    assert len(np.unique(learned.filters, axis=0)) == 50


def test_shares_of_positive_responses_fill_the_range(patches):
    """What proportion-of-positive-values pooling sees: some filters are mostly on, some hardly ever."""
    learned = RandomFilters(kind="rocket", contrast=None).learn(patches, 40, 0)
    responses = np.einsum("nyxc,fyxc->nf", patches, learned.filters) + learned.bias
    shares = np.sort((responses > 0).mean(axis=0))
    np.testing.assert_allclose(shares, (np.arange(40) + 0.5) / 40, atol=0.04)


def test_previous_filters_stay(patches):
    for component in (RandomFilters(), RandomFilters(kind="rocket")):
        first = component.learn(patches, 5, 0)
        again = component.learn(2 * patches, 7, 1, first)
        np.testing.assert_allclose(again.filters[:5], first.filters, rtol=1e-12, atol=1e-12)
        assert len(again.filters) == 7 and again.contrast > first.contrast


def test_an_unknown_kind_is_refused(patches):
    with pytest.raises(ValueError, match="kind must be 'gaussian' or 'rocket'; got 'uniform'"):
        RandomFilters(kind="uniform").learn(patches, 3, 0)
