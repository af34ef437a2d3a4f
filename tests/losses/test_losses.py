"""Every loss against its naive twin, its derivatives against central differences."""

import naive
import naive_losses
import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close

from skmtl.losses import (
    EpsilonInsensitiveLoss,
    HuberLoss,
    LogisticLoss,
    MultinomialLoss,
    PoissonLoss,
    QuantileLoss,
    SquaredEpsilonInsensitiveLoss,
    SquaredHingeLoss,
    SquaredLoss,
)

DIFFERENCES = Tolerance("central differences with steps of 1e-5", rtol=1e-6, atol=1e-8)
LOSSES = [(SquaredLoss(), naive.squared_loss, 1), (LogisticLoss(), naive.logistic_loss, 1),
          (MultinomialLoss(), naive.multinomial_loss, 4),
          (HuberLoss(0.7), lambda y, z: naive_losses.huber_loss(y, z, 0.7), 1),
          (QuantileLoss(0.8), lambda y, z: naive_losses.quantile_loss(y, z, 0.8), 1),
          (EpsilonInsensitiveLoss(0.3), lambda y, z: naive_losses.epsilon_loss(y, z, 0.3), 1),
          (SquaredEpsilonInsensitiveLoss(0.3), lambda y, z: naive_losses.epsilon_loss(y, z, 0.3) ** 2 / 2, 1),
          (PoissonLoss(), naive_losses.poisson_loss, 1),
          (SquaredHingeLoss(), naive_losses.squared_hinge_loss, 1),
          (SquaredHingeLoss(), naive_losses.rest_hinge_loss, 3)]  # fmt: skip


@pytest.fixture(params=LOSSES, ids=lambda case: f"{type(case[0]).__name__}{case[2]}")
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
    if loss.kinked:
        with pytest.raises(ValueError, match="has no second derivative"):
            loss.curvature(y, z, w)
        return
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


@pytest.mark.parametrize("loss", [HuberLoss(0.7), QuantileLoss(0.8), EpsilonInsensitiveLoss(0.3)], ids=repr)
def test_the_smoothed_loss_is_the_moreau_envelope(loss, rng):
    """``min over v of l(v) + (z + mu s - v)^2 / 2 mu`` on a fine grid, ``mu = width / range of slopes``."""
    one, v = np.ones((1, 1)), np.linspace(-8, 8, 2001)
    for _ in range(10):
        y, z, s, width = *rng.normal(size=2), rng.uniform(-0.1, 0.1), rng.uniform(0.2, 1.0)
        mu = width / (loss.tube().high - loss.tube().low)
        losses = np.array([loss.value(y * one, t * one[..., None], one) for t in v])
        grid = (losses + (z + mu * s - v) ** 2 / (2 * mu)).min()
        smooth, shifted = loss.smoothed(y * one, s * one, width)
        assert_close(smooth.value(shifted, z * one[..., None], one), grid, Tolerance("the grid", atol=1e-3))
        assert_close(smooth.smoothness, 1 / (mu + loss.tube().bend), ROUNDING)


def test_far_residuals_leave_a_smoothed_loss_a_little_curvature():
    loss, y = QuantileLoss(0.8).smoothed(np.zeros((1, 1)), np.zeros((1, 1)), 1.0)
    assert 0 < loss.curvature(y, np.full((1, 1, 1), 1e3), np.ones((1, 1))).diagonal.item() < 1e-6


def test_starts_are_the_best_constants(rng):
    """Of quantiles and counts, by a search among constants."""
    w = rng.random((40, 1))
    for loss, y in [(QuantileLoss(0.8), rng.normal(size=(40, 1))), (PoissonLoss(), rng.poisson(3, (40, 1)))]:
        values = [loss.value(y, np.full((40, 1, 1), c), w) for c in np.linspace(-3, 3, 2001)]
        assert loss.value(y, np.full((40, 1, 1), loss.start(y, w)[0]), w) <= min(values) + 1e-12


RANGES = [
    (PoissonLoss(), [3.0, -1.5], "task 'a': PoissonLoss needs counts or rates >= 0, got -1.5"),
    (PoissonLoss(), [0.0, 0.0], "task 'a': PoissonLoss needs a count above 0, but all 2 labels are 0"),
    (LogisticLoss(), [0.0, 2.0], "task 'a': LogisticLoss needs labels of two classes, got 3"),
]


@pytest.mark.parametrize("loss, y, message", RANGES, ids=[message for *_, message in RANGES])
def test_labels_out_of_range(loss, y, message):
    with pytest.raises(ValueError, match=message):
        loss.check(np.array(y), "task 'a'")


PARAMETERS = [
    (HuberLoss(0.0), r"HuberLoss.threshold must be a number in \(0, inf\), got 0"),
    (QuantileLoss(1.0), r"QuantileLoss.quantile must be a number in \(0, 1\), got 1"),
    (EpsilonInsensitiveLoss(-0.1), "EpsilonInsensitiveLoss.epsilon must be a number"),
    (SquaredEpsilonInsensitiveLoss("x"), "SquaredEpsilonInsensitiveLoss.epsilon must be a number"),
]


@pytest.mark.parametrize("loss, message", PARAMETERS, ids=[message for _, message in PARAMETERS])
def test_parameters_out_of_range(loss, message):
    with pytest.raises(ValueError, match=message):
        loss.value(np.zeros((1, 1)), np.zeros((1, 1, 1)), np.ones((1, 1)))


def test_a_smooth_loss_has_no_smoothed_form():
    with pytest.raises(NotImplementedError, match="needs no smoothing"):
        SquaredLoss().smoothed(np.zeros((1, 1)), np.zeros((1, 1)), 1.0)


def test_squared_tubes_of_no_width_are_squared(rng):
    y, z, w = rng.normal(size=(5, 2)), rng.normal(size=(5, 2, 1)), rng.random((5, 2))
    tube = SquaredEpsilonInsensitiveLoss(0.0)
    assert_close(tube.value(y, z, w), SquaredLoss().value(y, z, w), ROUNDING)
    assert_close(tube.curvature(y, z, w).diagonal, SquaredLoss().curvature(y, z, w).diagonal, ROUNDING)


def _differences(function, z):
    out = np.empty_like(z)
    for entry in np.ndindex(z.shape):
        step = np.zeros_like(z)
        step[entry] = 1e-5
        out[entry] = (function(z + step) - function(z - step)) / 2e-5
    return out
