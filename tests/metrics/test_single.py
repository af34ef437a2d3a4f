"""Boxes, masks and key points one by one, against their formulas."""

import naive
import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, assert_close

from skmtl.metrics import (
    box_iou,
    mean_box_iou,
    mean_pixel_error,
    oks,
    pairwise_box_iou,
    pairwise_mask_iou,
    pck,
)

NAN = np.nan


def boxes(rng, n):
    corner = rng.integers(0, 12, (n, 2)).astype(float)
    return np.hstack([corner, corner + rng.integers(0, 12, (n, 2))])


def test_box_iou_row_by_row_and_pairwise(rng):
    a, b = boxes(rng, 30), boxes(rng, 30)
    expected = [[naive.box_iou(p, q) for q in b] for p in a]
    assert_close(pairwise_box_iou(a, b), expected, ROUNDING)
    assert_close(box_iou(a, b), np.diagonal(expected), ROUNDING)
    assert_close(box_iou(a, a), (a[:, 2:] > a[:, :2]).all(axis=1).astype(float), SAME_BITS)


def test_a_crowd_divides_by_the_found_area(rng):
    a, b, crowd = boxes(rng, 8), boxes(rng, 9), rng.random(9) < 0.5
    expected = [[naive.box_iou(p, q, c) for q, c in zip(b, crowd, strict=True)] for p in a]
    assert_close(pairwise_box_iou(a, b, crowd), expected, ROUNDING)


def test_a_missing_box_is_nan_and_left_out(rng):
    a, b = boxes(rng, 6), boxes(rng, 6)
    gone = a.copy()
    gone[[1, 4]] = NAN
    kept = [0, 2, 3, 5]
    assert np.isnan(box_iou(gone, b)).nonzero()[0].tolist() == [1, 4]
    assert_close(mean_box_iou(gone, b), box_iou(a, b)[kept].mean(), ROUNDING)
    weight = rng.random(6)
    expected = np.average(box_iou(a, b)[kept], weights=weight[kept])
    assert_close(mean_box_iou(gone, b, sample_weight=weight), expected, ROUNDING)
    assert np.isnan(mean_box_iou(np.full((2, 4), NAN), b[:2]))


@pytest.mark.parametrize("size", [(5, 7), (8, 8), (16, 20)])
def test_mask_iou(rng, size):
    a, b, crowd = rng.random((4, *size)) < 0.3, rng.random((5, *size)) < 0.6, rng.random(5) < 0.5
    b[0] = a[1]
    a[2] = False
    expected = [[naive.mask_iou(p, q, c) for q, c in zip(b, crowd, strict=True)] for p in a]
    assert_close(pairwise_mask_iou(a, b, crowd), expected, ROUNDING)
    assert pairwise_mask_iou(a[:0], b).shape == (0, 5)


def points(rng, n=12, k=5):
    truth = np.concatenate([rng.uniform(0, 50, (n, k, 2)), rng.integers(0, 3, (n, k, 1))], axis=2)
    return truth, truth[:, :, :2] + rng.normal(0, 3, (n, k, 2))


def test_oks(rng):
    truth, guess = points(rng)
    truth[0, :, 2] = 0
    area, sigmas = rng.uniform(100, 900, 12), rng.uniform(0.02, 0.1, 5)
    got = oks(truth, guess, area=area, sigmas=sigmas)
    expected = [naive.oks(*row, sigmas) for row in zip(truth[1:], guess[1:], area[1:], strict=True)]
    assert np.isnan(got[0])
    assert_close(got[1:], expected, ROUNDING)


def test_pck_and_pixel_error_by_hand():
    truth = np.array([[[0, 0], [0, 10], [NAN, 0]], [[5, 5], [5, 25], [9, 9]]], dtype=float)
    guess = np.array([[[0, 1.0], [0, 12], [7, 7]], [[8, 9], [5, 25], [9, 13]]])
    assert_close(mean_pixel_error(truth, guess), (1 + 2 + 5 + 0 + 4) / 5, ROUNDING)
    assert_close(mean_pixel_error(truth, guess, average=None), [3, 1, 4], ROUNDING)
    assert_close(mean_pixel_error(truth, guess, average="macro"), 8 / 3, ROUNDING)
    assert_close(pck(truth, guess, 0.2, scale=10), 3 / 5, ROUNDING)  # the limit itself is correct
    assert_close(pck(truth, guess, 0.2, torso=(0, 1)), 4 / 5, ROUNDING)  # limits 2 and 4
    assert_close(pck(truth, guess, 0.2, scale=10, average=None), [0.5, 1.0, 0.0], ROUNDING)
    square = [[0, 0, 3, 4], [NAN] * 4]
    assert_close(pck(truth, guess, 0.2, boxes=square), 1 / 2, ROUNDING)
    assert_close(pck(truth, guess, 0.04, image_shape=(30, 40)), 3 / 5, ROUNDING)


def test_a_torso_that_is_not_labelled_leaves_the_image_out(rng):
    truth, guess = points(rng)
    truth[:, :, 2] = 1
    truth[3, 1, 2] = 0
    rest = np.arange(12) != 3
    assert_close(pck(truth, guess, torso=(1, 2)), pck(truth[rest], guess[rest], torso=(1, 2)), ROUNDING)


def test_points_without_visibility_are_those_with_nan(rng):
    truth, guess = points(rng)
    plain = np.where(truth[:, :, 2:] > 0, truth[:, :, :2], NAN)
    guess[np.isnan(plain)] = NAN  # what nobody labelled needs no prediction
    assert_close(pck(plain, guess, scale=30), pck(truth, guess, scale=30), SAME_BITS)
    assert_close(mean_pixel_error(plain, guess), mean_pixel_error(truth, guess), SAME_BITS)


BOX, POINT = [[0.0, 0, 2, 2]], np.zeros((1, 2, 2))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: box_iou(BOX, BOX * 2), "a has 1 boxes and b has 2"),
        (lambda: box_iou([[0, 0, NAN, 2]], BOX), "a: row 0 .*4 finite numbers or 4 NaN"),
        (lambda: box_iou([[2, 0, 0, 2]], BOX), "a: row 0 .*x1 <= x2"),
        (lambda: box_iou([[0, 0, np.inf, 2]], BOX), "a: row 0"),
        (lambda: pairwise_box_iou(BOX, [[NAN] * 4]), "b: row 0 .*expected 4 finite numbers$"),
        (lambda: pairwise_box_iou(BOX, BOX, [True, False]), r"crowd must be \(1,\)"),
        (
            lambda: pairwise_mask_iou(np.ones((1, 2, 2)), np.ones((1, 2, 3))),
            r"masks of a are \(2, 2\) pixels",
        ),
        (lambda: pairwise_mask_iou(np.ones((2, 2)), np.ones((1, 2, 2))), r"a must be \(n, h, w\)"),
        (lambda: mean_box_iou(BOX, [[NAN] * 4]), "y_pred: row 0 is NaN, but y_true has a box"),
        (lambda: mean_box_iou(BOX, BOX * 2), "y_true has 1 rows, y_pred 2"),
        (lambda: mean_box_iou(BOX, BOX, sample_weight=[-1]), "sample_weight must not be negative"),
        (lambda: pck(POINT, POINT), "exactly one of scale, boxes, torso and image_shape"),
        (lambda: pck(POINT, POINT, scale=1, torso=(0, 1)), r"got \['scale', 'torso'\]"),
        (lambda: pck(POINT, POINT, scale=[1, 2]), "scale must give one length for each of 1 rows"),
        (lambda: pck(POINT, POINT, scale=-1), "scale must be finite and >= 0"),
        (lambda: pck(POINT, POINT, 0, scale=1), "threshold must be > 0"),
        (lambda: pck(POINT, POINT, torso=(0, 2)), "torso must be two of the points 0 to 1"),
        (lambda: pck(POINT, POINT, scale=1, average="samples"), "average must be one of"),
        (lambda: pck(POINT, POINT + NAN, scale=1), "y_pred: point 0 of row 0 is not finite"),
        (lambda: mean_pixel_error(POINT, POINT[:, :1]), r"y_true has the points \(1, 2\)"),
        (lambda: mean_pixel_error(POINT[0], POINT), r"y_true must be \(n, K, 2\)"),
        (lambda: mean_pixel_error(POINT + np.inf, POINT), "a missing point is NaN"),
        (lambda: oks(POINT, POINT, area=1), "sigmas must be given for 2 key points"),
        (lambda: oks(POINT, POINT, area=0, sigmas=0.1), "area must be finite and > 0"),
        (lambda: oks(POINT, POINT, area=[1, 2], sigmas=0.1), r"area must be a number or \(1,\)"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
