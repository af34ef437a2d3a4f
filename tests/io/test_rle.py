"""Masks as runs: those of the COCO tools, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from _asserts import SAME_BITS, assert_close

from skmtl.io import RLE, LabelMap, polygon_mask
from skmtl.io._brush import decode_brush, encode_brush
from skmtl.io._problems import Bad
from skmtl.io._rle import checked_rle

GOLDEN = json.loads((Path(__file__).resolve().parent.parent / "data" / "masks.json").read_text())


def random_masks(rng, n=40):
    for _ in range(n):
        shape = tuple(int(v) for v in rng.integers(1, 30, 2))
        yield (rng.random(shape) < rng.choice([0, 0.05, 0.5, 0.95, 1])).astype(np.uint8)


def in_order(box):
    return [0, 0, 0, 0] if box is None else [box[0], box[1], box[2] - box[0], box[3] - box[1]]


@pytest.mark.parametrize("case", GOLDEN["masks"])
def test_masks_of_the_coco_tools(case):
    mask = np.array([[int(c) for c in row] for row in case["rows"]], np.uint8)
    runs = RLE.encode(mask)
    assert runs.to_string() == case["counts"]
    assert RLE.from_string(mask.shape, case["counts"]) == runs
    assert_close(runs.decode(), mask, SAME_BITS)
    assert in_order(runs.box) == case["bbox"] and runs.area == case["area"]


@pytest.mark.parametrize("case", GOLDEN["polygons"])
def test_polygons_of_the_coco_tools(case):
    polygons = [np.reshape(flat, (-1, 2)) for flat in case["polygons"]]
    assert polygon_mask(polygons, tuple(case["size"])).to_string() == case["counts"]


def test_against_pycocotools_where_it_is_installed(rng):
    coco = pytest.importorskip("pycocotools.mask")
    for mask in random_masks(rng):
        theirs = coco.encode(np.asfortranarray(mask))
        assert RLE.encode(mask).to_string() == theirs["counts"].decode()
    for _ in range(200):
        size = tuple(int(v) for v in rng.integers(1, 60, 2))
        flat = [rng.uniform(-10, 70, int(rng.integers(3, 9)) * 2) for _ in range(2)]
        theirs = coco.merge(coco.frPyObjects([one.tolist() for one in flat], *size))
        ours = polygon_mask([one.reshape(-1, 2) for one in flat], size)
        assert ours.to_string() == theirs["counts"].decode()


def test_runs_begin_with_zeros_and_go_down_the_columns():
    mask = np.array([[1, 0, 0], [1, 0, 1]], np.uint8)
    assert RLE.encode(mask).counts.tolist() == [0, 2, 3, 1]


def test_large_counts_are_packed_and_unpacked():
    counts = [0, 5, 70_000, 3, 40_000_000, 2, 1, 100_000_000]
    size = (1, sum(counts))
    assert RLE.from_string(size, RLE(size, counts).to_string()) == RLE(size, counts)


def test_empty_runs_survive():
    runs = RLE((2, 3), [1, 0, 2, 3])
    assert RLE.from_string((2, 3), runs.to_string()) == runs
    assert runs.area == 3 and runs.box == (1, 0, 3, 2)


def test_union(rng):
    masks = [(rng.random((9, 7)) < 0.3).astype(np.uint8) for _ in range(4)]
    runs = [RLE.encode(mask) for mask in masks]
    assert runs[0].union(*runs[1:]) == RLE.encode(np.any(masks, axis=0))
    with pytest.raises(ValueError, match="different sizes"):
        runs[0].union(RLE((1, 1), [1]))


def test_patches(rng):
    for mask in random_masks(rng):
        full = np.zeros((40, 41), np.uint8)
        full[3 : 3 + mask.shape[0], 5 : 5 + mask.shape[1]] = mask
        runs = RLE.from_patch(full.shape, mask, left=5, top=3)
        assert runs == RLE.encode(full)
        part = runs.patch(5, 3, 5 + mask.shape[1], 3 + mask.shape[0])
        assert_close(part, mask, SAME_BITS)
    with pytest.raises(ValueError, match="a patch of"):
        RLE.from_patch((4, 4), np.ones((3, 3)), left=2, top=0)


@pytest.mark.parametrize(
    ("size", "counts", "message"),
    [
        ((2, 2), [5], "runs"),
        ((2, 2), [1, 2], "runs cover 3"),
        ((2, 2), [-1, 5], "runs"),
        ((2, 2), [2**62, 2**62, 2**62, 2**62, 4], "runs"),
        ((2, 2), "", "compressed"),
        ((2, 2), "\x00", "compressed"),
        ((2, 2), "é", "compressed"),
        ((2, 2), "o" * 30, "cut off"),
        ((2, 2), "P", "cut off"),
        ((2, 2), [1.5, 2.5], "list of lengths"),
        ((2, 2), None, "list of lengths"),
        ((2, 2), [10**30], "counts"),
        ((10**6, 10**6), "0", "max_pixels"),
        ((0, 4), [0], "height"),
        ((2.5, 4), [10], "height"),
        ("22", [4], "height"),
        ([2], [2], "size"),
        (None, [2], "size"),
    ],
)
def test_damaged_masks_are_refused(size, counts, message):
    with pytest.raises(Bad) as caught:
        checked_rle(size, counts)
    assert message in caught.value.problem + caught.value.where


def test_an_outline_without_end_is_refused():
    with pytest.raises(ValueError, match="outline is longer"):
        polygon_mask([np.array([[0, 0], [1e8, 0], [0, 1e8]])], (10, 10))


def test_brush_masks_come_back(rng):
    for mask in random_masks(rng):
        runs = RLE.encode(mask)
        assert decode_brush(encode_brush(runs), mask.shape) == runs


def test_brush_masks_of_single_values():
    """A stream by hand: 8 values (two pixels), none repeated; the last of four is alpha."""
    values = [9, 9, 9, 0, 9, 9, 9, 200]
    text = (
        f"{8:032b}" + f"{7:05b}" + "0010" * 4 + "0" + "00" + f"{7:03b}" + "".join(f"{v:08b}" for v in values)
    )
    text += "0" * (-len(text) % 8)
    data = bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))
    assert_close(decode_brush(data, (1, 2)).decode(), [[0, 1]], SAME_BITS)
    for cut in range(len(data)):
        with pytest.raises(Bad, match="cut short"):
            decode_brush(data[:cut], (1, 2))
    with pytest.raises(Bad, match="8 values for an image of 2 x 2"):
        decode_brush(data, (2, 2))


def test_label_maps(rng):
    numbers = rng.choice(np.array([0, 1, 255], np.uint8), (7, 9))
    labels = LabelMap.encode(numbers, ("background", "cat"))
    assert_close(labels.decode(), numbers, SAME_BITS)
    assert labels == LabelMap.encode(numbers, ("background", "cat"))
    assert labels != LabelMap.encode(numbers)
    with pytest.raises(ValueError, match="uint8"):
        LabelMap.encode(numbers.astype(int))
