"""Scores of annotations against others, where it is plain what they are."""

import numpy as np
import pytest

from skmtl.annotation import score_annotations
from skmtl.io import RLE, ImageRecord, LabelMap, ObjectRecord, Tag

SIZE = (20, 30)


def image(*objects, tags=(), numbers=None, names=()):
    label_map = None if numbers is None else LabelMap.encode(np.array(numbers, np.uint8), names)
    size = SIZE if numbers is None else np.shape(numbers)
    return ImageRecord("a.png", *size, objects, tags, label_map)


def cat(box, score=None, label="cat", **more):
    return ObjectRecord(label, box, score=score, **more)


def test_boxes_and_counts():
    truth = [image(cat((0, 0, 10, 10)), cat((12, 0, 20, 8), label="dog")), image()]
    found = [image(cat((0, 0, 10, 10), 0.9), cat((0, 12, 9, 20), 0.6)), image(cat((0, 0, 5, 5), 0.1))]
    scores = score_annotations(truth, found)
    assert list(scores) == ["boxes", "counts"]
    assert scores["boxes"]["AP50 of cat"] == pytest.approx(1) and scores["boxes"]["AP50 of dog"] == 0.0
    assert scores["counts"] == {"MAE": 0.0, "MAE of cat": 0.5, "MAE of dog": 0.5}
    assert score_annotations(truth, found, count_score=0.05)["counts"]["MAE"] == 0.5
    assert list(score_annotations(truth, found, kinds=["counts", "pixels"])) == ["counts"]


def test_masks_and_crowds():
    mask = np.zeros(SIZE, bool)
    mask[2:8, 3:9] = True
    outline = [[[3, 2], [9, 2], [9, 8], [3, 8]]]
    crowd = ObjectRecord("cat", mask=RLE.encode(np.roll(mask, 10, axis=0)), crowd=True)
    truth = [image(ObjectRecord("cat", polygons=outline), crowd)]
    found = [image(ObjectRecord("cat", mask=RLE.encode(mask), score=0.5), cat((0, 0, 2, 2), 0.9))]
    scores = score_annotations(truth, found)
    assert scores["masks"]["AP"] == pytest.approx(1) and scores["boxes"]["AP50"] == pytest.approx(0.5)
    with pytest.raises(ValueError, match="a mask has"):
        score_annotations([image(ObjectRecord("cat", mask=RLE.encode(mask[:10])))], found)


def body(points, score=None):
    return ObjectRecord("mouse", points=np.array(points, float), score=score)


def test_points():
    truth = [image(body([[5, 5, 2], [20, 10, 2], [1, 1, 0]])), image(body([[4, 4, 2], [9, 9, 2], [2, 2, 2]]))]
    near = body([[5, 6, 2], [20, 14, 2], [9, 9, 2]], 0.8)
    scores = score_annotations(truth, [image(near, body([[0, 0, 2]] * 3, 0.1)), image()])["points"]
    # 5 % of 30 pixels are 1.5: of five points that are known one is right, and two were not looked for.
    assert scores == {"PCK": 0.2, "error": 2.5}
    with pytest.raises(ValueError, match="a.png: a body has 1 points, the true ones 3"):
        score_annotations(truth[:1], [image(body([[0, 0, 2]]))])


def test_bodies_of_coco_have_their_similarity():
    points = np.column_stack([np.random.default_rng(0).uniform(2, 18, (17, 2)), np.full(17, 2)])
    assert score_annotations([image(body(points))], [image(body(points))])["points"]["OKS"] == 1.0


def test_maps_are_compared_by_the_names_of_classes():
    truth = [image(numbers=[[0, 1, 255], [2, 2, 0]], names=("", "sea", "sky"))]
    found = [image(numbers=[[0, 2, 0], [1, 3, 1]], names=("", "sky", "sea", "fog"))]
    scores = score_annotations(truth, found)["pixels"]
    assert scores["accuracy"] == 0.6 and scores["IoU of sea"] == 1.0 and scores["IoU of sky"] == 1 / 3
    assert scores["IoU of "] == 0.5


def test_a_class_and_tags():
    truth = [image(tags=[Tag("a")]), image(tags=[Tag("b")]), image()]
    found = [image(tags=[Tag("b", score=0.2), Tag("a", score=0.7)]), image(), image(tags=[Tag("b")])]
    assert score_annotations(truth, found) == {"class": {"accuracy": 0.5}}
    truth[1] = image(tags=[Tag("a"), Tag("b")])
    assert score_annotations(truth, found) == {"tags": {"accuracy": 0.25, "F1": 1 / 3}}


def test_nothing_to_compare_is_refused():
    with pytest.raises(ValueError, match="one entry an image, got 1 and 2"):
        score_annotations([image()], [image(), image()])
    with pytest.raises(ValueError, match="truth holds nothing that can be scored"):
        score_annotations([image()], [image(cat((0, 0, 4, 4)))])
