"""Predictions become annotation files, and lines."""

import numpy as np
import pytest

from skmtl.annotation import polylines, to_annotations
from skmtl.io import read_annotations, write_annotations


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
    made = to_annotations([points], ["a.png"], [(20, 30)], classes=["nose", "tail"])
    write_annotations(made, tmp_path / "found.json", "coco")
    found = read_annotations(tmp_path / "found.json")
    np.testing.assert_array_equal(found[0].objects[0].points[:, :2], points[:, :2])
    assert found.classes[0].point_names == ("nose", "tail")


def test_masks_of_classes():
    mask = np.random.default_rng(0).integers(0, 3, (20, 30))
    made = to_annotations([mask], ["a.png"], [(20, 30)], classes=["ground", "a", "b"])
    np.testing.assert_array_equal(made[0].label_map.decode(), mask)
    assert made[0].label_map.names == ("ground", "a", "b")


def test_what_files_do_not_hold_is_refused():
    with pytest.raises(ValueError, match="one entry an image, got 1, 2 and 1"):
        to_annotations([None], ["a", "b"], [(2, 2)])
    with pytest.raises(ValueError, match="a.png: files hold objects, points and masks"):
        to_annotations([0.5], ["a.png"], [(2, 2)])


def test_outlines_run_around_what_is_on():
    mask = np.zeros((12, 16))
    mask[3:7, 5:11] = 1
    (line,) = polylines(mask)
    np.testing.assert_array_equal(line[0], line[-1])
    np.testing.assert_array_equal([line.min(axis=0), line.max(axis=0)], [[5, 3], [11, 7]])
    assert polylines(np.zeros((5, 5))) == []
