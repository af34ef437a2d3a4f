"""What a pixel is told: the class that adds most to the mean intersection over union."""

import numpy as np

from skmtl.annotation import PixelsHead
from skmtl.annotation._cells import grid_of
from skmtl.annotation._pixels import _expected_overlap, _gains


def told_and_true(n=4000, seed=0):
    """Probabilities (n, 3) of which the third class is rare and never sure, and classes drawn by them."""
    rng = np.random.default_rng(seed)
    kinds = rng.dirichlet([4, 3, 0.8], n)
    kinds[:, 2] = np.minimum(kinds[:, 2], 0.45)
    kinds /= kinds.sum(axis=1, keepdims=True)
    return kinds, (kinds.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)


def mean_overlap(said, true):
    return np.mean([((said == k) & (true == k)).sum() / ((said == k) | (true == k)).sum() for k in range(3)])


def weighed(kinds, weight):
    head, spec = PixelsHead(), {"classes": np.array([5, 7, 9])}
    head.weigh(kinds, weight, spec)
    return head, spec


def test_gains_are_what_one_more_pixel_changes():
    kinds, _ = told_and_true(500)
    union, overlap = _expected_overlap(kinds, np.full(500, 1000.0), kinds.argmax(axis=1))
    hit, p = overlap * union, kinds[:5]  # where truth is k the union has the pixel already
    expected = (hit + p) / (union + 1 - p) - hit / union
    gains = _gains(p, {"union": union, "overlap": overlap})
    np.testing.assert_allclose(gains, expected, rtol=1e-3, atol=1e-10)


def test_the_mean_overlap_is_larger_than_of_the_most_probable_classes():
    kinds, true = told_and_true()
    head, spec = weighed(kinds, np.ones(len(kinds)))
    new, truth = told_and_true(seed=1)
    found = head.decode({"kind": new}, grid_of((40, 100), 1), spec)
    assert set(np.unique(found)) == {5, 7, 9}
    said = np.searchsorted(spec["classes"], found.ravel())
    assert mean_overlap(said, truth) > mean_overlap(new.argmax(axis=1), truth) + 0.03


def test_rows_that_were_drawn_stand_for_many():
    kinds, _ = told_and_true()
    rng = np.random.default_rng(2)
    rare = kinds.argmax(axis=1) != 0
    drawn = rare | (rng.random(len(kinds)) < 0.25)
    _, whole = weighed(kinds, np.ones(len(kinds)))
    _, part = weighed(kinds[drawn], np.where(rare, 1.0, 4.0)[drawn])
    np.testing.assert_allclose(part["overlap"], whole["overlap"], atol=0.02)
    np.testing.assert_allclose(part["union"], whole["union"], rtol=0.05)
