"""Filters that are patches, and principal directions."""

import numpy as np
import pytest

from skmtl.feature_extraction import PatchFilters, PCAFilters


@pytest.fixture
def patches(rng):
    return rng.normal(size=(200, 3, 4, 2)) * np.linspace(0.5, 2, 24).reshape(3, 4, 2)


def flat(array):
    return array.reshape(len(array), -1)


def test_exemplars_are_different_patches(patches):
    learned = PatchFilters(contrast=None, whitening=None).learn(patches, 50, 0)
    centred = flat(patches) - flat(patches).mean(axis=1, keepdims=True)
    units = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    closeness = flat(learned.filters) @ units.T
    np.testing.assert_allclose(closeness.max(axis=1), 1, rtol=1e-12)
    assert len(set(closeness.argmax(axis=1))) == 50


def test_another_seed_takes_other_patches(patches):
    first, second = (PatchFilters().learn(patches, 5, seed).filters for seed in (0, 1))
    assert np.abs(first - second).max() > 0.1


def test_principal_directions_are_those_of_the_singular_value_decomposition(patches):
    learned = PCAFilters(contrast=None).learn(patches, 23, 0)
    centred = flat(patches) - flat(patches).mean(axis=1, keepdims=True)
    directions = np.linalg.svd(centred)[2][:23]
    np.testing.assert_allclose(np.abs(np.diag(flat(learned.filters) @ directions.T)), 1, rtol=1e-10)
    assert all(row[np.abs(row).argmax()] > 0 for row in flat(learned.filters))


def test_whitened_principal_directions_respond_alike(patches):
    learned = PCAFilters(contrast=None, whitening=1e-9).learn(patches, 10, 0)
    np.testing.assert_allclose((flat(patches) @ flat(learned.filters).T).std(axis=0), 1, rtol=0.05)


@pytest.mark.parametrize(
    ("component", "n_filters", "message"),
    [
        (PatchFilters(), 201, "n_filters=201 is more than the 200 different patches .* at most 200"),
        (PatchFilters(whitening=-1), 3, r"PatchFilters: whitening must be a number in \(0, inf\), got -1"),
        (PCAFilters(), 24, "n_filters=24 is more than the 23 directions in which patches of 3x4x2 differ"),
        (PCAFilters(contrast="much"), 3, r"PCAFilters: contrast must be a number in \(0, 1\), got 'much'"),
    ],
)
def test_what_is_asked_too_much_is_refused(patches, component, n_filters, message):
    with pytest.raises(ValueError, match=message):
        component.learn(patches, n_filters, 0)


def test_few_patches_span_few_directions(patches):
    with pytest.raises(ValueError, match="more than the 5 directions"):
        PCAFilters().learn(patches[:5], 6, 0)
    assert PCAFilters().n_available(patches[:5]) == 5
    assert PatchFilters().n_available(patches[:5]) == 5


def test_a_patch_that_equals_the_mean_is_no_filter(patches):
    with pytest.raises(ValueError, match="nothing is left of a patch that equals the mean of all"):
        PatchFilters().learn(patches[:1], 1, 0)
