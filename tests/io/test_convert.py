"""From one format to another: what the target can hold arrives, what it cannot is counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from _annotations import FRACTIONS, ONE_ADDITION, POINT_NAMES, SAME_NUMBERS, random_box, random_set
from _asserts import assert_close

from skmtl.io import (
    FORMATS,
    RLE,
    AnnotationSet,
    ClassRecord,
    FormatError,
    ImageRecord,
    ObjectRecord,
    Tag,
    convert,
    detect_format,
    iter_annotations,
    polygon_mask,
    read_annotations,
    write_annotations,
)

DATA = Path(__file__).resolve().parent.parent / "data" / "formats"
DATASETS = [name for name in FORMATS if name != "coco_results"]
NAME = {"coco": "a.json", "cvat": "a.xml", "label-studio": "a.json"}


def one(*objects, tags=(), classes=(), **fields):
    image = ImageRecord("a.png", 40, 60, objects, tags, **fields)
    return AnnotationSet([image], classes)


def written(annotations, path, format, read=None, **options):
    """(report of writing, the objects read back, the set)."""
    target = path / NAME.get(format, "out")
    report = write_annotations(annotations, target, format, **options)
    sizes = {"image_sizes": (40, 60)} if format == "yolo" else {}
    back = read_annotations(target, format, **sizes, **(read or {}))
    return report, list(back[0].objects), back


@pytest.mark.parametrize("first", DATASETS)
@pytest.mark.parametrize("second", DATASETS)
def test_boxes_arrive_from_every_format_in_every_other(first, second, tmp_path, rng):
    made = random_set(rng, lambda rng, size: {"box": random_box(rng, size)}, classes=("cat", "dog"))
    sizes = {"image_sizes": {image.file_name: image.size for image in made}}
    a, b = tmp_path / "a" / NAME.get(first, "out"), tmp_path / "b" / NAME.get(second, "out")
    write_annotations(made, a, first)
    convert(a, b, second, source_format=first, read_options=sizes if first == "yolo" else None)
    assert detect_format(b) == second
    back = read_annotations(b, **(sizes if second == "yolo" else {}))
    key = lambda image: image.file_name  # noqa: E731
    for mine, theirs in zip(sorted(back, key=key), sorted(made, key=key), strict=True):
        assert mine.size == theirs.size
        assert [one.label for one in mine.objects] == [one.label for one in theirs.objects]
        for found, expected in zip(mine.objects, theirs.objects, strict=True):
            assert_close(found.box, expected.box, FRACTIONS)


def test_every_loss_is_counted(tmp_path):
    record = ObjectRecord(
        "cat",
        (1, 2, 11, 12),
        polygons=[[[1, 2], [11, 2], [11, 12]]],
        points=[[3, 4, 2]],
        score=0.5,
        crowd=True,
        group=3,
        attributes={"colour": "red"},
        id=5,
    )
    source = one(record, tags=[Tag("night")], subset="holdout")
    dropped = {
        "coco": {"group of an object": 1, "subset of an image": 1},
        "voc": {
            "tag": 1,
            "subset of an image": 1,
            "points of an object": 1,
            "crowd of an object": 1,
            "score of an object": 1,
            "group of an object": 1,
            "id of an object": 1,
        },
        "yolo": {
            "subset of an image": 1,
            "tag": 1,
            "polygons of an object": 1,
            "crowd of an object": 1,
            "group of an object": 1,
            "id of an object": 1,
            "attributes of an object": 1,
        },
        # Each of the two shapes that the object becomes lacks them.
        "labelme": {
            "subset of an image": 1,
            "score of an object": 2,
            "crowd of an object": 2,
            "id of an object": 2,
            "attribute that is not yes or no": 2,
        },
        "cvat": {"score of an object": 2, "crowd of an object": 2, "id of an object": 2},
        "label-studio": {
            "subset of an image": 1,
            "crowd of an object": 2,
            "group of an object": 2,
            "attribute of an object": 2,
        },
    }
    for format, expected in dropped.items():
        report = write_annotations(source, tmp_path / format / NAME.get(format, "out"), format)
        assert dict(report.dropped) == expected, format


def test_fields_of_another_format_are_counted(tmp_path):
    source = read_annotations(DATA / "bccd" / "BloodImage_00000.xml")
    report = write_annotations(source, tmp_path / "a.json", "coco")
    assert report.dropped == {
        f"voc field {name!r}": 1 for name in ("folder", "path", "source", "segmented", "depth")
    }
    assert "dropped 1 x voc field 'depth'" in str(report)


def test_outlines_become_masks_in_voc(tmp_path):
    outline = np.array([[2.0, 3], [30, 5], [20, 30]])
    under = RLE.from_patch((40, 60), np.ones((4, 5)), left=20, top=10)
    report, objects, back = written(
        one(ObjectRecord("cat", polygons=[outline]), ObjectRecord("dog", mask=under)), tmp_path, "voc"
    )
    expected = polygon_mask([outline], (40, 60))
    hidden = int((expected.decode() & under.decode()).sum())
    assert report.noted["outline written as mask pixels"] == 1
    assert report.dropped["mask pixel under another object"] == hidden > 0
    assert objects[1].mask == under
    assert objects[0].mask == RLE.encode(expected.decode() & (1 - under.decode()))
    assert back[0].label_map.names == ("background", "cat", "dog")


def test_pose_in_every_format_that_has_points(tmp_path):
    points = np.array([[10.0, 11, 2], [20, 21, 1], [0, 0, 0]])
    record = ObjectRecord("animal", (5, 5, 30, 30), points=points)
    source = one(record, classes=[ClassRecord("animal", 1, point_names=POINT_NAMES)])
    _, (coco,), _ = written(source, tmp_path / "coco", "coco")
    assert_close(coco.points, points, SAME_NUMBERS)
    _, (yolo,), back = written(source, tmp_path / "yolo", "yolo")
    assert_close(yolo.points, points, FRACTIONS)
    assert back.classes[0].point_names == POINT_NAMES
    _, (box, skeleton), back = written(source, tmp_path / "cvat", "cvat")
    assert_close(skeleton.points, points, SAME_NUMBERS)
    assert box.group == skeleton.group is not None and back.class_of("animal").point_names == POINT_NAMES
    report, shapes, _ = written(source, tmp_path / "labelme", "labelme")
    assert [shape.label for shape in shapes] == ["animal", "nose", "left eye"]
    assert len({shape.group for shape in shapes}) == 1
    assert report.noted["hidden point written as a visible one"] == 1
    report, shapes, _ = written(source, tmp_path / "studio", "label-studio")
    assert len(shapes) == 2 and report.dropped["hidden or missing point"] == 2


def test_turned_boxes_and_ellipses(tmp_path):
    turned = ObjectRecord("cat", (10, 10, 30, 20), rotation=30.0)
    ellipse = ObjectRecord("cat", (10, 10, 30, 20), ellipse=True)
    for format in ("cvat", "label-studio"):
        _, objects, _ = written(one(turned, ellipse), tmp_path / format, format)
        assert objects[0].rotation == 30.0 and objects[1].ellipse
        for found in objects:
            assert_close(found.box, (10, 10, 30, 20), FRACTIONS)
    for format in ("coco", "labelme", "yolo"):
        options = {"kind": "segment"} if format == "yolo" else {}
        report, objects, _ = written(one(turned, ellipse), tmp_path / format, format, **options)
        assert sum(report.noted.values()) == 2 and not report.dropped
        for found, source in zip(objects, (turned, ellipse), strict=True):
            area = polygon_mask(found.polygons, (40, 60)).area
            assert abs(area - 200 * (1 if source is turned else np.pi / 4)) < 8
    _, (found, _), _ = written(one(turned, ellipse), tmp_path / "voc", "voc")
    assert_close(found.box, turned.bounds, ONE_ADDITION)


def test_boxes_become_polygons_where_lines_must_be_of_one_kind(tmp_path):
    source = one(ObjectRecord("a", (1, 2, 11, 12)), ObjectRecord("a", polygons=[[[1, 1], [5, 1], [5, 9]]]))
    report, objects, _ = written(source, tmp_path, "yolo")
    assert report.noted == {"box or ellipse written as a polygon": 1}
    assert_close(objects[0].polygons[0], [[1, 2], [11, 2], [11, 12], [1, 12]], FRACTIONS)


def test_absent_tags_are_only_in_labelme(tmp_path):
    source = one(tags=[Tag("night", present=False), Tag("indoor")])
    for format in ("coco", "cvat", "label-studio"):
        report, _, back = written(source, tmp_path / format, format)
        assert report.dropped == {"tag that does not hold": 1}
        assert [tag.name for tag in back[0].tags] == ["indoor"]
    _, _, back = written(source, tmp_path / "labelme", "labelme")
    assert back[0].tags == source[0].tags


def test_two_annotators_are_two_records_and_one_task(tmp_path):
    def result(name):
        value = {"x": 10, "y": 10, "width": 20, "height": 20, "rectanglelabels": [name]}
        return {
            "id": name,
            "type": "rectanglelabels",
            "value": value,
            "original_width": 50,
            "original_height": 50,
        }

    entries = [{"id": 1, "result": [result("a")]}, {"id": 2, "result": [result("b")], "was_cancelled": True}]
    entries += [{"id": 3, "result": [result("c")]}]
    tasks = [
        {
            "id": 9,
            "data": {"image": "a.png"},
            "annotations": entries,
            "predictions": [{"result": [], "score": 0.5}],
        },
        {"id": 10, "data": {"image": "b.png"}, "annotations": []},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(tasks))
    annotations = read_annotations(path)
    assert [image.file_name for image in annotations] == ["a.png", "a.png", "b.png"]
    assert [one.label for image in annotations for one in image.objects] == ["a", "c"]
    assert annotations.report.noted == {"task without an annotation": 1}
    write_annotations(annotations, tmp_path / "b.json")
    kept = json.loads((tmp_path / "b.json").read_text())
    assert len(kept) == 2 and sorted(entry["id"] for entry in kept[0]["annotations"]) == [1, 2, 3]
    assert kept[0]["predictions"] == tasks[0]["predictions"] and kept[1]["annotations"] == []


def test_predictions_where_objects_have_scores(tmp_path):
    source = one(
        ObjectRecord("cat", (1, 2, 11, 12), score=0.25), ObjectRecord("cat", (1, 2, 11, 12), score=0.75)
    )
    write_annotations(source, tmp_path / "a.json", "label-studio", model_version="m1")
    (task,) = json.loads((tmp_path / "a.json").read_text())
    (entry,) = task["predictions"]
    assert (entry["model_version"], entry["score"], len(entry["result"])) == ("m1", 0.5, 2)
    assert task["data"]["image"] == "a.png" and "annotations" not in task


def test_results_need_scores(tmp_path):
    with pytest.raises(ValueError, match="needs a score"):
        write_annotations(one(ObjectRecord("cat", (1, 2, 11, 12))), tmp_path / "a.json", "coco_results")


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # its own
def test_pycocotools_opens_what_is_written(tmp_path, capsys):
    coco = pytest.importorskip("pycocotools.coco")
    outline = np.array([[2.0, 3], [30, 5], [20, 30]])
    mask = RLE.from_patch((40, 60), np.ones((4, 5)), left=20, top=10)
    objects = [
        ObjectRecord("cat", (1, 2, 11, 12)),
        ObjectRecord("cat", polygons=[outline]),
        ObjectRecord("dog", mask=mask, crowd=True),
        ObjectRecord("dog", mask=mask, score=0.5),
    ]
    write_annotations(one(*objects), tmp_path / "a.json", "coco")
    opened = coco.COCO(str(tmp_path / "a.json"))
    found = opened.loadAnns(opened.getAnnIds())
    assert found[0]["bbox"] == [1, 2, 10, 10] and found[0]["area"] == 100
    assert opened.annToMask(found[1]).sum() == found[1]["area"] == polygon_mask([outline], (40, 60)).area
    for item in found[2:]:
        assert_close(opened.annToMask(item), mask.decode(), SAME_NUMBERS)
    write_annotations(one(*objects[3:]), tmp_path / "r.json", "coco_results")
    assert len(opened.loadRes(str(tmp_path / "r.json")).anns) == 1


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    target = tmp_path / "a.json"
    target.write_text("before")
    source = one(ObjectRecord("cat", (1, 2, 11, 12)))

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr("skmtl.io._files.os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_annotations(source, target, "coco")
    assert target.read_text() == "before" and list(tmp_path.iterdir()) == [target]


def test_images_one_at_a_time(tmp_path):
    source = one(ObjectRecord("cat", (1, 2, 11, 12)))
    for format in DATASETS:
        target = tmp_path / format / NAME.get(format, "out")
        write_annotations(source, target, format)
        options = {"image_sizes": (40, 60)} if format == "yolo" else {}
        whole = read_annotations(target, format, **options)
        assert list(iter_annotations(target, format, **options)) == list(whole)


def test_arguments_are_checked(tmp_path):
    source = one(ObjectRecord("cat", (1, 2, 11, 12)))
    with pytest.raises(ValueError, match="format must be one of"):
        read_annotations(DATA / "bccd", "pascal")
    with pytest.raises(TypeError, match="format 'voc' has no option 'source'"):
        read_annotations(DATA / "bccd", "voc", source="annotations")
    with pytest.raises(ValueError, match="corners must be one of"):
        read_annotations(DATA / "bccd", "voc", corners="ends")
    with pytest.raises(ValueError, match="on_error must be"):
        read_annotations(DATA / "bccd", "voc", on_error="ignore")
    with pytest.raises(ValueError, match="max_pixels must be"):
        read_annotations(DATA / "bccd", "voc", max_pixels=0)
    with pytest.raises(ValueError, match="format must be given"):
        write_annotations(source, tmp_path / "a")
    with pytest.raises(ValueError, match="is a folder"):
        write_annotations(source, tmp_path, "coco")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        write_annotations(source, tmp_path / "file", "voc")
    with pytest.raises(ValueError, match="kind must be one of"):
        write_annotations(source, tmp_path / "y", "yolo", kind="boxes")
    with pytest.raises(ValueError, match="same annotation file"):
        write_annotations([ImageRecord("a.png", 5, 5), ImageRecord("a.jpg", 5, 5)], tmp_path / "v", "voc")
    with pytest.raises(ValueError, match="needs the size"):
        write_annotations([ImageRecord("a.png")], tmp_path / "a.xml", "cvat")
    (tmp_path / "v").mkdir(exist_ok=True)
    with pytest.raises(FormatError, match="no annotation format that is known"):
        detect_format(tmp_path / "v")
