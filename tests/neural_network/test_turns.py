"""Turned images: pixels, points, boxes and masks turn together, and as those of numpy and scipy do."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import ROUNDING, ROUNDING_32, SAME_BITS, Tolerance, assert_close
from scipy.ndimage import affine_transform, center_of_mass

from skmtl.neural_network import Augment
from skmtl.neural_network._moves import Moves
from skmtl.neural_network._turns import Turn

ALL = Augment(flip="both", shift=0.1, zoom=0.15, rotate=180)


def turned(size, degrees, n=1):
    """Moves of images of ``size`` that only turn them about their middle."""
    middle = np.repeat(np.array(size)[:, None] / 2, n, axis=1)
    return Moves(np.zeros((2, n)), np.ones((2, n)), size, Turn(middle, np.deg2rad(np.full(n, degrees))))


@pytest.mark.parametrize("quarters", [-1, 1, 2, 3])
def test_quarter_turns_are_those_of_numpy(quarters, rng):
    moves = turned((9, 9), 90 * quarters, n=2)
    images = rng.normal(size=(2, 9, 9, 3))
    codes = np.zeros((2, 9, 9), np.uint8)
    codes[:, 1:4, 2:8] = 1
    assert_close(moves.images(images), np.rot90(images, quarters, (1, 2)), ROUNDING)
    moved = moves.field("mask", codes)
    assert_close(moved, np.rot90(codes, quarters, (1, 2)), SAME_BITS)
    rows, columns = np.nonzero(moved[0])
    around = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], dtype=float)
    assert_close(moves.boxes(np.array([[2.0, 1, 8, 4]] * 2)), np.stack([around] * 2), ROUNDING)
    spot = np.zeros((9, 9))
    spot[1, 2] = 1
    row, column = np.argwhere(np.rot90(spot, quarters))[0]
    assert_close(moves.points(np.array([[2.5, 1.5]] * 2)), [[column + 0.5, row + 0.5]] * 2, ROUNDING)


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, ROUNDING), (np.float32, ROUNDING_32)])
def test_pixels_are_those_of_scipy(dtype, tolerance, rng):
    size = (12, 17)
    moves = ALL.draw(rng, np.ones(6, bool), size)
    images = rng.normal(size=(6, *size, 2)).astype(dtype)
    codes = rng.integers(0, 200, (6, *size)).astype(np.uint8)
    maps = codes.astype(float)
    shown, kept, known = moves.images(images), moves.pixels(codes), moves.field("map", maps)
    assert shown.dtype == dtype and kept.dtype == np.uint8
    for i in range(6):
        # where the middle of the first pixel, the next below it and the one beside it are looked at
        corners = np.array([[0.5, 0.5, 0.5, 1.5, 1.5, 0.5]])
        own = Moves(
            moves.start[:, [i]], moves.step[:, [i]], size, Turn(*(part[..., [i]] for part in moves.turn))
        )
        (x, y), (x_below, y_below), (x_beside, y_beside) = inverse(own, corners).reshape(3, 2)
        matrix = np.array([[y_below - y, y_beside - y], [x_below - x, x_beside - x]])
        offset = np.array([y, x]) - 0.5
        for c in range(2):
            other = affine_transform(images[i, ..., c], matrix, offset, order=1, mode="nearest")
            assert_close(shown[i, ..., c], other, tolerance)
        assert_close(kept[i], affine_transform(codes[i], matrix, offset, order=0, mode="nearest"), SAME_BITS)
        gone = np.isnan(known[i])
        assert_close(known[i][~gone], maps[i][kept_places(matrix, offset, size, gone)], SAME_BITS)


def inverse(moves, pairs):
    """Where x, y pairs (1, 2 K) of the new image were in the old one, by solving for them."""
    basis = np.array([[0.0, 0, 1, 0, 0, 1]])
    origin, right, down = moves.places(basis).reshape(3, 2)
    A = np.stack([right - origin, down - origin], axis=1)
    return np.linalg.solve(A, (pairs.reshape(-1, 2) - origin).T).T.reshape(1, -1)


def kept_places(matrix, offset, size, gone):
    """The pixels that are looked at inside the image, and that those of ``gone`` are all others."""
    places = np.moveaxis(np.indices(size), 0, -1) @ matrix.T + offset + 0.5
    inside = ((places >= 0) & (places < size)).all(axis=2)
    assert_close(inside, ~gone, SAME_BITS)
    return tuple(np.floor(places[inside]).astype(int).T)


def test_a_mask_and_its_middle_turn_together(rng):
    size, n = (60, 80), 40
    y, x = np.indices(size)
    masks = np.stack(
        [(abs(x - a) / 9 + abs(y - b) / 6 < 1) for a, b in rng.uniform([30, 22], [50, 38], (n, 2))]
    ).astype(np.uint8)
    middles = np.array([center_of_mass(mask)[::-1] for mask in masks]) + 0.5
    moves = ALL.draw(rng, np.ones(n, bool), size)
    moved, points = moves.field("mask", masks), moves.field("points", middles)
    images = moves.images(masks)
    half_pixel = Tolerance("the mean of pixels at a rim", atol=0.25)
    assert np.isfinite(points).all()
    for mask, image, point in zip(moved, images, points, strict=True):
        assert_close(np.array(center_of_mass(mask == 1)[::-1]) + 0.5, point, half_pixel)
        assert_close(np.array(center_of_mass(image)[::-1]) + 0.5, point, half_pixel)
    assert not np.array_equal(moved, masks)


def test_a_box_is_that_around_the_turned_ellipse(rng):
    size, n, angle = (200, 240), 30, np.linspace(0, 2 * np.pi, 721)
    low = rng.uniform(90, 100, (n, 2))
    boxes = np.concatenate([low, low + rng.uniform(4, 30, (n, 2))], axis=1)
    rim = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    middle, half = (
        (boxes[:, None, :2] + boxes[:, None, 2:]) / 2,
        (boxes[:, None, 2:] - boxes[:, None, :2]) / 2,
    )
    moves = ALL.draw(rng, np.ones(n, bool), size)
    ellipses = moves.points((middle + half * rim).reshape(n, -1)).reshape(n, -1, 2)
    around = np.concatenate([ellipses.min(axis=1), ellipses.max(axis=1)], axis=1)
    assert_close(moves.boxes(boxes), around, Tolerance("721 points of a rim", atol=1e-3))


def test_what_leaves_or_is_not_observed_stays_so():
    moves = turned((20, 40), 90)
    pairs = np.array([[20.0, 10, 35, 10, np.nan, np.nan, 21, 9]])
    assert_close(moves.points(pairs), [[20.0, 10] + [np.nan] * 4 + [19.0, 9.0]], ROUNDING)
    assert np.isnan(moves.boxes(np.array([[31.0, 0, 40, 20]]))).all()
    assert np.isnan(moves.boxes(np.full((1, 4), np.nan))).all()
    moved = moves.field("mask", np.full((1, 20, 40), 7, np.uint8))
    assert (moved[:, :, :10] == 255).all() and (moved[:, :, 10:30] == 7).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_images_that_are_not_altered_stay_as_they_are(dtype, rng):
    altered = np.arange(12) % 3 == 0
    X = (255 * rng.random((12, 9, 14, 3))).astype(dtype)
    masks, points = rng.integers(0, 3, (12, 9, 14)).astype(np.uint8), rng.uniform(0, 9, (12, 4))
    moves = Augment(rotate=30).draw(rng, altered, (9, 14))
    shown = moves.images(X)
    assert_close(shown[~altered], X[~altered].astype(shown.dtype), SAME_BITS)
    assert_close(moves.field("mask", masks)[~altered], masks[~altered], SAME_BITS)
    assert_close(moves.points(points)[~altered], points[~altered], ROUNDING)
    assert (shown[altered] != X[altered]).any(axis=(1, 2, 3)).all()


def test_angles_are_drawn_from_the_whole_range_and_nothing_else_is_drawn_otherwise():
    size, altered = (8, 10), np.arange(3000) % 2 == 0
    plain, slanted = (
        Augment(flip="both", rotate=r).draw(np.random.default_rng(5), altered, size) for r in (0, 40)
    )
    assert plain.turn is None
    assert_close(slanted.start, plain.start, SAME_BITS)
    assert_close(slanted.step, plain.step, SAME_BITS)
    degrees = np.rad2deg(slanted.turn.angle)
    assert not degrees[~altered].any()
    assert -40 <= degrees.min() < -39.5 and 39.5 < degrees.max() <= 40
    assert abs(degrees[altered].mean()) < 2
    X = np.random.default_rng(6).normal(size=(3000, *size))
    places = [
        np.clip(np.floor(a[:, None] + b[:, None] * (np.arange(side) + 0.5)), 0, side - 1).astype(int)
        for a, b, side in zip(plain.start, plain.step, size, strict=True)
    ]
    rows = np.arange(3000)[:, None, None]
    assert_close(plain.images(X), X[rows, places[0][:, :, None], places[1][:, None, :]], SAME_BITS)
