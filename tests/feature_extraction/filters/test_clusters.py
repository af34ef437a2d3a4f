"""k-means against scikit-learn's, spherical k-means against its formula."""

import numpy as np
import pytest
from naive_filters import spherical_round
from sklearn.cluster import KMeans

from skmtl.feature_extraction.filters._clusters import k_means, spherical_k_means, spread_out


@pytest.fixture
def points(rng):
    return rng.normal(size=(3000, 6)) * rng.uniform(0.5, 2, 6)


def test_k_means_is_scikit_learns(points):
    begin = points[:20]
    model = KMeans(20, init=begin, n_init=1, max_iter=1000, tol=0).fit(points)
    np.testing.assert_allclose(k_means(points, begin, 1000), model.cluster_centers_, atol=1e-5)


def test_k_means_goes_down_round_by_round(points):
    def loss(centres):
        return np.square(points[:, None] - centres).sum(axis=2).min(axis=1).sum()

    losses = [loss(k_means(points, points[:20], rounds)) for rounds in range(1, 8)]
    assert np.all(np.diff(losses) < 0) and losses[0] < loss(points[:20])


def test_a_centre_without_points_or_direction_stays():
    points = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.1]])
    begin = np.array([[0.5, 0.0], [0.5, 0.0], [100.0, 0.0]])
    np.testing.assert_array_equal(k_means(points[:2], begin, 5), begin)  # the mean of the two is 0
    np.testing.assert_allclose(k_means(points, begin, 1)[0], points.mean(axis=0), rtol=1e-15)


def test_spherical_rounds_are_those_of_the_formula(points):
    centres = points[:7] / np.linalg.norm(points[:7], axis=1, keepdims=True)
    expected = centres
    for _ in range(3):
        expected = spherical_round(points, expected)
    np.testing.assert_allclose(spherical_k_means(points, centres, 3), expected, rtol=1e-10, atol=1e-12)


def test_the_first_centres_are_different_points_and_far_apart(points):
    chosen = spread_out(points, 50, np.random.RandomState(0))
    assert len(np.unique(chosen, axis=0)) == 50
    assert {tuple(row) for row in chosen} <= {tuple(row) for row in points}
    drawn = points[np.random.RandomState(0).permutation(len(points))[:50]]

    def loss(centres):
        return np.square(points[:, None] - centres).sum(axis=2).min(axis=1).sum()

    assert loss(chosen) < loss(drawn)


def test_all_points_are_drawn_where_all_are_asked_for():
    points = np.random.RandomState(1).normal(size=(40, 3))
    chosen = spread_out(points, 40, np.random.RandomState(0))
    np.testing.assert_array_equal(np.unique(chosen, axis=0), np.unique(points, axis=0))
