"""Each head: a codec that loses nothing, a metric equal to an independent one, errors by name."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import (
    accuracy_score,
    cohen_kappa_score,
    f1_score,
    jaccard_score,
    mean_absolute_error,
    mean_pinball_loss,
    r2_score,
)

from skmtl.heads import (
    BoundaryHead,
    BoxHead,
    CountHead,
    LabelHead,
    MapHead,
    MaskHead,
    NumberHead,
    OrdinalHead,
    PointsHead,
    TagsHead,
)

# Metrics are sums of a few dozen terms: only rounding separates two ways of adding.
ROUNDING = 1e-12


def rng():
    return np.random.default_rng(0)


def learned(head, target, image_shape=None):
    return head.learn(target, "f", image_shape)


LABELS = np.array(["b", "a", "", "c", "a", "b"])
TAGS = np.array([[1, 0], [0, np.nan], [1, 1], [np.nan, 0]])
BOXES = np.array([[0, 1, 5, 6], [np.nan] * 4, [2, 2, 3, 9]], float)
POINTS = np.array([[[1, 2, 2], [3, 4, 0]], [[5, 6, 1], [7, 8, 2]]], float)
MASKS = rng().choice(np.array([0, 1, 255], np.uint8), (3, 5, 6))


def one_hot(codes, n):
    return np.eye(n)[codes]


def test_label_round_trip():
    head = LabelHead()
    spec = learned(head, LABELS)
    codes = head.encode(LABELS, spec)
    assert_array_equal(codes[:, 0], [1, 0, np.nan, 2, 0, 1])
    seen = ~np.isnan(codes[:, 0])
    out = head.decode(one_hot(codes[seen, 0].astype(int), 3), spec)
    assert_array_equal(out, LABELS[seen])
    assert out.dtype == LABELS.dtype


def test_label_score_leaves_out_missing():
    head, guess = LabelHead(), np.array(["b", "a", "a", "a", "a", "a"])
    seen = LABELS != ""
    assert head.score(LABELS, guess, learned(head, LABELS)) == accuracy_score(LABELS[seen], guess[seen])


def test_declared_missing_label():
    target = np.array([4, -1, 2, 4])
    head = LabelHead(missing_label=-1)
    spec = learned(head, target)
    assert_array_equal(spec["classes"], [2, 4])
    assert np.isnan(head.encode(target, spec)[1, 0])
    assert_array_equal(learned(LabelHead(), target)["classes"], [-1, 2, 4])


def test_tags_round_trip_and_scores():
    head, rand = TagsHead(), rng()
    spec = learned(head, TAGS)
    assert_array_equal(head.encode(TAGS, spec), TAGS)
    assert_array_equal(head.decode(np.array([[0.5, 0.49]]), spec), [[1.0, 0.0]])
    truth, guess = rand.integers(0, 2, (40, 3)).astype(float), rand.integers(0, 2, (40, 3)).astype(float)
    truth[::7, 1] = np.nan
    spec = learned(head, truth)
    columns = [(t[~np.isnan(t)], g[~np.isnan(t)]) for t, g in zip(truth.T, guess.T, strict=True)]
    expected = np.mean([accuracy_score(t, g) for t, g in columns])
    assert_allclose(head.score(truth, guess, spec), expected, rtol=ROUNDING)
    expected = np.mean([f1_score(t, g) for t, g in columns])
    assert_allclose(TagsHead(metric="f1").score(truth, guess, spec), expected, rtol=ROUNDING)


def test_number_scores():
    truth, guess = rng().normal(size=(30, 2)), rng().normal(size=(30, 2)) * 0.5
    truth[3, 1] = np.nan
    seen = ~np.isnan(truth[:, 1])
    spec = learned(NumberHead(), truth)
    for metric, sign, reference in (("r2", 1, r2_score), ("neg_mae", -1, mean_absolute_error)):
        parts = [reference(truth[:, 0], guess[:, 0]), reference(truth[seen, 1], guess[seen, 1])]
        score = NumberHead(metric=metric).score(truth, guess, spec)
        assert_allclose(score, sign * np.mean(parts), rtol=ROUNDING)


def test_counts_round_trip_and_never_negative():
    head, counts = CountHead(missing_label=-1), np.array([0, 3, 250, -1])
    spec = learned(head, counts)
    code = head.encode(counts, spec)
    assert np.isnan(code[3, 0])
    assert_array_equal(head.decode(code[:3], spec), counts[:3])
    assert_array_equal(head.decode(np.array([[-2.0]]), spec), [0])
    assert head.score(counts, np.array([0, 3, 250, 77]), spec) == 1.0


def test_box_round_trip_and_order():
    head = BoxHead()
    spec = learned(head, BOXES, (10, 8))
    assert_array_equal(head.encode(BOXES, spec), BOXES)
    assert_array_equal(head.decode(BOXES[[0, 2]], spec), BOXES[[0, 2]])
    # Corners the wrong way round, and outside a picture 8 wide and 10 high.
    assert_array_equal(head.decode(np.array([[7.0, 12.0, -3.0, 4.0]]), spec), [[0, 4, 7, 10]])


def test_box_score_against_counted_pixels():
    rand = rng()
    low = rand.integers(0, 5, (20, 2))
    truth = np.hstack([low, low + rand.integers(1, 5, (20, 2))]).astype(float)
    guess = np.roll(truth, 1, axis=0)

    def pixels(box):
        x1, y1, x2, y2 = box.astype(int)
        grid = np.zeros((10, 10), bool)
        grid[y1:y2, x1:x2] = True
        return grid.ravel()

    expected = np.mean([jaccard_score(pixels(a), pixels(b)) for a, b in zip(truth, guess, strict=True)])
    spec = learned(BoxHead(), truth)
    assert_allclose(BoxHead().score(truth, guess, spec), expected, rtol=ROUNDING)
    truth[0] = np.nan
    left = np.mean([jaccard_score(pixels(a), pixels(b)) for a, b in zip(truth[1:], guess[1:], strict=True)])
    assert_allclose(BoxHead().score(truth, guess, spec), left, rtol=ROUNDING)


def test_empty_boxes_score_zero():
    point = np.array([[1.0, 1.0, 1.0, 1.0]])
    assert BoxHead().score(point, point, learned(BoxHead(), BOXES)) == 0.0


def test_points_round_trip_and_visibility():
    head = PointsHead()
    spec = learned(head, POINTS)
    code = head.encode(POINTS, spec)
    assert_array_equal(code, [[1, 2, np.nan, np.nan], [5, 6, 7, 8]])
    assert_array_equal(head.decode(code[1:], spec), [[[5, 6, 2], [7, 8, 2]]])


def test_points_scores():
    truth = POINTS[:, :, :2].copy()
    guess = truth + np.array([[[3, 4], [0, 0]], [[0.6, 0.8], [9, 12]]])
    spec = learned(PointsHead(), POINTS, (20, 10))
    # Distances 5, (not visible), 1, 15 pixels on a longer side of 20.
    assert PointsHead(share=0.05).score(POINTS, guess, spec) == pytest.approx(1 / 3, rel=ROUNDING)
    assert PointsHead(share=0.25).score(POINTS, guess, spec) == pytest.approx(2 / 3, rel=ROUNDING)
    distance = PointsHead(metric="neg_distance").score(POINTS, guess, spec)
    assert distance == pytest.approx(-(5 + 1 + 15) / 3 / 20, rel=ROUNDING)


def test_mask_round_trip_and_score():
    head = MaskHead()
    spec = learned(head, MASKS, (5, 6))
    codes = head.encode(MASKS, spec)
    assert_array_equal(codes, MASKS)
    seen = MASKS != 255
    maps = np.where(seen[..., None], one_hot(np.minimum(MASKS, 1).astype(int), 2), 0.5)
    assert_array_equal(head.decode(maps, spec)[seen], MASKS[seen])
    assert head.decode(maps, spec).dtype == np.uint8
    guess = rng().integers(0, 2, MASKS.shape).astype(np.uint8)
    expected = jaccard_score(MASKS[seen], guess[seen])
    assert_allclose(head.score(MASKS, guess, spec), expected, rtol=ROUNDING)


def test_mask_of_three_classes():
    truth = rng().choice(np.array([0, 7, 9], np.uint8), (2, 6, 6))
    guess = rng().permutation(truth.ravel()).reshape(truth.shape)
    expected = jaccard_score(truth.ravel(), guess.ravel(), average=None, labels=[7, 9]).mean()
    assert_allclose(MaskHead().score(truth, guess, learned(MaskHead(), truth)), expected, rtol=ROUNDING)


def test_ordinal_scores():
    order = ["low", "mid", "top"]
    truth, guess = (rng().permutation(np.repeat(order, [9, 20, 31])) for _ in range(2))
    guess[:5], truth[50:] = "low", ""
    seen = truth != ""
    ranks = [[order.index(label) for label in labels[seen]] for labels in (truth, guess)]
    spec = learned(OrdinalHead(order=order), truth)
    expected = cohen_kappa_score(*ranks, weights="quadratic")
    assert_allclose(OrdinalHead(order=order).score(truth, guess, spec), expected, rtol=ROUNDING)
    expected = -mean_absolute_error(*ranks)
    assert_allclose(OrdinalHead(order, "neg_mae").score(truth, guess, spec), expected, rtol=ROUNDING)
    expected = accuracy_score(*ranks)
    assert_allclose(OrdinalHead(order, "accuracy").score(truth, guess, spec), expected, rtol=ROUNDING)


def test_ordinal_round_trip_in_its_own_order():
    head, target = OrdinalHead(order=["s", "m", "l", "xl"]), np.array(["l", "s", "", "m", "s"])
    spec = learned(head, target)
    assert_array_equal(spec["classes"], ["s", "m", "l"])
    assert_array_equal(head.encode(target, spec)[:, 0], [2, 0, np.nan, 1, 0])
    # The median: less than half below.
    assert_array_equal(head.decode(np.array([[0.4, 0.2, 0.4], [0.6, 0.1, 0.3]]), spec), ["m", "s"])


def test_lines_are_judged_with_a_tolerance():
    line = np.zeros((1, 8, 8), np.uint8)
    line[0, 3] = 1
    spec = learned(BoundaryHead(), line)
    assert BoundaryHead(1.0).score(line, np.roll(line, 1, axis=1), spec) == 1.0
    assert BoundaryHead(1.0).score(line, np.roll(line, 2, axis=1), spec) == 0.0
    unseen = line.copy()
    unseen[0, :, 4:] = 255
    half = np.where(unseen == 255, 1, line).astype(np.uint8)
    assert BoundaryHead(0.0).score(unseen, half, spec) == 1.0


def test_maps_round_trip_and_scores():
    truth, guess = rng().normal(size=(2, 4, 5, 2)), rng().normal(size=(2, 4, 5, 2)) * 0.3
    truth[0, 1] = np.nan
    spec = learned(MapHead(), truth, (4, 5))
    code = MapHead().encode(truth, spec)
    assert code.dtype == np.float32
    assert_array_equal(MapHead().decode(code, spec), truth.astype(np.float32).astype(float))
    seen = ~np.isnan(truth[..., 0])
    for metric, sign, reference in (("r2", 1, r2_score), ("neg_mae", -1, mean_absolute_error)):
        parts = [reference(truth[seen][:, k], guess[seen][:, k]) for k in range(2)]
        score = MapHead(metric=metric).score(truth, guess, spec)
        assert_allclose(score, sign * np.mean(parts), rtol=1e-5)  # maps are float32
    image = np.array([[[7, 250], [0, 3]]], np.uint8)
    spec = learned(MapHead(), image)
    assert_array_equal(
        MapHead().decode(np.array([[[[7.4], [300.0]], [[-5.0], [2.6]]]]), spec), [[[7, 255], [0, 3]]]
    )


def test_pinball_score():
    truth, guess = rng().normal(size=30), rng().normal(size=30)
    head = NumberHead(metric="neg_pinball", loss="quantile", quantile=0.8)
    expected = -mean_pinball_loss(truth, guess, alpha=0.8)
    assert_allclose(head.score(truth, guess, learned(head, truth)), expected, rtol=ROUNDING)


def test_edges_are_linear_in_the_mask_summary():
    masks = np.zeros((30, 8, 9))
    boxes = []
    for mask in masks:
        x1, y1 = rng().integers(0, 4, 2) + len(boxes) % 3
        x2, y2 = x1 + 1 + len(boxes) % 4, y1 + 1 + len(boxes) % 3
        mask[y1:y2, x1:x2] = 1
        boxes.append((x1, y1, x2, y2))
    head = MaskHead()
    spec = {"classes": np.array([0, 1])}
    summary = head.summarise(np.stack([1 - masks, masks], axis=-1), spec)
    design = np.hstack([summary[:, 72:], np.ones((30, 1))])
    weight, *_ = np.linalg.lstsq(design, np.array(boxes, float), rcond=None)
    assert_allclose(design @ weight, boxes, atol=1e-9)


@pytest.mark.parametrize(
    ("head", "target", "message"),
    [
        (LabelHead(), np.array(["", ""]), "no label"),
        (LabelHead(), np.array([2, 2]), "only one class"),
        (LabelHead(), np.array([0.5, 1.0]), "integer or string"),
        (TagsHead(), np.array([[0.0, 1.0], [0.0, 0.0]]), "tag 0: only the value 0"),
        (TagsHead(), np.array([[0.0, np.nan], [1.0, np.nan]]), "tag 1: no value"),
        (TagsHead(), np.array([[0.0, 2.0]]), "tags are 0, 1 or NaN, got 2"),
        (TagsHead(metric="auc"), np.array([[0.0], [1.0]]), "metric"),
        (NumberHead(), np.array([[1.0, np.nan], [2.0, np.nan]]), "column 1"),
        (NumberHead(), np.array(["a", "b"]), "numbers are needed"),
        (NumberHead(metric="mse"), np.array([1.0, 2.0]), "metric"),
        (CountHead(), np.array([1, -2]), ">= 0, got -2"),
        (BoxHead(), np.array([[1.0, 2.0, np.nan, 4.0]]), "row 0 is finite in part"),
        (BoxHead(), np.array([[5.0, 2.0, 3.0, 4.0]]), "x1 <= x2"),
        (BoxHead(), np.full((2, 4), np.nan), "no box"),
        (BoxHead(), np.zeros((2, 3)), r"\(n_samples, 4\)"),
        (PointsHead(), np.full((2, 3, 2), np.nan), "point 0"),
        (PointsHead(), np.zeros((2, 4)), "PointsHead needs"),
        (PointsHead(share=0), POINTS, "share"),
        (PointsHead(metric="oks"), POINTS, "metric"),
        (MaskHead(), np.full((2, 4, 4), 255, np.uint8), "no pixel"),
        (MaskHead(), np.zeros((2, 4, 4), np.uint8), "only the class 0"),
        (MaskHead(), np.zeros((2, 4, 4)), "MaskHead needs integers"),
        (NumberHead(loss="l1"), np.array([1.0, 2.0]), "loss must be one of .*got 'l1'"),
        (
            NumberHead(loss="quantile", quantile=1.0),
            np.array([1.0, 2.0]),
            "quantile must lie between 0 and 1",
        ),
        (NumberHead(loss="poisson"), np.array([1.0, -2.0]), "needs numbers >= 0, got -2"),
        (OrdinalHead(metric="mse"), LABELS, "metric"),
        (OrdinalHead(order=["a", "b"]), LABELS, "does not hold the class 'c'"),
        (BoundaryHead(tolerance=-1.0), MASKS, "tolerance must be >= 0 pixels, got -1"),
        (BoundaryHead(), np.full((1, 2, 2), [[7, 9], [7, 9]], np.uint8), "pixels beside the lines are 0"),
        (MapHead(metric="mse"), np.zeros((2, 4, 4)), "metric must be one of"),
        (MapHead(loss="quantile"), np.zeros((2, 4, 4)), "loss must be one of"),
        (MapHead(), np.zeros((2, 4)), r"maps are numbers \(n, h, w\) or \(n, h, w, k\)"),
        (MapHead(), np.full((2, 4, 4), np.nan), "no value is observed in channel 0"),
        (MapHead(), np.full((2, 4, 4), np.inf), "infinite values"),
    ],
)
def test_bad_targets(head, target, message):
    with pytest.raises(ValueError, match=f"field 'f'.*{message}"):
        learned(head, target)


def test_map_of_another_size():
    with pytest.raises(ValueError, match="field 'f': maps are .5, 6., but images are .6, 6."):
        learned(MapHead(), np.zeros((2, 5, 6)), (6, 6))


def test_mask_of_another_size():
    with pytest.raises(ValueError, match="field 'f': masks are .5, 6., but images are .6, 6."):
        learned(MaskHead(), MASKS, (6, 6))


@pytest.mark.parametrize(
    ("head", "fitted", "later"),
    [
        (LabelHead(), LABELS, np.array(["z"])),
        (MaskHead(), np.minimum(MASKS, 1), np.full((1, 5, 6), 9, np.uint8)),
    ],
)
def test_class_never_seen(head, fitted, later):
    with pytest.raises(ValueError, match="field 'f'.*not seen at fit"):
        head.encode(later, learned(head, fitted))


def test_a_class_never_seen_is_missed():
    spec = learned(LabelHead(), np.array([1, 2, 2]))
    assert LabelHead().score(np.array([1, 2, 7, 7]), np.array([1, 1, 1, 2]), spec) == 1 / 4
    mask = np.arange(30, dtype=np.uint8).reshape(1, 5, 6)
    spec = learned(MaskHead(), mask % 2)
    unseen = np.where(mask < 10, 9, mask % 2).astype(np.uint8)
    # of the foreground 10 of 15 pixels are found; the unseen class has an IoU of 0
    assert MaskHead().score(unseen, mask % 2, spec) == pytest.approx(10 / 15 / 2)


def test_masks_of_0_and_255_are_explained():
    with pytest.raises(ValueError, match="only the class 0 is observed .255 means that nobody looked"):
        learned(MaskHead(), np.where(MASKS > 0, 255, 0).astype(np.uint8))
    with pytest.raises(ValueError, match="classes are 0 to 254, got 0 to 300"):
        learned(MaskHead(), np.array([[[0, 300]]]))


@pytest.mark.parametrize("head", [TagsHead(), NumberHead(), PointsHead()])
def test_another_shape_than_at_fit(head):
    fitted = POINTS if isinstance(head, PointsHead) else np.array([[0.0, 1.0], [1.0, 0.0]])
    spec = learned(head, fitted)
    with pytest.raises(ValueError, match="field 'f'.*was fitted"):
        head.encode(fitted[:, :1], spec)


def test_nothing_observed_scores_nan():
    spec = learned(LabelHead(), LABELS)
    assert np.isnan(LabelHead().score(np.array(["", ""]), np.array(["a", "b"]), spec))


def test_heads_are_values():
    head = PointsHead(share=0.1)
    assert clone(head).get_params() == head.get_params()
    assert "share=0.1" in repr(head)
