"""Detection scores equal pycocotools', stored and live, and the definition written out."""

from pathlib import Path

import naive
import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, Tolerance, assert_close
from _coco import CASES, CLASSES, SIGMAS, kind_of, reference, scenes

from skmtl.metrics import DetectionScores, _matching, detection_scores

GOLDEN = np.load(Path(__file__).parent.parent / "data" / "coco_golden.npz")
COCO = Tolerance("the promise of 1e-6; equal order of sums gives equal bits", atol=1e-9)


def scored(case, seed, **options):
    return detection_scores(
        *scenes(case, seed), kind=kind_of(case), classes=CLASSES, sigmas=SIGMAS.get(case), **options
    )


@pytest.mark.parametrize("case", CASES)
def test_the_stored_numbers_of_pycocotools(case):
    scores = scored(case, int(GOLDEN["seed"]))
    assert_close(scores.precision, GOLDEN[f"{case} precision"], COCO)
    assert_close(scores.recall, GOLDEN[f"{case} recall"], COCO)
    assert 0.05 < scores.ap < 0.9


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", range(4))
def test_pycocotools_live(case, seed):
    pytest.importorskip("pycocotools")
    precision, recall = reference(*scenes(case, seed), case)
    scores = scored(case, seed)
    assert_close(scores.precision, precision, COCO)
    assert_close(scores.recall, recall, COCO)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("limit", [2, 100])
def test_the_definition(seed, limit):
    truth, found = scenes("boxes", seed)
    scores = detection_scores(truth, found, max_detections=[limit])
    for label in (1, 2):
        for threshold in (0.5, 0.75):
            expected = naive.coco_ap(truth, found, label, threshold, limit)
            assert_close(scores.average_precision(iou=threshold, label=label), expected, COCO)


@pytest.mark.parametrize("case", CASES)
def test_blocks_of_any_size_match_alike(case, monkeypatch):
    whole = scored(case, 5)
    monkeypatch.setattr(_matching, "_ENTRIES", 1)
    assert_close(scored(case, 5).precision, whole.precision, SAME_BITS)


def test_a_perfect_detector():
    truth, _ = scenes("boxes", 1)
    clean = [{**record, "crowd": None} for record in truth]
    found = [{**record, "scores": np.linspace(1, 0, len(record["labels"]))} for record in truth]
    scores = detection_scores(clean, found)
    values = [scores.ap, scores.ap50, scores.ap75, scores.ar100, *scores.ap_per_class.values()]
    assert_close(values, np.ones(6), ROUNDING)


def test_records_may_be_objects_and_stream():
    class Record:
        def __init__(self, values):
            vars(self).update(values)

    truth, found = scenes("masks", 2)
    streamed = detection_scores(map(Record, truth), map(Record, found), kind="masks")
    assert_close(streamed.precision, detection_scores(truth, found, kind="masks").precision, SAME_BITS)


def test_an_image_that_nobody_labelled_is_left_out():
    truth, found = scenes("boxes", 3)
    part = detection_scores([t if i % 2 else None for i, t in enumerate(truth)], found, classes=CLASSES)
    assert_close(
        part.precision, detection_scores(truth[1::2], found[1::2], classes=CLASSES).precision, SAME_BITS
    )


def test_names_of_classes_may_be_texts():
    truth, found = scenes("boxes", 4)
    named = [
        [{**record, "labels": np.char.add("k", record["labels"].astype(str))} for record in side]
        for side in (truth, found)
    ]
    numbered, named = detection_scores(truth, found), detection_scores(*named)
    assert named.classes.tolist() == ["k1", "k2", "k3"]
    assert_close(named.precision, numbered.precision, SAME_BITS)


def test_missing_points_may_be_nan():
    truth, found = scenes("five points", 6)
    gone = []
    for record in truth:
        points = np.where(record["points"][:, :, 2:] > 0, record["points"][:, :, :2], np.nan)
        gone.append({**record, "points": points})
    options = {"kind": "points", "sigmas": SIGMAS["five points"]}
    assert_close(
        detection_scores(gone, found, **options).precision,
        detection_scores(truth, found, **options).precision,
        SAME_BITS,
    )


def test_between_equal_overlaps_the_later_true_object_is_taken():
    upper, lower, between = [0, 0, 4, 2], [0, 2, 4, 4], [0, 1, 4, 3]
    found = {"boxes": [between, upper], "labels": [0, 0], "scores": [0.9, 0.8]}
    for boxes, right in (([upper, lower], 1.0), ([lower, upper], 0.5)):
        truth = {"boxes": boxes, "labels": [0, 0]}
        scores = detection_scores([truth], [found], iou_thresholds=[0.3])
        assert_close(scores.average_recall(iou=0.3), right, ROUNDING)


def test_a_limit_of_areas_belongs_to_both_ranges():
    one = {"boxes": [[0, 0, 32, 32]], "labels": [0]}
    per_area = detection_scores([one], [{**one, "scores": [1.0]}]).ap_per_area
    assert_close([per_area[name] for name in ("small", "medium", "large")], [1.0, 1.0, np.nan], ROUNDING)


def empty(**more):
    return {"boxes": [], "labels": [], **more}


def test_nothing_true_is_nan_and_nothing_found_is_zero():
    one = {"boxes": [[0, 0, 4, 4]], "labels": [0]}
    found = {**one, "scores": [0.5]}
    nothing_true = detection_scores([empty()], [found])
    assert np.isnan([nothing_true.ap, nothing_true.ar1]).all()
    assert nothing_true.ap_per_class.keys() == {0}
    nothing_found = detection_scores([one], [empty(scores=[])])
    assert (nothing_found.ap, nothing_found.ar100) == (0.0, 0.0)
    assert np.isnan(detection_scores([empty()], [empty(scores=[])]).ap)


def test_nothing_found_keeps_the_names():
    scores = detection_scores([{"boxes": [[0, 0, 4, 4]], "labels": ["cat"]}], [empty(scores=[])])
    assert scores.ap_per_class == {"cat": 0.0}


@pytest.mark.parametrize("kind", ["masks", "points"])
def test_empty_images_of_every_kind(kind):
    truth = {"labels": [], kind: [], "boxes": []}
    scores = detection_scores([truth], [{**truth, "scores": []}], kind=kind)
    assert np.isnan(scores.ap)


def test_parts_of_the_result():
    scores = scored("boxes", 7)
    assert isinstance(scores, DetectionScores)
    assert scores.precision.shape == (10, 101, 4, 4, 3)
    assert scores.recall.shape == (10, 4, 4, 3)
    first = scores.precision[..., 0, 2]
    assert_close(scores.ap, np.nanmean(first), COCO)
    assert_close(scores.ap75, np.nanmean(first[5]), COCO)
    assert_close(scores.ap_per_class[2], np.nanmean(first[:, :, 1]), COCO)
    assert_close(scores.ap_per_area["small"], np.nanmean(scores.precision[..., 1, 2]), COCO)
    assert_close(scores.ar_per_area["large"], np.nanmean(scores.recall[..., 3, 2]), COCO)
    assert_close(scores.ar10, np.nanmean(scores.recall[..., 0, 1]), COCO)
    assert np.isnan(scores.ap_per_class[5])
    lines = str(scores).splitlines()
    assert lines[0].split() == ["objects", "AP", "AP50", "AP75", "AR1", "AR10", "AR100"]
    assert lines[2].split()[0] == "all" and lines[2].split()[2] == f"{scores.ap:.3f}"
    assert [line.split()[0] for line in lines[2:]] == ["all", "small", "medium", "large", "1", "2", "3", "5"]


def test_areas_thresholds_and_limits_of_ones_own():
    truth, found = scenes("boxes", 8)
    plain = detection_scores(truth, found)
    own = detection_scores(
        truth, found, iou_thresholds=[0.75], max_detections=[100, 3], areas={"tiny": (0, 32.0**2)}
    )
    assert own.areas == ("tiny",) and own.max_detections == (3, 100)
    assert_close(own.ap, plain.average_precision(iou=0.75, area="small"), ROUNDING)
    with pytest.raises(ValueError, match=r"iou=0.5 was not evaluated; there are .*0.75"):
        own.ap50  # noqa: B018
    with pytest.raises(ValueError, match=r"max_detections=1 was not evaluated; there are \[3, 100\]"):
        own.ar1  # noqa: B018
    with pytest.raises(ValueError, match="area='small' was not evaluated"):
        own.average_precision(area="small")
    assert "AP50" not in str(own)


TRUE = {"boxes": [[0, 0, 4, 4]], "labels": [1]}
FOUND = {**TRUE, "scores": [0.5]}
MASK = {"masks": np.ones((1, 4, 4), bool), "labels": [1]}
POINT = {"points": np.ones((1, 3, 2)), "labels": [1], "boxes": [[0, 0, 4, 4]]}


@pytest.mark.parametrize(
    "truth, found, options, message",
    [
        (TRUE, TRUE, {}, r"y_pred\[1\] has no 'scores'"),
        (TRUE, {**FOUND, "scores": [np.nan]}, {}, r"y_pred\[1\] scores must be finite, got nan"),
        (TRUE, {**FOUND, "scores": [1, 2]}, {}, r"y_pred\[1\] scores must be \(1,\)"),
        ({**TRUE, "boxes": [[4, 0, 0, 4]]}, FOUND, {}, r"y_true\[1\] boxes: row 0 is .* x1 <= x2"),
        ({**TRUE, "boxes": [[0, 0, np.nan, 4]]}, FOUND, {}, r"y_true\[1\] boxes: row 0 .*4 finite numbers"),
        ({**TRUE, "boxes": [[0, 0, 4]]}, FOUND, {}, r"y_true\[1\] boxes must be \(n, 4\)"),
        ({**TRUE, "labels": [1, 2]}, FOUND, {}, r"y_true\[1\] has 2 labels, but 1 boxes"),
        ({**TRUE, "labels": [1.5]}, FOUND, {}, "labels must be integers or texts"),
        ({**TRUE, "labels": ["a"]}, FOUND, {}, "labels are integers in some records and texts in others"),
        ({**TRUE, "labels": [[1]]}, FOUND, {}, r"labels must be \(n,\)"),
        ({"labels": [1]}, FOUND, {}, r"y_true\[1\] has no 'boxes'"),
        (TRUE, FOUND, {"classes": [2, 3]}, r"label 1 occurs, but classes is \[2, 3\]"),
        (TRUE, FOUND, {"classes": [1, 1]}, "classes names a label twice"),
        (TRUE, FOUND, {"kind": "circles"}, "kind must be one of"),
        (TRUE, FOUND, {"sigmas": 0.1}, "sigmas are for kind='points'"),
        (TRUE, FOUND, {"iou_thresholds": [1.5]}, r"iou_thresholds must be .* in \(0, 1\]"),
        (TRUE, FOUND, {"max_detections": [0]}, "max_detections must be a list of integers >= 1"),
        (TRUE, FOUND, {"areas": {"all": (5, 1)}}, "areas must be a dict"),
        (
            MASK,
            {**MASK, "scores": [1]} | {"masks": np.ones((1, 4, 5))},
            {"kind": "masks"},
            "image 1: .*masks",
        ),
        (
            {**MASK, "masks": np.full((1, 4, 4), 2)},
            {**MASK, "scores": [1]},
            {"kind": "masks"},
            "must be boolean",
        ),
        (POINT, {**POINT, "scores": [1]}, {"kind": "points"}, "sigmas must be given for 3 key points"),
        (POINT, {**POINT, "scores": [1]}, {"kind": "points", "sigmas": [1, 2]}, r"sigmas must be .*\(3,\)"),
        (POINT, {**POINT, "scores": [1]}, {"kind": "points", "sigmas": 0}, "sigmas must be finite and > 0"),
        ({**POINT, "boxes": None}, {**POINT, "scores": [1]}, {"kind": "points"}, "has no 'boxes'"),
        (
            POINT,
            {**POINT, "points": np.full((1, 3, 2), np.nan)},
            {"kind": "points"},
            "coordinate must be finite",
        ),
    ],
)
def test_errors_name_the_image_and_the_reason(truth, found, options, message):
    kind = options.get("kind", "boxes")
    nothing = {"labels": [], "boxes": [], kind: []}
    with pytest.raises(ValueError, match=message):
        detection_scores([nothing, truth], [{**nothing, "scores": []}, found], **options)


@pytest.mark.parametrize("good", [TRUE, MASK, POINT], ids=["boxes", "masks", "points"])
def test_the_records_of_the_errors_are_else_sound(good):
    kind = next(iter(good))
    sigmas = 0.1 if kind == "points" else None
    assert_close(
        detection_scores([good], [{**good, "scores": [1]}], kind=kind, sigmas=sigmas).ap, 1.0, ROUNDING
    )


def test_lists_of_different_length():
    with pytest.raises(ValueError, match="y_pred has more images than the other, which has 1"):
        detection_scores([TRUE], [FOUND, FOUND])
    with pytest.raises(ValueError, match="y_true has more images"):
        detection_scores([TRUE, TRUE], [FOUND])
    with pytest.raises(ValueError, match="no labelled image"):
        detection_scores([None], [FOUND])
