"""Damaged, truncated, hostile and enormous files: an error that says where, or a counted skip."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from _hostile import GOOD_PNG, bomb

from skmtl.io import (
    FormatError,
    read_annotations,
)

DATA = Path(__file__).resolve().parent.parent / "data" / "formats"
NAN = float("nan")


def coco(**change):
    image = {"id": 1, "file_name": "a.jpg", "height": 10, "width": 20}
    good = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
    return {
        "images": [image],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [good, {**good, **change}],
    }


BAD_COCO = [
    ({"bbox": [1, 2, 0, 4]}, ".bbox", "no area"),
    ({"bbox": [1, 2, -3, 4]}, ".bbox", "no area"),
    ({"bbox": [30, 2, 3, 4]}, ".bbox", "outside the image of 10 x 20"),
    ({"bbox": [1, 2, 3]}, ".bbox", "got 3 numbers"),
    ({"bbox": [1, 2, "3", 4]}, ".bbox", "numbers only"),
    ({"bbox": [1, 2, 1e300, 4]}, ".bbox", "not finite or beyond"),
    ({"bbox": [1, 2, 10**400, 4]}, ".bbox", "out of range"),
    ({"bbox": {"x": 1}}, ".bbox", "list of numbers"),
    ({"image_id": 7}, ".image_id", "no image has the id 7"),
    ({"image_id": "1x"}, ".image_id", "expected a number"),
    ({"category_id": 9}, ".category_id", "no category has the id 9"),
    ({"category_id": None}, ".category_id", "expected a number"),
    ({"iscrowd": 5}, ".iscrowd", "expected 0 or 1"),
    ({"score": "high"}, ".score", "expected a number"),
    ({"attributes": [1]}, ".attributes", "JSON object"),
    ({"segmentation": [[1, 2, 3, 4]]}, ".segmentation[0]", "at least 3 points"),
    ({"segmentation": [[1, 2, 3, 4, 5, 6, 7]]}, ".segmentation[0]", "pairs"),
    ({"segmentation": [1, 2, 3, 4, 5, 6]}, ".segmentation[0]", "list of numbers"),
    ({"segmentation": {"size": [10, 20], "counts": [1, 2]}}, ".segmentation.counts", "runs cover 3 pixels"),
    (
        {"segmentation": {"size": [5, 20], "counts": [100]}},
        ".segmentation.size",
        "(5, 20) in an image of (10",
    ),
    ({"segmentation": {"size": [10**6, 10**6], "counts": "0"}}, ".segmentation.size", "max_pixels"),
    ({"segmentation": {"counts": "0"}}, ".segmentation.size", "[height, width]"),
    ({"keypoints": [1, 2, 3]}, ".keypoints", "0, 1 or 2"),
    ({"keypoints": [1, 2]}, ".keypoints", "x, y, v"),
]


@pytest.mark.parametrize(("change", "where", "message"), BAD_COCO)
def test_bad_coco_objects(change, where, message, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(coco(**change)))
    with pytest.raises(FormatError) as caught:
        read_annotations(path, "coco")
    assert caught.value.path == str(path) and caught.value.place == f"annotations[1]{where}"
    assert message in caught.value.problem and str(path) in str(caught.value)
    skipped = read_annotations(path, "coco", on_error="skip")
    assert len(skipped[0].objects) == 1 and skipped.report.skipped == {"annotation": 1}
    assert skipped.report.examples == [str(caught.value)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"height": 0}, "height"),
        ({"width": -5}, "width"),
        ({"height": 10**9}, "height"),
        ({"height": 999_999, "width": 999_999}, "max_pixels"),
        ({"width": None}, "width"),
        ({"file_name": ""}, "expected a text"),
        ({"id": 2}, "there twice"),
    ],
)
def test_bad_coco_images(change, message, tmp_path):
    content = coco()
    content["images"].append({"id": 2, "file_name": "b.jpg", "height": 5, "width": 5})
    content["images"].append({"id": 3, "file_name": "c.jpg", "height": 5, "width": 5, **change})
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    with pytest.raises(FormatError, match=r"images\[2\]") as caught:
        read_annotations(path)
    assert message in str(caught.value)
    assert len(read_annotations(path, on_error="skip")) == 2


BAD_FILES = [
    (b"", "not JSON"),
    (b"{", "line 1 column 2"),
    (b'{"images": [NaN]}', "NaN"),
    (b'{"images": [1e999]}', "JSON object"),
    (b'{"images": [' + b"9" * 5000 + b"]}", "digits"),
    (b"[" * 100_000, "nested too deeply"),
    (b'{"images": 3}', "no list of images"),
    (b'{"images": [], "annotations": {}}', "expected a JSON array"),
    (b"\xff\xfe\x00", "not UTF-8"),
    (b"[]", "coco_results"),
    (b"null", "no list of images"),
]


@pytest.mark.parametrize(("data", "message"), BAD_FILES)
def test_bad_coco_files(data, message, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(FormatError) as caught:
        read_annotations(path, "coco")
    assert message in str(caught.value) and "a.json" in str(caught.value)


def test_two_categories_of_one_name(tmp_path):
    content = coco()
    content["categories"].append({"id": 2, "name": "cat"})
    content["annotations"][1]["category_id"] = 2
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    with pytest.raises(FormatError, match="two categories are named 'cat'"):
        read_annotations(path)
    labels = [one.label for one in read_annotations(path, on_error="skip")[0].objects]
    assert labels == ["cat", "cat 2"]


def voc(size="<size><width>20</width><height>10</height></size>", box="1 2 3 4", name="cat"):
    corners = "".join(
        f"<{t}>{v}</{t}>" for t, v in zip(("xmin", "ymin", "xmax", "ymax"), box.split(), strict=False)
    )
    obj = f"<object>\n<name>{name}</name><bndbox>{corners}</bndbox></object>"
    return f"<annotation><filename>a.jpg</filename>{size}{obj}</annotation>"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (voc(box="5 2 4 4"), "line 1 <object> 1 <bndbox>: the box"),
        (voc(box="nan 2 4 4"), "finite"),
        (voc(box="1 2 x 4"), "expected a number, got 'x'"),
        (voc(box="1 2 3"), "<bndbox> has no <ymax>"),
        (voc(box="1_0 2 13 4"), "finite number, got '1_0'"),
        (voc(box="31 2 33 4"), "outside the image"),
        (voc(name=""), "<name>: expected a text"),
        (voc(size="<size><width>0</width><height>10</height></size>"), "width"),
        (voc(size="<size><width>9e9</width><height>10</height></size>"), "width"),
        (voc(size="<size><height>10</height></size>"), "<size> has no <width>"),
    ],
)
def test_bad_voc(content, message, tmp_path):
    (tmp_path / "a.xml").write_text(content)
    (tmp_path / "b.xml").write_text(voc())
    with pytest.raises(FormatError) as caught:
        read_annotations(tmp_path, "voc")
    assert message in str(caught.value)
    kept = read_annotations(tmp_path, "voc", on_error="skip")
    assert sum(kept.report.skipped.values()) == 1 and kept[-1].objects[0].label == "cat"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0.5 0.5 0 0.1", "no area"),
        ("0 50 50 10 10", "look like pixels"),
        ("0 0.5 0.5 0.1", "4 numbers or more"),
        ("0 0.5 nan 0.1 0.1", "finite"),
        ("x 0.5 0.5 0.1 0.1", "class: expected a number, got 'x'"),
        ("-1 0.5 0.5 0.1 0.1", "class: expected an integer"),
        ("1.5 0.5 0.5 0.1 0.1", "class: expected an integer"),
        ("7 0.5 0.5 0.1 0.1", "class 7 has no name"),
        ("0 1 2 3 4 5 6 7 8", "look like pixels"),
    ],
)
def test_bad_yolo(line, message, tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "classes.txt").write_text("cat\n")
    (tmp_path / "labels" / "a.txt").write_text(f"0 0.5 0.5 0.1 0.1\n\n{line}\n")
    with pytest.raises(FormatError, match="line 3") as caught:
        read_annotations(tmp_path, image_sizes=(50, 50))
    assert message in str(caught.value)
    kept = read_annotations(tmp_path, image_sizes=(50, 50), on_error="skip")
    assert len(kept[0].objects) == 1 and kept.report.skipped == {"object": 1}


def test_yolo_without_the_size_of_an_image(tmp_path):
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(FormatError, match="give image_sizes="):
        read_annotations(tmp_path, "yolo")


@pytest.mark.parametrize(
    "text", ["names: [a, b", "names: {0 a}", "names: 3", "names:\n  a: b", "- x", '"names: 1']
)
def test_bad_yaml(text, tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(FormatError, match=r"data\.yaml"):
        read_annotations(tmp_path, "yolo")


def labelme(**change):
    shape = {"label": "cat", "points": [[1, 2], [3, 4]], "shape_type": "rectangle", **change}
    return {"shapes": [shape], "imagePath": "a.jpg", "imageHeight": 10, "imageWidth": 20}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape_type": "__class__"}, "unknown shape_type '__class__'"),
        ({"shape_type": ["x"]}, "unknown shape_type"),
        ({"points": [[1, 2]]}, "a rectangle of 1 points"),
        ({"points": [[1, 2], [1, 4]]}, "no area"),
        ({"points": [[1], [2]]}, "[x, y]"),
        ({"points": "ab"}, "[x, y]"),
        ({"label": None}, "label"),
        ({"flags": {"x": "perhaps"}}, "expected 0 or 1"),
        ({"group_id": "first"}, "group_id"),
        ({"shape_type": "circle", "points": [[1, 2], [1, 2]]}, "no area"),
        ({"shape_type": "mask", "mask": "%%%"}, ".mask"),
        ({"shape_type": "mask", "mask": None}, ".mask"),
        ({"shape_type": "mask", "mask": base64.b64encode(bomb(900_000, 900_000)).decode()}, "max_pixels"),
        (
            {"shape_type": "mask", "points": [[18, 2], [21, 5]], "mask": base64.b64encode(GOOD_PNG).decode()},
            "patch",
        ),
    ],
)
def test_bad_labelme(change, message, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(labelme(**change)))
    with pytest.raises(FormatError, match=r"shapes\[0\]") as caught:
        read_annotations(path, "labelme")
    assert message in str(caught.value)
    assert read_annotations(path, "labelme", on_error="skip").report.skipped == {"shape": 1}


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ('<box label="c" xtl="1" ytl="1" xbr="1" ybr="2"/>', "no area"),
        ('<box label="c" xtl="1" ytl="1" xbr="2"/>', "no attribute 'ybr'"),
        ('<box xtl="1" ytl="1" xbr="2" ybr="2"/>', "no attribute 'label'"),
        ('<polygon label="c" points="1,2;3"/>', "x,y;x,y"),
        ('<polygon label="c" points="1,2;3,4"/>', "at least 3 points"),
        ('<points label="c" points=""/>', "x,y;x,y"),
        ('<mask label="c" rle="1,2" left="0" top="0" width="2" height="2"/>', "3 of 4 pixels"),
        ('<mask label="c" rle="-1,5" left="0" top="0" width="2" height="2"/>', ".rle"),
        ('<mask label="c" rle="4" left="19" top="0" width="2" height="2"/>', "a mask up to 21"),
        ('<mask label="c" rle="4" left="0" top="0" width="100000000" height="100000000"/>', "a mask up to"),
        ('<ellipse label="c" cx="1" cy="1" rx="0" ry="2"/>', "no area"),
        ('<tag label=""/>', "expected a text"),
    ],
)
def test_bad_cvat(shape, message, tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(
        f'<annotations>\n<image id="0" name="a" width="20" height="10">\n{shape}</image></annotations>'
    )
    with pytest.raises(FormatError, match="line 3") as caught:
        read_annotations(path)
    assert message in str(caught.value)
    assert read_annotations(path, on_error="skip").report.skipped == {"shape": 1}


def studio(value, **change):
    result = {
        "type": "rectanglelabels",
        "original_width": 20,
        "original_height": 10,
        "value": value,
        **change,
    }
    return [{"id": 1, "data": {"image": "a.jpg"}, "annotations": [{"result": [result]}]}]


BOX = {"x": 10, "y": 10, "width": 10, "height": 10, "rectanglelabels": ["c"]}


@pytest.mark.parametrize(
    ("value", "change", "message"),
    [
        ({**BOX, "width": 0}, {}, "no area"),
        ({**BOX, "x": "a"}, {}, "expected a number"),
        ({"x": 1}, {}, "'y' is missing"),
        (BOX, {"original_width": None}, "percent of what"),
        ({**BOX, "rectanglelabels": [3]}, {}, "expected a text"),
        ({"points": [[1, 1], [2, 2]]}, {"type": "polygonlabels"}, "at least 3 points"),
        ({"format": "png"}, {"type": "brushlabels"}, "expected 'rle'"),
        ({"format": "rle", "rle": [0, 0, 3, 32, 300]}, {"type": "brushlabels"}, "bytes"),
        ({"format": "rle", "rle": [255] * 8}, {"type": "brushlabels"}, "4294967295 values"),
        ({"choices": "x"}, {"type": "choices"}, "JSON array"),
    ],
)
def test_bad_label_studio(value, change, message, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(studio(value, **change)))
    with pytest.raises(FormatError, match=r"\[0\]\.annotations\[0\]\.result\[0\]") as caught:
        read_annotations(path, "label-studio")
    assert message in str(caught.value)
    assert read_annotations(path, "label-studio", on_error="skip").report.skipped == {"result": 1}
