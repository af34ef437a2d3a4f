"""Attacks, damage anywhere in a file, names that lead out of their folder, files of any size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from _hostile import GOOD_PNG, bomb, png_header

from skmtl.io import (
    FORMATS,
    AnnotationSet,
    FormatError,
    ImageRecord,
    ObjectRecord,
    read_annotations,
    write_annotations,
)
from skmtl.io._files import safe_join
from skmtl.io._problems import Bad

DATA = Path(__file__).resolve().parent.parent / "data" / "formats"


LAUGHS = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
XML_ATTACKS = [
    f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><ROOT>&l9;</ROOT>',
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><ROOT><a>&e;</a></ROOT>',
    '<!DOCTYPE x SYSTEM "http://localhost/x.dtd"><ROOT/>',
    "<ROOT>" + "<a>" * 5000 + "</a>" * 5000 + "</ROOT>",
    "<ROOT><a></ROOT>",
    "<ROOT>",
    "<other/>",
    "",
    '<?xml version="1.0" encoding="no-such-thing"?><ROOT/>',
]


@pytest.mark.parametrize(("format", "root"), [("voc", "annotation"), ("cvat", "annotations")])
@pytest.mark.parametrize("attack", XML_ATTACKS)
def test_xml_attacks(format, root, attack, tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(attack.replace("ROOT", root))
    with pytest.raises(FormatError, match=r"a\.xml"):
        read_annotations(path, format)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"GIF89a", "not a PNG"),
        (GOOD_PNG[:40], "cut short"),
        (png_header(10**6, 10**6), "cut short"),
        (bomb(900_000, 900_000), "max_pixels"),
        (bomb(4, 2), "a mask of (2, 4) for an image of (4, 4)"),
        (GOOD_PNG.replace(b"IDAT\x78", b"IDAT\x00"), "damaged"),
        (GOOD_PNG[:28] + b"\x01" + GOOD_PNG[29:], "interlaced"),
        (GOOD_PNG[:24] + b"\x05" + GOOD_PNG[25:], "with 5 bits"),
    ],
)
def test_bad_voc_masks(data, message, tmp_path):
    for folder in ("Annotations", "SegmentationClass"):
        (tmp_path / folder).mkdir()
    size = "<size><width>4</width><height>4</height></size>"
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>"
    content = f"<annotation>{size}<object><name>cat</name>{box}</object></annotation>"
    (tmp_path / "Annotations" / "a.xml").write_text(content)
    (tmp_path / "SegmentationClass" / "a.png").write_bytes(data)
    with pytest.raises(FormatError) as caught:
        read_annotations(tmp_path)
    assert message in str(caught.value) and "SegmentationClass" in str(caught.value)
    kept = read_annotations(tmp_path, on_error="skip")
    assert kept.report.skipped == {"mask file": 1} and len(kept[0].objects) == 1


REAL = [
    ("coco", DATA / "datumaro" / "person_keypoints_val.json"),
    ("coco_results", DATA / "coco_results" / "segm.json"),
    ("cvat", DATA / "datumaro" / "cvat_images.xml"),
    ("voc", DATA / "datumaro" / "voc" / "Annotations" / "2007_000001.xml"),
    ("labelme", DATA / "written" / "labelme" / "shapes.json"),
    ("label-studio", DATA / "label_studio" / "turned.json"),
]


@pytest.mark.parametrize(("format", "source"), REAL)
@pytest.mark.parametrize("how", ["cut", "flip", "insert"])
def test_damage_anywhere_gives_a_format_error_or_annotations(format, source, how, tmp_path, rng):
    """Whatever bytes are changed, nothing but a FormatError leaves the readers."""
    data, path = source.read_bytes(), tmp_path / source.name
    for _ in range(60):
        at = int(rng.integers(len(data)))
        piece = {"cut": b"", "flip": bytes(rng.integers(32, 127, 3).astype(np.uint8)), "insert": b'"-9e9'}[
            how
        ]
        path.write_bytes(
            data[:at] + piece + (b"" if how == "cut" else data[at + len(piece) * (how == "flip") :])
        )
        for on_error in ("raise", "skip"):
            try:
                assert isinstance(read_annotations(path, format, on_error=on_error), AnnotationSet)
            except FormatError as error:
                assert error.path == str(path)


JUNK = [None, True, -1, 0, 3.5, 1e300, 10**40, "", "x", [], [[]], [None], {}, {"a": None}, [[1, 2], [3, 4]]]


def _with_junk(content, rng):
    """A copy with one value anywhere replaced by something of another kind."""
    paths = []

    def walk(value, path):
        paths.append(path)
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            walk(value[key], (*path, key))

    walk(content, ())
    *parents, last = paths[int(rng.integers(1, len(paths)))]
    copy = json.loads(json.dumps(content))
    holder = copy
    for key in parents:
        holder = holder[key]
    holder[last] = JUNK[int(rng.integers(len(JUNK)))]
    return copy


@pytest.mark.parametrize(("format", "source"), [one for one in REAL if one[1].suffix == ".json"])
def test_values_of_the_wrong_kind_anywhere(format, source, tmp_path, rng):
    content, path = json.loads(source.read_text()), tmp_path / "a.json"
    for _ in range(150):
        path.write_text(json.dumps(_with_junk(content, rng)))
        try:
            kept = read_annotations(path, format, on_error="skip")
        except FormatError:
            continue
        for image in kept:
            assert image.file_name and all(
                one.bounds is None or len(one.bounds) == 4 for one in image.objects
            )


@pytest.mark.parametrize(
    "name", ["../a.jpg", "x/../../a.jpg", "..\\a.jpg", "C:\\a.jpg", "C:a.jpg", "a\x00b", ""]
)
def test_names_that_lead_out_of_the_folder(name, tmp_path):
    with pytest.raises(Bad):
        safe_join(tmp_path, name)
    annotations = AnnotationSet([ImageRecord(name, 5, 5, [ObjectRecord("c", (0, 0, 1, 1))])])
    for format in ("voc", "yolo", "labelme"):
        with pytest.raises(ValueError, match="image 0"):
            write_annotations(annotations, tmp_path / "out", format)
    assert not list(tmp_path.rglob("*.*"))


def test_absolute_names_are_written_below_the_folder(tmp_path):
    annotations = AnnotationSet([ImageRecord("/etc/a.jpg", 5, 5, [ObjectRecord("c", (0, 0, 1, 1))])])
    report = write_annotations(annotations, tmp_path / "out", "labelme")
    assert [path.relative_to(tmp_path).as_posix() for path in report.files] == ["out/etc/a.json"]
    assert report.noted == {"absolute file name written below the folder": 1}


def test_a_link_that_leads_out_is_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    with pytest.raises(Bad, match="leads out"):
        safe_join(tmp_path / "in", "link/a.jpg")


def test_files_larger_than_allowed():
    with pytest.raises(FormatError, match="max_bytes=100"):
        read_annotations(DATA / "datumaro" / "instances_val.json", max_bytes=100)
    source = DATA / "datumaro" / "cvat_images.xml"
    with pytest.raises(FormatError, match="max_bytes=100"):
        read_annotations(source, max_bytes=100)
    with pytest.raises(FormatError, match="max_pixels=99"):
        read_annotations(source, max_pixels=99)


@pytest.mark.parametrize("format", FORMATS)
def test_a_path_that_is_not_there(format, tmp_path):
    with pytest.raises(FormatError, match="nothing"):
        read_annotations(tmp_path / "nothing", format)


@pytest.mark.parametrize("format", FORMATS)
def test_another_formats_file(format, tmp_path):
    """A format forced on a file of another one says so."""
    wrong = DATA / "written" / ("scene_cvat.xml" if format != "cvat" else "scene_coco.json")
    with pytest.raises(FormatError):
        read_annotations([wrong] if format in ("voc", "labelme", "yolo") else wrong, format)
