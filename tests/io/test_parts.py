"""The small parts below the formats: PNG, image sizes, YAML, XML, decimals, records."""

from __future__ import annotations

import pickle
import struct
import zlib

import numpy as np
import pytest
from _asserts import SAME_BITS, assert_close
from skimage.io import imsave
from sklearn.model_selection import train_test_split

from skmtl.io import RLE, AnnotationSet, ClassRecord, FormatError, ImageRecord, ObjectRecord
from skmtl.io import _yaml as yaml
from skmtl.io._decimals import decimal_for, extent, show
from skmtl.io._geometry import corners_of
from skmtl.io._image_size import size_of
from skmtl.io._png import read_png, write_png
from skmtl.io._problems import Bad
from skmtl.io._voc_masks import voc_palette
from skmtl.io._xml import Node, leaf, read_tree, to_bytes


def filtered_png(pixels, kinds):
    """A PNG of which each row is filtered in the given way, written from the standard's definition."""
    height, width, channels = pixels.shape
    rows = bytearray()
    for y in range(height):
        kind = kinds[y % len(kinds)]
        rows.append(kind)
        for x in range(width):
            for c in range(channels):
                left = int(pixels[y, x - 1, c]) if x else 0
                up = int(pixels[y - 1, x, c]) if y else 0
                corner = int(pixels[y - 1, x - 1, c]) if x and y else 0
                guess = left + up - corner
                nearest = min((abs(guess - v), i, v) for i, v in enumerate((left, up, corner)))[2]
                predicted = (0, left, up, (left + up) // 2, nearest)[kind]
                rows.append((int(pixels[y, x, c]) - predicted) % 256)
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(data)) + kind + data + bytes(4) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_png_filter(channels, rng):
    pixels = rng.integers(0, 256, (11, 9, channels)).astype(np.uint8)
    found = read_png(filtered_png(pixels, (0, 1, 2, 3, 4))).pixels
    assert_close(found.reshape(pixels.shape), pixels, SAME_BITS)


@pytest.mark.parametrize(("depth", "width"), [(1, 13), (2, 7), (4, 5)])
def test_packed_png_samples(depth, width, rng):
    values = rng.integers(0, 2**depth, (3, width))
    text = ["".join(f"{v:0{depth}b}" for v in row).ljust(-(-width * depth // 8) * 8, "0") for row in values]
    rows = b"".join(b"\0" + int(row, 2).to_bytes(len(row) // 8, "big") for row in text)
    header = struct.pack(">IIBBBBB", width, 3, depth, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(data)) + kind + data + bytes(4) for kind, data in parts)
    assert_close(read_png(b"\x89PNG\r\n\x1a\n" + body).pixels, values, SAME_BITS)


def test_png_is_written_for_others_and_read_back(tmp_path, rng):
    pixels = rng.integers(0, 256, (6, 7)).astype(np.uint8)
    assert_close(read_png(write_png(pixels)).pixels, pixels, SAME_BITS)
    indexed = read_png(write_png(pixels, voc_palette()))
    assert_close(indexed.pixels, pixels, SAME_BITS)
    assert_close(indexed.palette, voc_palette(), SAME_BITS)


def test_the_palette_is_that_of_voc():
    expected = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 15: (192, 128, 128), 255: (224, 224, 192)}
    for number, colour in expected.items():
        assert tuple(voc_palette()[number]) == colour


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif"])
def test_image_sizes(suffix, tmp_path):
    path = tmp_path / f"a.{suffix}"
    imsave(path, np.zeros((33, 57, 3), np.uint8), check_contrast=False)
    assert size_of(path) == (33, 57)
    path.write_bytes(path.read_bytes()[:8])
    with pytest.raises(Bad, match="cut short"):
        size_of(path)


def test_webp_sizes(tmp_path):
    path = tmp_path / "a.webp"
    heads = {
        b"VP8 " + bytes(10) + struct.pack("<HH", 57, 33): (33, 57),
        b"VP8L" + bytes(4) + b"\x2f" + struct.pack("<I", 56 | 32 << 14): (33, 57),
        b"VP8X" + bytes(8) + (56).to_bytes(3, "little") + (32).to_bytes(3, "little"): (33, 57),
    }
    for head, size in heads.items():
        path.write_bytes(b"RIFF" + bytes(4) + b"WEBP" + head)
        assert size_of(path) == size
    path.write_bytes(b"%PDF")
    with pytest.raises(Bad, match="not PNG"):
        size_of(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("names: [cat, 'it''s', \"a # b\"]  # three", ["cat", "it's", "a # b"]),
        ("names: {0: cat, 3: dog}", {0: "cat", 3: "dog"}),
        ("names:\n- cat\n- big dog\n", ["cat", "big dog"]),
        ("names:\n  0: cat\n  1: 'x: y'\n", {0: "cat", 1: "x: y"}),
        ("names:\n  0:\n    - a\n    - b\n  1: [c]\n", {0: ["a", "b"], 1: ["c"]}),
        ("names:\n  0:\n  - a\n  1:\n  - c\n", {0: ["a"], 1: ["c"]}),
        ("names: [\n  cat,\n  dog\n]", ["cat", "dog"]),
        ("names: 3.5", 3.5),
        ("names:", None),
    ],
)
def test_yaml(text, expected):
    found = yaml.sections(f"nc: 2\n---\n{text}\nother: x\n")
    assert yaml.value(found["names"]) == expected and yaml.value(found["other"]) == "x"


def test_yaml_keys_that_are_not_read_may_hold_anything():
    text = "download: |\n  import os\n  x = {1: [\nnames: [a]\n"
    assert yaml.value(yaml.sections(text)["names"]) == ["a"]


def test_yaml_quotes_come_back():
    for name in ('a "b"', "a: b", "- x", "é 狗", "# no", "", "3", "null", "a\\b\n"):
        assert yaml.value([yaml.quoted(name)]) == name


def test_xml_comes_back(tmp_path):
    texts = ["a & <b>", 'say "x"', "line\nline", "tab\tcr\r", "é 狗 😀", "  spaces  "]
    children = [Node("t", {"v": text}, text) for text in texts]
    root = Node("annotation", children=[*children, Node("deep", children=[leaf("x", 1.5), Node("empty")])])
    path = tmp_path / "a.xml"
    path.write_bytes(to_bytes(root))
    back = read_tree(path, "annotation", 1 << 20)
    assert [node.attrib["v"] for node in back.all("t")] == texts
    assert [node.text for node in back.all("t")] == [text.strip() if "\n" in text else text for text in texts]
    assert back.find("deep") == root.find("deep")
    assert back.find("deep").line > back.find("t").line
    for bad in ("\x00", "\x1b", "\ud800", "\uffff"):
        with pytest.raises(ValueError, match="XML cannot hold"):
            to_bytes(leaf("x", bad))


def test_shortest_decimals():
    assert extent(258.15, 258.15 + 348.26) == 348.26
    assert decimal_for(1 / 3, lambda v: v == 1 / 3) == 1 / 3
    assert show(3.0) == "3" and show(0.1) == "0.1"


def test_bounds_of_every_shape():
    assert ObjectRecord(box=(1, 2, 3, 4)).bounds == (1, 2, 3, 4)
    assert ObjectRecord(polygons=[[[1, 2], [5, 3]], [[0, 9], [1, 1]]]).bounds == (0, 1, 5, 9)
    assert ObjectRecord(line=[[1, 2], [5, 3]]).bounds == (1, 2, 5, 3)
    assert ObjectRecord(points=[[1, 2, 2], [5, 3, 1], [0, 0, 0]]).bounds == (1, 2, 5, 3)
    assert ObjectRecord(points=[[1, 2, 0]]).bounds is None and ObjectRecord().bounds is None
    assert ObjectRecord(mask=RLE((3, 3), [4, 1, 4])).bounds == (1, 1, 2, 2)
    turned = ObjectRecord(box=(0, 0, 4, 2), rotation=90.0)
    assert_close(np.round(turned.bounds, 12), (1, -1, 3, 3), SAME_BITS)
    ellipse = ObjectRecord(box=(0, 0, 4, 2), rotation=90.0, ellipse=True)
    assert_close(np.round(ellipse.bounds, 12), (1, -1, 3, 3), SAME_BITS)


def test_rotation_is_clockwise_on_the_screen():
    upper_left = corners_of((0, 0, 4, 2), 90.0)[0]
    assert_close(np.round(upper_left, 12), (3, -1), SAME_BITS)


def test_records_are_checked_and_closed():
    with pytest.raises(ValueError, match="box must be"):
        ObjectRecord(box=(1, 2, 3))
    with pytest.raises(ValueError, match=r"points must have shape \(n, 3\)"):
        ObjectRecord(points=[[1, 2]])
    record = ObjectRecord("a", points=[[1, 2, 2]])
    with pytest.raises(AttributeError):
        record.label = "b"
    with pytest.raises(ValueError, match="read-only"):
        record.points[0, 0] = 5
    assert record == ObjectRecord("a", points=[[1, 2, 2]]) != ObjectRecord("a", points=[[1, 2, 1]])


def five():
    return AnnotationSet([ImageRecord(f"{i}.png", 4, 4, id=i) for i in range(5)], [ClassRecord("a")], "coco")


def test_a_set_indexes_and_splits_like_an_array():
    annotations = five()
    assert annotations.shape == (5,) and annotations[-1].id == 4
    for index, expected in [
        (slice(1, 3), [1, 2]),
        ([3, 0], [3, 0]),
        (np.array([True, False, False, False, True]), [0, 4]),
        (np.array([2, 2]), [2, 2]),
        ([], []),
    ]:
        part = annotations[index]
        assert [image.id for image in part] == expected and part.classes == annotations.classes
    with pytest.raises(IndexError, match="a mask of shape"):
        annotations[np.array([True])]
    train, test = train_test_split(annotations, test_size=2, random_state=0)
    assert isinstance(train, AnnotationSet) and sorted(image.id for image in (*train, *test)) == list(
        range(5)
    )


def test_records_can_be_pickled():
    annotations = five()
    assert pickle.loads(pickle.dumps(annotations)) == annotations
    error = pickle.loads(pickle.dumps(FormatError("a.json", "[0]", "bad")))
    assert (error.path, error.place, error.problem) == ("a.json", "[0]", "bad")
