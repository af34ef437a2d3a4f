"""What a format can hold comes back from a file of that format as it went in."""

from __future__ import annotations

import numpy as np
import pytest
from _annotations import (
    FRACTIONS,
    LABELS,
    ONE_ADDITION,
    POINT_NAMES,
    ROTATED,
    SAME_NUMBERS,
    assert_same,
    random_box,
    random_mask,
    random_outline,
    random_points,
    random_set,
    tag,
)

from skmtl.io import (
    AnnotationSet,
    ClassRecord,
    ImageRecord,
    ObjectRecord,
    Tag,
    read_annotations,
    write_annotations,
)

SEEDS = range(8)


def pick(rng, *makers):
    return makers[int(rng.integers(len(makers)))]()


def boxed(rng, size):
    return {"box": random_box(rng, size)}


def coco_object(rng, size):
    geometry = pick(
        rng,
        dict,
        lambda: {"polygons": [random_outline(rng, size) for _ in range(int(rng.integers(1, 4)))]},
        lambda: {"mask": random_mask(rng, size), "crowd": bool(rng.random() < 0.5)},
        lambda: {"points": random_points(rng, size), "label": "animal"},
    )
    score = None if rng.random() < 0.5 else float(rng.random())
    attributes = {"truncated": True, "note": LABELS[2], "n": 3} if rng.random() < 0.5 else {}
    return {"box": random_box(rng, size), "score": score, "attributes": attributes, **geometry}


def voc_object(rng, size):
    attributes = {"pose": "Left", "truncated": True, "difficult": False, "colour": LABELS[2]}
    return {"box": random_box(rng, size), "attributes": attributes if rng.random() < 0.5 else {}}


def scored(rng, size):
    return {"box": random_box(rng, size), "score": float(rng.random())}


def segment(rng, size):
    return {"polygons": [random_outline(rng, size)]}


def pose(rng, size):
    return {"box": random_box(rng, size), "points": random_points(rng, size)}


def mask_with_box(rng, size):
    mask = random_mask(rng, size)
    return {"mask": mask, "box": mask.box}


def labelme_object(rng, size):
    geometry = pick(
        rng,
        lambda: boxed(rng, size),
        lambda: segment(rng, size),
        lambda: {"line": random_outline(rng, size, 2)},
        lambda: {"points": random_points(rng, size)[:1]},
        lambda: mask_with_box(rng, size),
    )
    attributes = {"occluded": True, "blurred": False, "description": LABELS[2]} if rng.random() < 0.5 else {}
    return {**geometry, "attributes": attributes, "group": None if rng.random() < 0.5 else 7}


def cvat_object(rng, size):
    rotation = float(rng.choice([0, 33.25, 271.5]))
    geometry = pick(
        rng,
        lambda: {"box": random_box(rng, size), "rotation": rotation},
        lambda: {"box": random_box(rng, size, whole=True), "rotation": rotation, "ellipse": True},
        lambda: segment(rng, size),
        lambda: {"line": random_outline(rng, size, 2)},
        lambda: {"points": random_points(rng, size, visibility=(2,))},
        lambda: {"points": random_points(rng, size), "label": "animal"},
        lambda: mask_with_box(rng, size),
    )
    attributes = {"colour": LABELS[2]} | ({"occluded": True} if rng.random() < 0.5 else {})
    return {**geometry, "attributes": attributes, "group": None if rng.random() < 0.5 else 7}


def studio_object(rng, size):
    return pick(
        rng,
        lambda: {"box": random_box(rng, size), "label": None},
        lambda: {"box": random_box(rng, size), "rotation": 33.25},
        lambda: {"box": random_box(rng, size), "rotation": 10.0, "ellipse": True},
        lambda: segment(rng, size) | {"attributes": {"further_labels": ["b", "c"]}},
        lambda: {"line": random_outline(rng, size, 2)},
        lambda: {"points": random_points(rng, size)[:1]},
        lambda: {"mask": random_mask(rng, size)},
    )


ANIMAL = ClassRecord("animal", 77, "thing", POINT_NAMES, ((0, 1), (1, 2)))


def with_animal(annotations, record=ANIMAL):
    return AnnotationSet(annotations.images, (*annotations.classes, record))


def there_and_back(annotations, path, format, tolerance=SAME_NUMBERS, read=None, **options):
    """Write, read, compare; then once more, when not a single field may differ."""
    report = write_annotations(annotations, path, format, **options)
    assert not report.dropped, f"dropped {report.dropped}"
    first = read_annotations(path, format, **(read or {}))
    assert not first.report.skipped and not first.report.dropped
    assert_same(first, annotations, tolerance)
    write_annotations(first, path, format, **options)
    again = read_annotations(path, format, **(read or {}))
    assert again == first
    return first


def without_ids(annotations):
    """For formats that have no place for the numbers of images."""
    images = [ImageRecord(one.file_name, one.height, one.width, one.objects, one.tags) for one in annotations]
    return AnnotationSet(images, annotations.classes)


@pytest.mark.parametrize("seed", SEEDS)
def test_coco(seed, tmp_path):
    rng = np.random.default_rng(seed)
    annotations = with_animal(random_set(rng, coco_object, tags=[tag]))
    back = there_and_back(annotations, tmp_path / "a.json", "coco", ONE_ADDITION)
    assert back.classes[: len(annotations.classes)] == annotations.classes
    assert [image.id for image in back] == [image.id for image in annotations]


@pytest.mark.parametrize("seed", SEEDS)
def test_coco_results(seed, tmp_path):
    rng = np.random.default_rng(seed)

    def draw(rng, size):
        geometry = pick(
            rng,
            lambda: boxed(rng, size),
            lambda: {"mask": random_mask(rng, size)},
            lambda: {"points": random_points(rng, size), "label": "animal"},
        )
        return {**geometry, "score": float(rng.random())}

    annotations = with_animal(random_set(rng, draw))
    write_annotations(annotations, tmp_path / "truth.json", "coco")
    read = {"reference": tmp_path / "truth.json"}
    there_and_back(annotations, tmp_path / "r.json", "coco_results", ONE_ADDITION, read)


@pytest.mark.parametrize("corners", ["one_based", "zero_based", "edges"])
@pytest.mark.parametrize("seed", SEEDS)
def test_voc_boxes(seed, corners, tmp_path):
    annotations = without_ids(random_set(np.random.default_rng(seed), voc_object))
    tolerance = SAME_NUMBERS if corners == "edges" else ONE_ADDITION
    there_and_back(annotations, tmp_path / "voc", "voc", tolerance, {"corners": corners}, corners=corners)


@pytest.mark.parametrize("seed", SEEDS)
def test_voc_masks(seed, tmp_path):
    """Masks that do not overlap; those of VOC cannot."""
    rng = np.random.default_rng(seed)

    def split(image):
        size, free = image.size, np.ones(image.size, bool)
        objects = []
        for one in image.objects:
            inside = random_mask(rng, size).decode().astype(bool) & free
            free &= ~inside
            if inside.any():
                mask = type(random_mask(rng, size)).encode(inside)
                objects.append(ObjectRecord(one.label, one.box, mask=mask))
        return ImageRecord(image.file_name, *size, objects)

    annotations = random_set(rng, boxed, classes=("cat", "dog"))
    annotations = AnnotationSet([split(image) for image in annotations], annotations.classes)
    back = there_and_back(annotations, tmp_path / "voc", "voc", ONE_ADDITION)
    names = ("background", "cat", "dog")
    for image in back:
        for one in image.objects:
            numbers = image.label_map.decode()[one.mask.decode() == 1]
            assert image.label_map.names == names
            assert (numbers == names.index(one.label)).all()


@pytest.mark.parametrize(("kind", "draw"), [("detect", scored), ("segment", segment), ("pose", pose)])
@pytest.mark.parametrize("seed", SEEDS)
def test_yolo(seed, kind, draw, tmp_path):
    rng = np.random.default_rng(seed)
    made = random_set(rng, draw, subsets=(None, "train", "val"))
    images = [
        ImageRecord(one.file_name, one.height, one.width, one.objects, subset=one.subset) for one in made
    ]
    annotations = AnnotationSet(images, made.classes)
    sizes = {one.file_name: one.size for one in annotations}
    back = there_and_back(
        annotations, tmp_path / "yolo", "yolo", FRACTIONS, read={"image_sizes": sizes}, kind=kind
    )
    assert back.class_names == annotations.class_names


@pytest.mark.parametrize("seed", SEEDS)
def test_labelme(seed, tmp_path):
    rng = np.random.default_rng(seed)

    def yes_or_no(rng):
        return Tag(str(rng.choice(LABELS)), bool(rng.random() < 0.5))

    annotations = without_ids(random_set(rng, labelme_object, tags=[yes_or_no]))
    there_and_back(annotations, tmp_path / "labelme", "labelme")


@pytest.mark.parametrize("seed", SEEDS)
def test_cvat(seed, tmp_path):
    rng = np.random.default_rng(seed)
    annotations = random_set(rng, cvat_object, tags=[tag], subsets=(None, "Train"))
    annotations = with_animal(annotations, ClassRecord("animal", point_names=POINT_NAMES))
    back = there_and_back(annotations, tmp_path / "a.xml", "cvat")
    assert back.class_of("animal").point_names == POINT_NAMES


@pytest.mark.parametrize("seed", SEEDS)
def test_label_studio(seed, tmp_path):
    annotations = random_set(np.random.default_rng(seed), studio_object, tags=[tag])
    there_and_back(annotations, tmp_path / "a.json", "label-studio", ROTATED)


@pytest.mark.parametrize("seed", SEEDS)
def test_label_studio_predictions(seed, tmp_path):
    def draw(rng, size):
        return studio_object(rng, size) | {"score": float(rng.random())}

    annotations = random_set(np.random.default_rng(seed), draw)
    there_and_back(
        annotations,
        tmp_path / "a.json",
        "label-studio",
        ROTATED,
        read={"source": "predictions"},
        source="predictions",
    )
