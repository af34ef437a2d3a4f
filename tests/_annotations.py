"""Random annotations, and comparisons of annotations read back from a file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from _asserts import Tolerance, assert_close

from skmtl.io import RLE, AnnotationSet, ClassRecord, ImageRecord, ObjectRecord, Tag

SAME_NUMBERS = Tolerance("written so that they read back to the same bits")
ONE_ADDITION = Tolerance("a corner from another corner and an extent, or counted from 1", atol=1e-12)
FRACTIONS = Tolerance("pixels turned into fractions of the image and back", atol=1e-9)
ROTATED = Tolerance("turned about another point and back, 11 decimals of a percent", atol=1e-7)

LABELS = ("cat", "véhicule léger", 'odd "name" & <tag>', "狗", "it's", "a/b\\c")
POINT_NAMES = ("nose", "left eye", "tail end")


def number(rng, low, high):
    """A coordinate as files have it: whole, with a few decimals, or with all bits."""
    value = rng.uniform(low, high)
    return float(round(value, int(rng.choice([0, 1, 2, 6, 17]))))


def random_box(rng, size, whole=False):
    height, width = size

    def draw(high):
        return float(rng.integers(0, high + 1)) if whole else number(rng, 0, high)

    while True:
        (x0, x1), (y0, y1) = (sorted((draw(side), draw(side))) for side in (width, height))
        if x1 - x0 > 0.5 and y1 - y0 > 0.5:
            return x0, y0, x1, y1


def random_outline(rng, size, least=3):
    corners = int(rng.integers(least, 9))
    return np.array([[number(rng, 0, size[1]), number(rng, 0, size[0])] for _ in range(corners)])


def random_mask(rng, size):
    while True:
        mask = rng.random(size) < rng.choice([0.05, 0.5])
        mask[: int(rng.integers(0, size[0]))] = False
        if mask.any():
            return RLE.encode(mask)


def random_points(rng, size, visibility=(0, 1, 2)):
    xy = random_outline(rng, size, 8)[: len(POINT_NAMES)]
    v = rng.choice(visibility, len(POINT_NAMES)).astype(float)
    v[0] = 2
    return np.column_stack([xy, v])


def random_set(rng, draw, *, n_images=4, tags=(), classes=LABELS[:4], subsets=(None,), point_class=False):
    """An AnnotationSet; ``draw(rng, size)`` gives the fields of an object, ``tags`` how tags are made."""
    images = []
    for number_ in range(n_images):
        size = (int(rng.integers(8, 60)), int(rng.integers(8, 60)))
        objects = [
            ObjectRecord(**{"label": str(rng.choice(classes)), **draw(rng, size)})
            for _ in range(int(rng.integers(0, 5)))
        ]
        chosen = [make(rng) for make in tags if rng.random() < 0.5]
        name = f"part {number_ % 2}/image_{number_}.png"
        subset = subsets[number_ % len(subsets)]
        images.append(ImageRecord(name, *size, objects, chosen, subset=subset, id=number_))
    return AnnotationSet(images, [ClassRecord(name, i + 1) for i, name in enumerate(classes)])


def tag(rng, names=LABELS):
    return Tag(str(rng.choice(names)))


def bare(annotations):
    """The images without what only their format can hold and without numbers of their own."""
    images = []
    for image in annotations:
        objects = [replace(one, extra={}, id=None) for one in image.objects]
        tags = [replace(one, extra={}, id=None) for one in image.tags]
        images.append(replace(image, objects=objects, tags=tags, extra={}, id=None, label_map=None))
    return sorted(images, key=lambda image: (image.subset or "", image.file_name))


def assert_same(actual, expected, tolerance=SAME_NUMBERS):
    """The same images with the same objects and tags, in order, up to the tolerance of numbers."""
    actual, expected = bare(actual), bare(expected)
    assert [image.file_name for image in actual] == [image.file_name for image in expected]
    for one, other in zip(actual, expected, strict=True):
        assert one.size == other.size
        assert one.subset == other.subset
        assert one.tags == other.tags
        assert len(one.objects) == len(other.objects)
        for mine, theirs in zip(one.objects, other.objects, strict=True):
            assert_same_object(mine, theirs, tolerance)


def assert_same_object(mine, theirs, tolerance):
    plain = {"box": None, "polygons": (), "line": None, "points": None, "rotation": 0.0}
    assert replace(mine, **plain) == replace(theirs, **plain)
    assert len(mine.polygons) == len(theirs.polygons)
    for name in ("box", "line", "points", "rotation"):
        a, b = getattr(mine, name), getattr(theirs, name)
        assert (a is None) == (b is None), f"{name}: {a} and {b}"
        if a is not None:
            assert_close(a, b, tolerance, name)
    for a, b in zip(mine.polygons, theirs.polygons, strict=True):
        assert_close(a, b, tolerance, "polygon")
