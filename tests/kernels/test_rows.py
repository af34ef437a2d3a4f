"""The kernel of block coordinate descent against its slow twin."""

import naive
import numpy as np
import pytest
from _asserts import ROUNDING, assert_close

from skmtl.kernels.rows import descend_block


@pytest.mark.parametrize("passes", [1, 3])
@pytest.mark.parametrize("weight, ridge", [(0.0, 0.0), (2.0, 0.0), (1.0, 0.7), (1e3, 0.0)])
def test_rows_move_as_in_the_twin(weight, ridge, passes, rng):
    X, Y, W = rng.normal(size=(9, 5)), rng.normal(size=(9, 3)), rng.normal(size=(5, 3))
    X[:, 3] = 0.0  # a constant feature, once centred
    expected = naive.descend_rows(X, Y, W, weight, ridge, passes)
    slope = X.T @ (Y - X @ W)
    moved = descend_block(X.T @ X, slope, W, weight, ridge, passes)
    assert moved
    assert_close(W, expected, ROUNDING)
    assert_close(slope, X.T @ (Y - X @ expected), ROUNDING)


def test_rows_at_rest_stay(rng):
    X = rng.normal(size=(9, 4))
    W, slope = np.zeros((4, 2)), X.T @ rng.normal(size=(9, 2))
    before = slope.copy()
    assert not descend_block(X.T @ X, slope, W, 1e3, 0.0, 5)
    assert_close(W, np.zeros((4, 2)), ROUNDING)
    assert_close(slope, before, ROUNDING)
