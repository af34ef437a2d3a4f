"""Predictions become annotation files, and lines."""

import numpy as np
import pytest

from skmtl.annotation import polylines, to_annotations
from skmtl.annotation._convert import outlines, with_objects_of_map
from skmtl.io import ClassRecord, ImageRecord, LabelMap, polygon_mask, read_annotations, write_annotations


def test_objects_go_to_a_file_and_back(tmp_path):
    masks = np.zeros((2, 20, 30), bool)
    masks[0, 2:6, 3:9], masks[1, 10:15, 20:28] = True, True
    boxes = np.array([[3.0, 2, 9, 6], [20, 10, 28, 15]])
    found = [
        {"boxes": boxes, "labels": np.array([7, 2]), "scores": np.array([0.9, 0.4]), "masks": masks},
        None,
    ]
    made = to_annotations(found, ["a.png", "b.png"], [(20, 30), (20, 30)])
    write_annotations(made, tmp_path / "found.json", "coco")
    (image,) = read_annotations(tmp_path / "found.json")
    assert [one.label for one in image.objects] == ["7", "2"]
    np.testing.assert_array_equal([one.bounds for one in image.objects], boxes)
    for one, mask in zip(image.objects, masks, strict=True):
        np.testing.assert_array_equal(one.mask.decode(), mask)


def test_points_go_to_a_file_and_back(tmp_path):
    points = np.array([[3.0, 4.0, 0.9], [10.0, 11.5, 0.2]])
    mouse = ClassRecord("mouse", point_names=("nose", "tail"))
    made = to_annotations([points], ["a.png"], [(20, 30)], classes=[mouse])
    write_annotations(made, tmp_path / "found.json", "coco")
    found = read_annotations(tmp_path / "found.json")
    np.testing.assert_array_equal(found[0].objects[0].points[:, :2], points[:, :2])
    assert found[0].objects[0].label == "mouse"
    assert found.classes[0].point_names == ("nose", "tail")


def test_masks_of_classes():
    mask = np.random.default_rng(0).integers(0, 3, (20, 30))
    made = to_annotations([mask], ["a.png"], [(20, 30)], pixel_names=["ground", "a", "b"])
    np.testing.assert_array_equal(made[0].label_map.decode(), mask)
    assert made[0].label_map.names == ("ground", "a", "b")


def test_what_files_do_not_hold_is_refused():
    with pytest.raises(ValueError, match="one entry an image, got 1, 2 and 1"):
        to_annotations([None], ["a", "b"], [(2, 2)])
    with pytest.raises(ValueError, match="a.png: files hold objects, points, masks"):
        to_annotations([0.5], ["a.png"], [(2, 2)])


def test_outlines_run_around_what_is_on():
    mask = np.zeros((12, 16))
    mask[3:7, 5:11] = 1
    (line,) = polylines(mask)
    np.testing.assert_array_equal(line[0], line[-1])
    np.testing.assert_array_equal([line.min(axis=0), line.max(axis=0)], [[5, 3], [11, 7]])
    assert polylines(np.zeros((5, 5))) == []


def test_all_kinds_of_an_image_come_together():
    boxes = {"boxes": np.array([[0.0, 0, 4, 4], [5, 5, 9, 9], [1, 1, 3, 3]])}
    boxes |= {"labels": np.array(["mouse", "mouse", "food"]), "scores": np.array([0.4, 0.8, 0.9])}
    found = {"where": boxes, "body": np.array([[6.0, 7, 0.9]]), "kind": "day", "tags": np.array([1.0, 0, 1])}
    mouse = ClassRecord("mouse", point_names=("nose",))
    made = to_annotations(
        [found], ["a.png"], [(10, 10)], classes=["food", mouse], tag_names=["wet", "dim", "far"]
    )
    (image,) = made
    assert [one.label for one in image.objects] == ["mouse", "mouse", "food"]
    assert [one.points is not None for one in image.objects] == [False, True, False]
    assert [tag.name for tag in image.tags] == ["day", "wet", "far"]
    assert made.class_names == ("food", "mouse")


def test_regions_are_a_map_of_classes():
    regions = {"regions": np.array([[0, 0, 1], [2, 2, 1]]), "labels": np.array(["sea", "land", "sea"])}
    (image,) = to_annotations([regions], ["a.png"], [(2, 3)], pixel_names=["", "land", "sea"])
    np.testing.assert_array_equal(image.label_map.decode(), [[2, 2, 1], [2, 2, 1]])
    with pytest.raises(ValueError, match="pixel_names must name every label of regions; 'sea'"):
        to_annotations([regions], ["a.png"], [(2, 3)], pixel_names=["land"])


def test_a_map_becomes_an_object_for_each_class():
    numbers = np.random.default_rng(0).choice([0, 1, 3, 255], (12, 9)).astype(np.uint8)
    made = with_objects_of_map(ImageRecord("a", 12, 9, label_map=LabelMap.encode(numbers, ("", "sky"))))
    assert made.label_map is None and [one.label for one in made.objects] == ["sky", "3"]
    for one, k in zip(made.objects, (1, 3), strict=True):
        np.testing.assert_array_equal(one.mask.decode(), numbers == k)


def test_outlines_are_those_of_the_mask():
    rng = np.random.default_rng(0)
    mask = np.zeros((60, 80), bool)
    for _ in range(4):
        top, left = rng.integers(0, 40, 2)
        mask[top : top + rng.integers(5, 20), left : left + rng.integers(5, 30)] = True
    back = polygon_mask(outlines(mask), mask.shape).decode().astype(bool)
    assert (back & mask).sum() / (back | mask).sum() > 0.97
    ring = np.ones((9, 9), bool)
    ring[3:6, 3:6] = False
    (outer,) = outlines(ring)  # a hole is filled
    np.testing.assert_array_equal([outer.min(axis=0), outer.max(axis=0)], [[0, 0], [9, 9]])
    assert outlines(np.zeros((4, 4), bool)) == []
