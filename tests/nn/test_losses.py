"""Every loss: its gradient against central differences, its value by its formula, and missing labels."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, Tolerance, assert_close
from _gradients import DIFFERENCES, numeric_gradient
from scipy.stats import poisson

from skmtl import nn

N = 6


def _boxes(rng, n=N):
    return np.sort(rng.uniform(0, 4, size=(n, 2, 2)), axis=1).reshape(n, 4)


# name -> the loss, and drawing outputs, targets, and the shape of the weights
LOSSES = {
    "binary": (nn.binary_cross_entropy, (N, 3), lambda rng: rng.integers(0, 2, (N, 3)), (N, 3)),
    "classes": (nn.cross_entropy, (N, 4), lambda rng: rng.integers(0, 4, N), (N,)),
    "classes of pixels": (
        nn.cross_entropy,
        (N, 2, 3, 4),
        lambda rng: rng.integers(0, 4, (N, 2, 3)),
        (N, 2, 3),
    ),
    "ordinal": (nn.ordinal, (N, 4), lambda rng: rng.integers(0, 5, N), (N,)),
    "dense": (nn.dense_cross_entropy, (N, 2, 3, 3), lambda rng: rng.integers(0, 3, (N, 2, 3)), (N, 2, 3)),
    "dense, no Dice": (
        lambda: nn.dense_cross_entropy(dice=0.0),
        (N, 2, 3, 3),
        lambda rng: rng.integers(0, 3, (N, 2, 3)),
        (N, 2, 3),
    ),
    "squared": (nn.squared, (N, 2), lambda rng: rng.normal(size=(N, 2)), (N, 2)),
    "huber": (lambda: nn.huber(0.5), (N, 2), lambda rng: rng.normal(size=(N, 2)), (N, 2)),
    "quantile": (lambda: nn.quantile([0.1, 0.5, 0.9]), (N, 3), lambda rng: rng.normal(size=N), (N,)),
    "poisson": (nn.poisson, (N, 2), lambda rng: rng.integers(0, 4, (N, 2)), (N, 2)),
    "points": (lambda: nn.point_distance(0.7), (N, 6), lambda rng: rng.normal(size=(N, 6)), (N, 3)),
    "heat maps": (
        lambda: nn.heat_map(0.8),
        (N, 3, 4, 2),
        lambda rng: rng.uniform(0, 3, size=(N, 4)),
        (N, 2),
    ),
    "box": (lambda: nn.box(0.5, overlap=2.0), (N, 4), _boxes, (N,)),
}
every_loss = pytest.mark.parametrize("name", LOSSES)


def draw(name, rng, dtype=np.float64):
    make, shape, targets, weights = LOSSES[name]
    Z = _boxes(rng) if name == "box" else rng.normal(size=shape)
    w = rng.uniform(0.5, 2.0, size=weights) * (rng.random(weights) < 0.7)
    return make(), Z.astype(dtype), targets(rng).astype(dtype), w.astype(dtype)


@every_loss
def test_gradient_is_that_of_central_differences(name, rng):
    loss, Z, y, w = draw(name, rng)
    _, dZ = loss(Z, y, w)
    assert_close(dZ, numeric_gradient(lambda: loss(Z, y, w)[0], Z), DIFFERENCES)


@every_loss
def test_float32_stays_float32(name, rng):
    loss, Z, y, w = draw(name, rng, np.float32)
    value, dZ = loss(Z, y, w)
    assert isinstance(value, float) and dZ.dtype == np.float32 and dZ.shape == Z.shape


@every_loss
def test_what_is_not_observed_does_not_matter(name, rng):
    loss, Z, y, w = draw(name, rng)
    w[0] = 0
    value, dZ = loss(Z, y, w)
    other = y.copy()
    other[0] = y[1]
    assert_close(loss(Z, other, w)[0], value, ROUNDING)
    assert not dZ[0].any()
    nothing, flat = loss(Z, y, np.zeros_like(w))
    assert nothing == 0 and not flat.any()


@every_loss
def test_losses_are_never_negative_and_grow_with_the_weights(name, rng):
    loss, Z, y, w = draw(name, rng)
    value, dZ = loss(Z, y, w)
    assert value > 0
    twice, slope = loss(Z, y, 2 * w)
    assert_close(twice, 2 * value, ROUNDING)
    assert_close(slope, 2 * dZ, ROUNDING)


@every_loss
def test_nothing_is_written_into(name, rng):
    loss, Z, y, w = draw(name, rng)
    kept = [array.copy() for array in (Z, y, w)]
    first = loss(Z, y, w)
    for array, before in zip((Z, y, w), kept, strict=True):
        array.flags.writeable = False
        assert_close(array, before, SAME_BITS)
    assert loss(Z, y, w)[0] == first[0]


def test_a_map_like_the_gaussian_costs_nothing_and_points_at_its_middle():
    y = np.array([[2.5, 4.1]])
    x, down = np.meshgrid(np.arange(7) + 0.5, np.arange(9) + 0.5)
    Z = -((x - 2.5) ** 2 + (down - 4.1) ** 2) / (2 * 0.7**2)
    value, dZ = nn.heat_map(0.7)(Z[None, :, :, None], y, np.ones((1, 1)))
    assert_close(value, 0.0, Tolerance("rounding of logarithms", atol=1e-12))
    assert np.abs(dZ).max() < 1e-12
    assert_close(nn.brightest(Z[None, :, :, None]), y, Tolerance("a Gaussian cut off at 2 pixels", atol=0.02))


def test_the_brightest_place_is_found_at_the_edge_of_each_map():
    Z = np.full((2, 5, 6, 3), -50.0)
    for i, (row, column) in enumerate(((0, 0), (4, 5), (2, 3))):
        Z[1, row, column, i] = 50.0
    assert_close(nn.brightest(Z)[1], [0.5, 0.5, 5.5, 4.5, 3.5, 2.5], ROUNDING)


def test_a_gaussian_without_width_is_refused():
    with pytest.raises(ValueError, match="sigma must be > 0 pixels, got 0"):
        nn.heat_map(0)


def test_large_scores_do_not_overflow():
    Z = np.array([[1e4, -1e4]])
    ones = np.ones((1, 2))
    assert nn.binary_cross_entropy()(Z, np.array([[1.0, 0.0]]), ones)[0] == 0
    assert nn.cross_entropy()(Z, np.array([1]), np.ones(1))[0] == 2e4


def test_poisson_is_half_the_deviance(rng):
    y, mean = np.array([[0.0], [3.0]]), np.array([[1.5], [2.5]])
    value, _ = nn.poisson()(np.log(mean), y, np.ones((2, 1)))
    deviance = 2 * (poisson.logpmf(y, np.maximum(y, 1e-300)) - poisson.logpmf(y, mean))
    assert_close(value, deviance.sum() / 2, ROUNDING)


def test_a_constant_that_minimises_the_quantile_loss_is_the_quantile(rng):
    y = rng.normal(size=101)
    loss = nn.quantile([0.25])
    values = [loss(np.full((101, 1), z), y, np.ones(101))[0] for z in np.sort(y)]
    assert int(np.argmin(values)) == 25


@pytest.mark.parametrize("levels", [0.0, [0.5, 1.0]])
def test_levels_outside_zero_and_one_are_refused(levels):
    with pytest.raises(ValueError, match="levels must lie between 0 and 1"):
        nn.quantile(levels)


def test_the_overlap_of_two_boxes_is_counted_in_pixels():
    a, b = np.array([[1.0, 2.0, 5.0, 6.0]]), np.array([[3.0, 1.0, 8.0, 4.0]])
    grid = np.zeros((2, 10, 10), bool)
    grid[0, 2:6, 1:5] = grid[1, 1:4, 3:8] = True
    iou = (grid[0] & grid[1]).sum() / (grid[0] | grid[1]).sum()
    value, _ = nn.box(1.0, overlap=1.0)(a, b, np.ones(1))
    without, _ = nn.box(1.0, overlap=0.0)(a, b, np.ones(1))
    assert_close(value - without, 1 - iou, ROUNDING)


@pytest.mark.parametrize("corners", [[5.0, 5, 6, 6], [3.0, 3, 1, 1], [2.0, 2, 2, 2]])
def test_a_box_beside_the_true_one_or_turned_is_still_pulled(corners):
    Z, y = np.array([corners]), np.array([[1.0, 1.0, 2.0, 2.0]])
    value, dZ = nn.box()(Z, y, np.ones(1))
    closer, _ = nn.box()(Z - 1e-3 * dZ, y, np.ones(1))
    assert np.isfinite(dZ).all() and closer < value


def test_dice_of_a_perfect_mask_is_nothing():
    truth = np.array([[[0, 1], [1, 0]]])
    Z = 100.0 * (truth[..., None] == np.arange(2))
    w = np.full(truth.shape, 0.25)
    value, _ = nn.dense_cross_entropy()(Z, truth, w)
    wrong, _ = nn.dense_cross_entropy(dice=1.0)(-Z, truth, w)
    plain, _ = nn.dense_cross_entropy(dice=0.0)(-Z, truth, w)
    assert_close(value, 0.0, Tolerance("exp(-100) beside 1", atol=1e-12))
    # nothing found: 1 - (0 + smooth) / (2 found + 2 true + smooth)
    assert_close(wrong - plain, 1 - 1 / 5, ROUNDING)


def test_dice_of_half_an_image_is_that_of_a_smaller_image(rng):
    Z, y = rng.normal(size=(1, 2, 3, 2)), rng.integers(0, 2, (1, 2, 3))
    w = np.zeros(y.shape)
    w[:, :1] = 0.5
    value, dZ = nn.dense_cross_entropy()(Z, y, w)
    part, d_part = nn.dense_cross_entropy()(Z[:, :1], y[:, :1], w[:, :1])
    assert_close(value, part, ROUNDING)
    assert_close(dZ[:, :1], d_part, ROUNDING)
    assert not dZ[:, 1:].any()
