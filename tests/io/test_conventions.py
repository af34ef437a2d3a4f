"""What numbers in files mean, each convention against a file that a tool, or a careful hand, wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from _annotations import FRACTIONS, SAME_NUMBERS
from _asserts import Tolerance, assert_close

from skmtl.io import detect_format, read_annotations

FORMATS = Path(__file__).resolve().parent.parent / "data" / "formats"
WRITTEN = FORMATS / "written"
NINE_DIGITS = Tolerance("the YOLO file holds nine digits of each fraction", atol=1e-6)

SCENE = {
    "coco": (WRITTEN / "scene_coco.json", {}),
    "voc": (WRITTEN / "scene_voc", {}),
    "cvat": (WRITTEN / "scene_cvat.xml", {}),
    "labelme": (WRITTEN / "scene_labelme", {}),
    "label-studio": (WRITTEN / "scene_label_studio.json", {}),
    "yolo": (WRITTEN / "scene_yolo", {"image_sizes": {"one": (80, 120), "two": (100, 50)}}),
}
SCENE_BOXES = [
    ("one.jpg", (80, 120), "cat", (10, 20, 50, 60)),
    ("one.jpg", (80, 120), "dog", (0, 0, 30, 40)),
    ("two.jpg", (100, 50), "cat", (25, 10, 50, 100)),
]


def only(annotations):
    (image,) = annotations
    return image


@pytest.mark.parametrize("format", SCENE)
def test_one_scene_is_the_same_in_every_format(format):
    path, options = SCENE[format]
    assert detect_format(path) == format
    annotations = read_annotations(path, **options)
    pairs = [(image, one) for image in annotations for one in image.objects]
    assert [(a.file_name, a.size, b.label) for a, b in pairs] == [one[:3] for one in SCENE_BOXES]
    tolerance = NINE_DIGITS if format == "yolo" else FRACTIONS
    assert_close([one.box for _, one in pairs], [one[3] for one in SCENE_BOXES], tolerance)


def test_coco_box_is_corner_and_extent_and_crowds_are_masks_down_the_columns():
    image = only(read_annotations(FORMATS / "datumaro" / "instances_val.json"))
    first, crowd = image.objects
    assert image.size == (10, 5)
    assert first.box == (0, 0, 1, 2) and first.label == "a" and first.attributes == {"x": 1, "y": "hello"}
    assert_close(first.polygons[0], [[0, 0], [1, 0], [1, 2], [0, 2]], SAME_NUMBERS)
    # [0, 20, 30] of height 10: the first two columns are inside.
    assert crowd.crowd and crowd.mask.decode()[:, :2].all() and crowd.mask.area == 20
    assert crowd.box == (0, 0, 1, 9)


def test_coco_key_points_have_visibility():
    image = only(read_annotations(FORMATS / "datumaro" / "person_keypoints_val.json"))
    assert_close(image.objects[0].points, [[1, 2, 2], [3, 4, 2], [2, 3, 2]], SAME_NUMBERS)


def test_coco_annotations_without_geometry_are_tags():
    image = only(read_annotations(FORMATS / "datumaro" / "labels_val.json"))
    assert not image.objects
    assert [(tag.name, tag.present) for tag in image.tags] == [("a", True), ("b", True)]


def test_coco_results():
    boxes = read_annotations(FORMATS / "coco_results" / "bbox.json")
    assert boxes[0].id == 42 and boxes[0].objects[0].label == "18"
    assert boxes[0].objects[0].box == (258.15, 41.29, 258.15 + 348.26, 41.29 + 243.78)
    assert boxes[0].objects[0].score == 0.236
    masks = read_annotations(FORMATS / "coco_results" / "segm.json")
    assert all(one.mask.area > 0 and one.mask.box for image in masks for one in image.objects)
    points = read_annotations(FORMATS / "coco_results" / "keypoints.json")
    assert all(one.points.shape == (17, 3) for image in points for one in image.objects)


def test_voc_counts_pixels_from_one_and_both_ends_are_inside():
    image = only(read_annotations(FORMATS / "bccd" / "BloodImage_00000.xml"))
    assert image.size == (480, 640)
    assert image.objects[0].label == "WBC"
    assert image.objects[0].box == (259, 176, 491, 376)
    assert image.objects[0].attributes == {"truncated": False, "difficult": False, "pose": "Unspecified"}


@pytest.mark.parametrize(
    ("corners", "box"), [("zero_based", (260, 177, 492, 377)), ("edges", (260, 177, 491, 376))]
)
def test_voc_of_other_tools(corners, box):
    image = only(read_annotations(FORMATS / "bccd" / "BloodImage_00000.xml", corners=corners))
    assert image.objects[0].box == box


def test_voc_masks_saved_as_colours():
    """A class mask all bicycle and an object mask all 1, while the first object is a cat."""
    annotations = read_annotations(FORMATS / "datumaro" / "voc")
    image = only(annotations)
    assert (image.label_map.decode() == 2).all() and image.label_map.names[2] == "bicycle"
    assert [one.label for one in image.objects] == ["cat", "person", "bicycle"]
    assert [one.mask is not None for one in image.objects] == [False, False, True]
    assert annotations.report.noted == {"mask of an object that the XML does not list": 1}
    parts = [node.tag for node in image.objects[1].extra["elements"]]
    assert parts == ["part", "actions"]


def test_yolo_pose():
    annotations = read_annotations(WRITTEN / "yolo_pose", image_sizes=(100, 200))
    (record,) = only(annotations).objects
    assert only(annotations).subset == "train"
    assert_close(record.box, (60, 10, 140, 90), FRACTIONS)
    assert_close(record.points, [[100, 20, 2], [90, 15, 1], [0, 0, 0]], FRACTIONS)
    assert annotations.class_of("person").point_names == ("nose", "left eye", "right #eye")


def test_yolo_polygons():
    annotations = read_annotations(WRITTEN / "yolo_segment", image_sizes=(80, 40))
    first, second = only(annotations).objects
    assert (first.label, second.label) == ("b: c", "a cup")
    assert_close(first.polygons[0], [[4, 8], [20, 10], [10, 60]], FRACTIONS)
    assert len(second.polygons[0]) == 4 and first.box is None
    assert_close(first.bounds, (4, 8, 20, 60), FRACTIONS)


def test_labelme_shapes():
    image = only(read_annotations(WRITTEN / "labelme"))
    assert image.file_name == "shapes.jpg"
    assert [(tag.name, tag.present) for tag in image.tags] == [("indoor", True), ("night", False)]
    rectangle, circle, polygon, line, strip, point, points, mask = image.objects
    assert rectangle.box == (10, 20, 30, 40)
    assert circle.box == (45, 35, 55, 45) and circle.ellipse and circle.group == 2
    assert polygon.attributes == {"occluded": True, "blurred": False, "description": "half hidden"}
    assert_close(line.line, [[0, 0], [5, 5]], SAME_NUMBERS)
    assert len(strip.line) == 3 and line.box is None
    assert_close(point.points, [[7.5, 8.5, 2]], SAME_NUMBERS)
    assert points.points.shape == (2, 3)
    expected = np.zeros((60, 80), np.uint8)
    expected[33, 12] = 1
    expected[34:37, 14:18] = 1
    assert_close(mask.mask.decode(), expected, SAME_NUMBERS)


def test_cvat_shapes_and_attributes():
    annotations = read_annotations(FORMATS / "datumaro" / "cvat_images.xml")
    box, line = annotations[0].objects
    assert box.box == (0, 2, 4, 4)
    assert box.attributes == {"occluded": True, "a1": "true", "a2": "v3", "a3": "0003", "a4": "2.4"}
    assert_close(line.line, [[1, 2], [3, 4], [5, 6], [7, 8]], SAME_NUMBERS)
    assert line.label is None and annotations.class_names == ("label1", "label2")
    polygon, points = annotations[1].objects
    assert len(polygon.polygons[0]) == 3
    assert_close(points.points, [[1, 2, 2], [3, 4, 2], [5, 6, 2]], SAME_NUMBERS)


def test_cvat_tracks_are_counted_as_dropped():
    annotations = read_annotations(FORMATS / "datumaro" / "cvat_video.xml")
    assert len(annotations) == 0 and annotations.report.dropped == {"track": 3}


def test_cvat_masks_run_along_the_rows_of_their_box(tmp_path):
    path = tmp_path / "mask.xml"
    path.write_text(
        '<annotations><image id="0" name="a.png" width="6" height="5">'
        '<mask label="x" rle="1, 2, 2, 1" left="2" top="1" width="3" height="2"/></image></annotations>'
    )
    (record,) = only(read_annotations(path)).objects
    expected = np.zeros((5, 6), np.uint8)
    expected[1, 3:5] = 1
    expected[2, 4] = 1
    assert_close(record.mask.decode(), expected, SAME_NUMBERS)
    assert record.box == (2, 1, 5, 3)


def test_label_studio_is_in_percent():
    annotations = read_annotations(FORMATS / "label_studio" / "boxes.json")
    record = annotations[0].objects[0]
    assert annotations[0].size == (2800, 2800) and record.label == "parasites"
    x, y = 0.3715846994535519 * 2800, 0.7067395264116576 * 2800
    width, height = 0.04189435336976321 * 2800, 0.04735883424408015 * 2800
    assert_close(record.box, (x, y, x + width, y + height), FRACTIONS)


def test_label_studio_turns_about_the_upper_left_corner():
    record = read_annotations(FORMATS / "label_studio" / "turned.json")[0].objects[0]
    corner = np.array([10.537066764905694 * 5.97, 79.55767690059092 * 7.68])
    angle = np.deg2rad(328.33240366032836)
    across = 19.045470024656689 * 5.97 * np.array([np.cos(angle), np.sin(angle)])
    down = 8.132522043893883 * 7.68 * np.array([-np.sin(angle), np.cos(angle)])
    centre = corner + across / 2 + down / 2
    x0, y0, x1, y1 = record.box
    assert_close([(x0 + x1) / 2, (y0 + y1) / 2], centre, FRACTIONS)
    corners = np.array([corner, corner + across, corner + across + down, corner + down])
    assert_close(record.bounds, [*corners.min(axis=0), *corners.max(axis=0)], FRACTIONS)


def test_label_studio_polygons():
    (record,) = only(read_annotations(FORMATS / "label_studio" / "polygons.json")).objects
    assert record.label == "Airplane"
    assert_close(record.polygons[0][0], [60 * 6.4, 19.55922865013774 * 4.26], FRACTIONS)
