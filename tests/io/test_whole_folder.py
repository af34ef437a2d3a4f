"""Everything in the folder of real annotation files, where ``SKMTL_DATA`` says that there is one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from _annotations import FRACTIONS
from _asserts import Tolerance, assert_close

from skmtl.io import FormatError, read_annotations, write_annotations

ROOT = Path(os.environ.get("SKMTL_DATA", "")) / "formats"
pytestmark = pytest.mark.skipif(
    "SKMTL_DATA" not in os.environ or not ROOT.is_dir(), reason="SKMTL_DATA names no folder with formats/"
)
DATABASE = ROOT / "rodm" / "database"
SIX_DECIMALS = Tolerance("six decimals of a side of at most 500 pixels", atol=1e-3)


def boxes(annotations):
    """All boxes by image, sorted, so that the order in the files does not matter."""
    return {
        Path(image.file_name).stem: sorted((one.label, *one.box) for one in image.objects)
        for image in annotations
    }


SAME_IMAGES = {
    "coco v1": (DATABASE / "coco_format_v1" / "instances_default.json", {}),
    "coco v2": (DATABASE / "coco_format_v2" / "instances_v2.json", {}),
    "cvat": (DATABASE / "cvat_format" / "annotations.xml", {}),
    "voc": (DATABASE / "pascalvoc_format", {"corners": "edges"}),
    "imagenet": (DATABASE / "imagenet_format", {"corners": "edges"}),
    "yolo": (DATABASE / "yolo_format", {"image_sizes": "from coco"}),
    "labelme": (DATABASE / "labelme_format", {}),
}


@pytest.mark.parametrize("name", SAME_IMAGES)
def test_the_same_boxes_in_every_format(name):
    reference = read_annotations(SAME_IMAGES["coco v2"][0])
    assert (len(reference), sum(len(image.objects) for image in reference)) == (100, 273)
    assert len(reference.class_names) == 20
    path, options = SAME_IMAGES[name]
    if "image_sizes" in options:
        options = {"image_sizes": {Path(image.file_name).stem: image.size for image in reference}}
    annotations = read_annotations(path, **options)
    assert len(annotations) == (6 if name == "labelme" else 100)
    expected, found = boxes(reference), boxes(annotations)
    tolerance = SIX_DECIMALS if name == "yolo" else FRACTIONS
    for image in found:
        if name == "yolo":
            found[image] = sorted((label, *np.round(box, 1).tolist()) for label, *box in found[image])
        assert [one[0] for one in found[image]] == [one[0] for one in expected[image]]
        corners = [[one[1:] for one in both[image]] for both in (found, expected)]
        assert_close(*corners, tolerance, image)


COUNTS = {
    "yolo_ultralytics/coco8": 30,
    "yolo_ultralytics/coco8-seg": 30,
    "yolo_ultralytics/coco8-pose": 21,
    "yolo_ultralytics/dota8": 133,
    "labelme/bbox_detection": 9,
    "labelme/instance_segmentation/data_annotated": 18,
    "labelme/primitives": 8,
    "label_studio/test_export_yolo/data.json": 6,
    "label_studio/test_export_yolo/data_obb.json": 25,
    "label_studio/test_export_yolo/data_polygons.json": 1,
    "coco_results/instances_val2014_fakebbox100_results.json": 734,
    "coco_results/instances_val2014_fakesegm100_results.json": 734,
    "coco_results/person_keypoints_val2014_fakekeypoints100_results.json": 125,
    "voc_xml": 85,
    "datumaro/cvat_dataset/for_images/export_project/annotations.xml": 12,
}


@pytest.mark.parametrize("name", COUNTS)
def test_objects_are_all_there_and_come_back(name, tmp_path):
    first = read_annotations(ROOT / name)
    assert sum(len(image.objects) for image in first) == COUNTS[name]
    assert not first.report.skipped and not first.report.dropped
    target = tmp_path / ("out" + Path(name).suffix)
    report = write_annotations(first, target)
    assert not report.dropped and not report.noted
    sizes = {image.file_name: image.size for image in first}
    again = read_annotations(
        target, first.format, **({"image_sizes": sizes} if first.format == "yolo" else {})
    )
    assert again == first


def test_every_file_is_read_or_refused_by_name():
    """Nothing but a FormatError leaves the readers, whatever the file is."""
    read = 0
    for path in sorted(ROOT.rglob("*")):
        if path.suffix in (".json", ".xml") and path.is_file():
            try:
                read_annotations(path, on_error="skip")
                read += 1
            except FormatError as error:
                assert error.path == str(path)
    assert read > 250
