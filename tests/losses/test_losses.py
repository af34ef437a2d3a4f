"""Every loss against its naive twin, its derivatives against central differences."""

import naive
import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close

from skmtl.losses import LogisticLoss, MultinomialLoss, SquaredLoss

DIFFERENCES = Tolerance("central differences with steps of 1e-5", rtol=1e-6, atol=1e-8)
LOSSES = [(SquaredLoss(), naive.squared_loss, 1), (LogisticLoss(), naive.logistic_loss, 1),
          (MultinomialLoss(), naive.multinomial_loss, 4)]  # fmt: skip


@pytest.fixture(params=LOSSES, ids=lambda case: type(case[0]).__name__)
def case(request, rng):
    """A loss, its twin, and y, z, w of 5 rows and 2 tasks; one weight is zero."""
    loss, twin, n_columns = request.param
    y = rng.integers(0, max(2, n_columns), (5, 2)).astype(float)
    w = rng.random((5, 2))
    w[1, 1] = 0.0
    return loss, twin, y, 2 * rng.normal(size=(5, 2, n_columns)), w


def test_value_is_the_weighted_sum_of_the_twin(case):
    loss, twin, y, z, w = case
    z_of = (lambda i, j: z[i, j, 0]) if z.shape[2] == 1 else (lambda i, j: z[i, j])
    expected = sum(w[i, j] * twin(y[i, j], z_of(i, j)) for i in range(5) for j in range(2))
    assert_close(loss.value(y, z, w), expected, ROUNDING)


def test_gradient(case):
    loss, _, y, z, w = case
    assert_close(loss.gradient(y, z, w), _differences(lambda z: loss.value(y, z, w), z), DIFFERENCES)


def test_curvature(case, rng):
    loss, _, y, z, w = case
    bend = loss.curvature(y, z, w)
    direction = rng.normal(size=z.shape)
    expected = (loss.gradient(y, z + 1e-5 * direction, w) - loss.gradient(y, z - 1e-5 * direction, w)) / 2e-5
    assert_close(bend.apply(direction), expected, DIFFERENCES)
    for entry in np.ndindex(z.shape):
        unit = np.zeros_like(z)
        unit[entry] = 1.0
        assert_close(bend.diagonal[entry], bend.apply(unit)[entry], ROUNDING)


def test_large_predictions_stay_finite():
    y, w = np.array([[1.0, 0.0]]), np.ones((1, 2))
    z = np.array([[[-1e4], [1e4]]])
    assert_close(LogisticLoss().value(y, z, w), 2e4, ROUNDING)
    far = np.array([[[1e4, -1e4], [-1e4, 1e4]]])
    assert_close(MultinomialLoss().value(np.array([[1.0, 0.0]]), far, w), 4e4, ROUNDING)


def _differences(function, z):
    out = np.empty_like(z)
    for entry in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[entry] = 1e-5
        out[entry] = (function(z + step) - function(z - step)) / 2e-5
    return out
