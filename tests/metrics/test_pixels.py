"""Pixels, boundaries and segments, against every pixel counted one by one."""

import naive
import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, Tolerance, assert_close
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score

from skmtl.metrics import (
    boundary_f1,
    instance_average_precision,
    mean_dice,
    mean_iou,
    panoptic_quality,
    pixel_accuracy,
    pixel_scores,
)

EDGE = Tolerance("distances of whole pixels, squared or not", atol=1e-12)


def maps(rng, n=3, size=(9, 11), k=4):
    """Blocky maps of k classes, 255 here and there, and copies with errors."""
    coarse = rng.integers(0, k, (n, 5, 6))
    truth = coarse.repeat(2, axis=1).repeat(2, axis=2)[:, : size[0], : size[1]].astype(np.uint8)
    guess = np.where(rng.random(truth.shape) < 0.2, rng.integers(0, k, truth.shape), truth).astype(np.uint8)
    truth[rng.random(truth.shape) < 0.1] = 255
    return truth, guess


def test_pixel_scores_are_those_of_the_flat_labels(rng):
    truth, guess = maps(rng)
    scores = pixel_scores(truth, guess)
    flat = truth[truth != 255], guess[truth != 255]
    assert_close(scores.confusion, confusion_matrix(*flat), SAME_BITS)
    assert_close(scores.iou, jaccard_score(*flat, average=None), ROUNDING)
    assert_close(scores.dice, f1_score(*flat, average=None), ROUNDING)
    assert_close(scores.accuracy, (flat[0] == flat[1]).mean(), ROUNDING)
    assert_close(mean_iou(truth, guess), scores.iou.mean(), ROUNDING)
    assert_close(mean_dice(truth, guess, background=0), scores.dice[1:].mean(), ROUNDING)
    assert_close(pixel_accuracy(truth, guess), scores.accuracy, SAME_BITS)


def test_images_of_different_sizes_in_a_list(rng):
    truth, guess = maps(rng)
    pieces = [[m[0, :4], m[0, 4:], m[1], m[2, :, :3], m[2, :, 3:]] for m in (truth, guess)]
    assert_close(pixel_scores(*pieces).confusion, pixel_scores(truth, guess).confusion, SAME_BITS)


def test_a_class_that_nobody_uses_is_nan_and_left_out(rng):
    truth, guess = maps(rng)
    scores = pixel_scores(truth, guess, classes=[0, 1, 2, 3, 9])
    assert np.isnan(scores.iou[4]) and np.isnan(scores.dice[4])
    assert_close(scores.mean_iou, pixel_scores(truth, guess).mean_iou, SAME_BITS)


def test_sparse_scribbles(rng):
    truth, guess = maps(rng)
    scribbled = np.where(rng.random(truth.shape) < 0.1, guess + 1, 0)  # 0: not labelled
    assert pixel_accuracy(scribbled, guess + 1, ignore=0) == 1.0
    nothing = pixel_scores(np.zeros((4, 4), int), np.ones((4, 4), int), ignore=0)
    assert np.isnan([nothing.accuracy, nothing.mean_iou]).all()


def test_the_printed_table(rng):
    scores = pixel_scores(*maps(rng), background=0)
    lines = str(scores).splitlines()
    assert lines[0].split() == ["class", "pixels", "IoU", "Dice", "precision", "recall"]
    assert lines[6].split()[:3] == ["mean", str(scores.confusion.sum()), f"{scores.mean_iou:.3f}"]
    assert lines[7] == f"pixel accuracy {scores.accuracy:.3f}"


@pytest.mark.parametrize("tolerance", [0, 1, 1.5, 3])
def test_boundary_f1(rng, tolerance):
    for _ in range(5):
        truth, guess = (rng.random((9, 10)) < 0.5).astype(int), (rng.random((9, 10)) < 0.5).astype(int)
        truth[2:6, 3:7] = 1
        got = boundary_f1(truth, guess, tolerance, average=None)
        expected = [naive.boundary_f1(truth == k, guess == k, tolerance) for k in (0, 1)]
        assert_close(got, expected, EDGE)


def square(left, top=2, size=4):
    image = np.zeros((12, 12), int)
    image[top : top + size, left : left + size] = 1
    return image


def test_boundary_f1_by_hand():
    assert boundary_f1(square(2), square(2), 0) == 1.0
    # shifted by one: the overlap of the two outlines of 12 pixels is 2 sides of 3 pixels
    assert_close(boundary_f1(square(2), square(3), 0, background=0), 6 / 12, ROUNDING)
    assert boundary_f1(square(2), square(3), 1) == 1.0
    assert boundary_f1(square(2), np.zeros((12, 12), int), background=0) == 0.0
    assert np.isnan(boundary_f1(np.ones((4, 4), int), np.ones((4, 4), int)))


def test_boundary_where_nobody_judged():
    truth, guess = square(2), square(2)
    guess[8:] = 1
    truth[7:] = 255
    assert boundary_f1(truth, guess, 0) == 1.0


def test_the_border_of_what_was_judged_is_no_boundary():
    truth, guess = square(2), square(2)
    guess[3] = 0
    truth[4:] = 255  # of the true square two rows are left, with 4 + 2 boundary pixels
    assert_close(boundary_f1(truth, guess, 0, background=0), 2 * (4 / 6) / (1 + 4 / 6), ROUNDING)


def test_drawn_lines():
    truth, guess = np.zeros((10, 10), int), np.zeros((10, 10), int)
    truth[:, 4], guess[:, 6], guess[0, 0] = 1, 1, 1
    assert boundary_f1(truth, guess, 1, lines=True) == 0.0
    precision = 10 / 11
    assert_close(boundary_f1(truth, guess, 2, lines=True), 2 * precision / (1 + precision), ROUNDING)


def panoptic(rng):
    classes, found_classes = maps(rng, k=3)
    instances = rng.integers(0, 2, (3, 3, 4)).repeat(3, axis=1).repeat(3, axis=2)[:, :9, :11]
    moved = np.where(rng.random(instances.shape) < 0.1, 1 - instances, instances)
    return classes, instances, found_classes, moved + 40


def test_panoptic_quality(rng):
    images = panoptic(rng)
    scores = panoptic_quality(*images)
    for k, label in enumerate((0, 1, 2)):
        counts = [naive.panoptic_quality(*image, label) for image in zip(*images, strict=True)]
        tp, fp, fn, overlap = np.sum(counts, axis=0)
        got = [scores.true_positive, scores.false_positive, scores.false_negative, scores.iou_sum]
        assert_close([part[k] for part in got], [tp, fp, fn, overlap], ROUNDING)
        assert_close(scores.rq_per_class[k], tp / (tp + fp / 2 + fn / 2), ROUNDING)
        assert_close(scores.sq_per_class[k], overlap / tp if tp else 0.0, ROUNDING)
    assert_close(scores.pq_per_class, scores.sq_per_class * scores.rq_per_class, ROUNDING)
    assert_close(scores.pq, scores.pq_per_class.mean(), ROUNDING)
    assert scores.true_positive.sum() > 0 and scores.false_positive.sum() > 0


def test_panoptic_quality_of_things_alone(rng):
    images = panoptic(rng)
    things = panoptic_quality(*images, classes=[1, 2, 7])
    every = panoptic_quality(*images)
    assert_close(things.pq_per_class[:2], every.pq_per_class[1:], ROUNDING)
    assert np.isnan(things.pq_per_class[2])
    assert_close(things.pq, every.pq_per_class[1:].mean(), ROUNDING)
    assert str(things).splitlines()[-1].split()[2] == f"{things.pq:.3f}"


def test_a_segment_where_nobody_judged_is_no_error():
    truth, found = np.ones((4, 6), int), np.ones((4, 6), int)
    truth[:, 3:] = 255
    numbers = np.where(np.arange(6) < 3, 1, 2)[None].repeat(4, axis=0)
    scores = panoptic_quality(truth, np.zeros_like(truth), found, numbers)
    assert (scores.pq, scores.false_positive.sum()) == (1.0, 0)


@pytest.mark.parametrize("n_void, wrong", [(4, 0), (3, 0), (2, 1), (0, 1)])
def test_a_segment_is_an_error_where_half_of_it_was_judged(n_void, wrong):
    truth, found, ground = np.zeros((1, 8), int), np.zeros((1, 8), int), np.zeros((1, 8), int)
    found[0, :4] = 1
    truth[0, :n_void] = 255
    scores = panoptic_quality(truth, ground, found, ground, classes=[1])
    assert scores.false_positive.tolist() == [wrong]


def test_instance_precision(rng):
    truth = rng.integers(0, 3, (4, 4, 4)).repeat(3, axis=1).repeat(3, axis=2) + 0
    guess = np.where(rng.random(truth.shape) < 0.25, 0, truth * 7)
    thresholds = (0.5, 0.6, 0.75, 0.9)
    got = instance_average_precision(truth, guess, thresholds, average=None)
    expected = [
        [naive.instance_precision(*pair, t) for t in thresholds] for pair in zip(truth, guess, strict=True)
    ]
    assert_close(got, expected, ROUNDING)
    assert_close(instance_average_precision(truth, guess, thresholds), np.mean(expected), ROUNDING)
    assert 0 < np.mean(expected) < 1


def test_instances_at_the_threshold_and_of_empty_images():
    half = instance_average_precision([[1, 1, 0, 0]], [[1, 0, 0, 0]], average=None)
    assert (half == 0).all()  # an overlap of exactly 0.5 is not above it
    empty = np.zeros((3, 3), int)
    assert instance_average_precision(empty, empty) == 1.0
    assert instance_average_precision(empty, np.eye(3, dtype=int)) == 0.0
    assert instance_average_precision([[1, 1, -1]], [[4, 4, 5]], ignore=-1) == 1.0


ONE = np.zeros((4, 4), int)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: pixel_scores(ONE, ONE[:2]), r"image 0: y_true is \(4, 4\) pixels, y_pred \(2, 4\)"),
        (lambda: pixel_scores([ONE], [ONE, ONE]), "y_true has 1 images, y_pred 2"),
        (lambda: pixel_scores(ONE, ONE + 0.5), r"y_pred\[0\] must be \(h, w\) integers, got float64"),
        (lambda: pixel_scores(ONE[0], ONE[0]), r"y_true must be \(h, w\), \(n, h, w\) or a list"),
        (lambda: pixel_scores(ONE, ONE + 255), r"y_pred\[0\] is 255, the value to ignore"),
        (lambda: pixel_scores(ONE, ONE + 3, classes=[0, 1]), r"class 3 occurs, but classes is \[0, 1\]"),
        (
            lambda: pixel_scores(ONE, ONE, classes=[0, 255]),
            "classes must be different integers without ignore",
        ),
        (lambda: boundary_f1(ONE, ONE, -1), "tolerance must be >= 0 pixels"),
        (lambda: boundary_f1(ONE, ONE, average="micro"), "average must be one of"),
        (lambda: instance_average_precision(ONE, ONE, [0.4]), r"numbers in \[0.5, 1\)"),
        (lambda: panoptic_quality(ONE, ONE[:2], ONE, ONE[:2]), r"image 0: classes are \(4, 4\) pixels"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
