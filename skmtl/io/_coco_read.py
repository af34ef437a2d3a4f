"""Reading COCO JSON: boxes, polygons, masks, key points, crowds and tags, and results files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from . import _checks as check
from ._context import Reading
from ._problems import Bad, FormatError, Guard
from ._records import AnnotationSet, ClassRecord, ImageRecord, ObjectRecord, Tag
from ._rle import checked_rle

_TOP = {"images", "annotations", "categories"}
_IMAGE = {"id", "file_name", "height", "width"}
_CATEGORY = {"id", "name", "supercategory", "keypoints", "skeleton"}
_GEOMETRY = {"bbox", "segmentation", "keypoints"}
_OBJECT = {"id", "image_id", "category_id", "num_keypoints", "iscrowd", "score", "attributes", *_GEOMETRY}
_TAG = {"id", "image_id", "category_id", "score", "attributes"}
_FOREIGN = {"caption": "caption", "segments_info": "panoptic segmentation"}


def read(path: Path, reading: Reading) -> AnnotationSet:
    """A COCO data set: images, categories and annotations in one file."""
    content, guard = reading.json(path), reading.guard(path)
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        hint = "; a list of results is read with format='coco_results'" if isinstance(content, list) else ""
        raise FormatError(path, "", f"not a COCO data set: there is no list of images{hint}")
    classes = _by_id(content, "categories", _category, guard)
    _unique_names(classes, guard)
    images = _by_id(content, "images", lambda item: _image(item, reading.max_pixels), guard)
    parser = _Parser(images, classes, reading)
    made = guard.each(_list(content, "annotations", guard), parser.parse, _at("annotations"), "annotation")
    extra = {key: value for key, value in content.items() if key not in _TOP}
    return AnnotationSet(_filled(images, made), list(classes.values()), "coco", extra, reading.report)


def read_results(
    path: Path, reading: Reading, reference: AnnotationSet | str | Path | None = None
) -> AnnotationSet:
    """A COCO results file: a list of detections, each with image_id, category_id and score.

    Parameters
    ----------
    reference : AnnotationSet or path, default=None
        The data set that the numbers of images and classes refer to. Without it the numbers
        themselves serve as names.
    """
    content, guard = reading.json(path), reading.guard(path)
    if not isinstance(content, list):
        raise FormatError(path, "", "not COCO results: expected a JSON array of detections")
    if isinstance(reference, (str, Path)):
        reference = read(Path(reference), reading)
    images, classes = _numbers_used(content, guard) if reference is None else _referenced(reference)
    parser = _Parser(images, classes, reading, results=True)
    made = guard.each(content, parser.parse, lambda i, _: f"[{i}]", "result")
    images = _filled(images, made)
    return AnnotationSet(images, list(classes.values()), "coco_results", {}, reading.report)


def _numbers_used(content: list, guard: Guard) -> tuple[dict, dict]:
    pairs = [(item.get("image_id"), item.get("category_id")) for item in content if isinstance(item, dict)]
    images = sorted({one for one, _ in pairs if type(one) is int})
    classes = sorted({one for _, one in pairs if type(one) is int})
    return {one: ImageRecord(str(one), id=one) for one in images}, {
        one: ClassRecord(str(one), one) for one in classes
    }


def _referenced(reference: AnnotationSet) -> tuple[dict, dict]:
    bare = [replace(image, objects=(), tags=(), label_map=None, extra={}) for image in reference]
    return {image.id: image for image in bare}, {one.id: one for one in reference.classes}


def _filled(images: dict[int, ImageRecord], made: list) -> list[ImageRecord]:
    """The images with their objects and tags, in the order of the file."""
    found: dict[int, list] = defaultdict(list)
    for image_id, record in filter(None, made):
        found[image_id].append(record)
    return [
        replace(
            image,
            objects=[one for one in found[number] if isinstance(one, ObjectRecord)],
            tags=[one for one in found[number] if isinstance(one, Tag)],
        )
        for number, image in images.items()
    ]


def _at(name: str) -> Callable[[int, object], str]:
    return lambda number, item: f"{name}[{number}]"


def _list(content: dict, name: str, guard: Guard) -> list:
    value = content.get(name, [])
    if not isinstance(value, list):
        raise FormatError(guard.path, name, f"expected a JSON array, got {check.short(value)}")
    return value


def _by_id(content: dict, name: str, make: Callable, guard: Guard) -> dict:
    """The records of a list by their ids; an id that is there twice is bad."""
    records: dict[int, object] = {}

    def add(item) -> None:
        record = make(check.mapping(item))
        if record.id in records:
            raise Bad(f"the id {record.id} is there twice", ".id")
        records[record.id] = record

    guard.each(_list(content, name, guard), add, _at(name), "image" if name == "images" else "class")
    return records


def _unique_names(classes: dict[int, ClassRecord], guard: Guard) -> None:
    """Labels are names, so a second class of the same name gets its number added."""
    seen: set[str] = set()
    for number, record in classes.items():
        if record.name in seen:
            guard.handle("categories", Bad(f"two categories are named {record.name!r}"), "class name")
            classes[number] = replace(record, name=f"{record.name} {number}")
        seen.add(classes[number].name)


def _image(item: dict, max_pixels: int) -> ImageRecord:
    height, width = check.optional_size(item.get("height"), item.get("width"), max_pixels)
    name = check.text(check.need(item, "file_name"), ".file_name")
    number = check.integer(check.need(item, "id"), ".id")
    extra = {key: value for key, value in item.items() if key not in _IMAGE}
    return ImageRecord(name, height, width, id=number, extra=extra)


def _category(item: dict) -> ClassRecord:
    names = check.sequence(item.get("keypoints") or [], ".keypoints")
    bones = check.sequence(item.get("skeleton") or [], ".skeleton")
    if not all(isinstance(bone, list) and len(bone) == 2 for bone in bones):
        raise Bad("a skeleton is a list of pairs of points", ".skeleton")
    last = len(names) or check.MAX_SIDE
    return ClassRecord(
        check.text(check.need(item, "name"), ".name"),
        check.integer(check.need(item, "id"), ".id"),
        item.get("supercategory"),
        tuple(check.text(name, ".keypoints") for name in names),
        tuple(tuple(check.integer(end, ".skeleton", 0, last) - 1 for end in bone) for bone in bones),
        {key: value for key, value in item.items() if key not in _CATEGORY},
    )


class _Parser:
    """Annotations of one file: knows its images and classes."""

    def __init__(self, images: dict, classes: dict, reading: Reading, results: bool = False):
        self.images, self.classes, self.reading, self.results = images, classes, reading, results

    def parse(self, item) -> tuple[int, ObjectRecord | Tag] | None:
        """(image id, record), or None for a kind of annotation that is not held."""
        item = check.mapping(item)
        for key, what in _FOREIGN.items():
            if key in item:
                return self.reading.drop(what)
        number = check.integer(check.need(item, "image_id"), ".image_id")
        if number not in self.images:
            raise Bad(f"no image has the id {number}", ".image_id")
        category = check.integer(check.need(item, "category_id"), ".category_id")
        if category not in self.classes:
            raise Bad(f"no category has the id {category}", ".category_id")
        if self.results:
            check.need(item, "score")
        make = self._object if any(item.get(key) for key in _GEOMETRY) else self._tag
        return number, make(item, self.images[number].size, self.classes[category])

    def _tag(self, item: dict, size: tuple, category: ClassRecord) -> Tag:
        extra = {key: value for key, value in item.items() if key not in _TAG}
        attributes = check.mapping(item.get("attributes", {}), ".attributes")
        return Tag(category.name, True, check.score(item.get("score")), item.get("id"), attributes, extra)

    def _object(self, item: dict, size: tuple, category: ClassRecord) -> ObjectRecord:
        points, extra = self._points(item, category)
        polygons, mask = self._segmentation(item.get("segmentation"), size)
        extra |= {key: value for key, value in item.items() if key not in _OBJECT}
        return ObjectRecord(
            category.name,
            _box(item["bbox"], size) if item.get("bbox") else None,
            polygons,
            points=points,
            mask=mask,
            crowd=check.flag(item.get("iscrowd", 0), ".iscrowd"),
            score=check.score(item.get("score")),
            id=item.get("id"),
            attributes=check.mapping(item.get("attributes", {}), ".attributes"),
            extra=extra,
        )

    def _segmentation(self, value, size: tuple) -> tuple:
        if not value:
            return (), None
        if isinstance(value, list):
            flat = [check.numbers(one, f".segmentation[{i}]") for i, one in enumerate(value)]
            return tuple(check.outline(one, f".segmentation[{i}]") for i, one in enumerate(flat)), None
        value = check.mapping(value, ".segmentation")
        mask = checked_rle(value.get("size"), value.get("counts"), self.reading.max_pixels)
        if size[0] is not None and mask.size != size:
            raise Bad(f"a mask of {mask.size} in an image of {size} (height, width)", ".segmentation.size")
        return (), mask

    def _points(self, item: dict, category: ClassRecord) -> tuple[np.ndarray | None, dict]:
        """Key points, and what else the file says about them."""
        if not item.get("keypoints"):
            return None, {}
        flat, extra = check.numbers(item["keypoints"], ".keypoints"), {}
        if self.results and not flat.size % 3 and not np.isin(flat[2::3], (0, 1, 2)).all():
            extra["point_scores"] = flat[2::3].tolist()
            flat[2::3] = np.where(flat[2::3] > 0, 2, 0)
        points = check.points(flat)
        if category.point_names and len(points) != len(category.point_names):
            names = len(category.point_names)
            raise Bad(f"{len(points)} points, the category names {names}", ".keypoints")
        if "num_keypoints" in item and item["num_keypoints"] != int((points[:, 2] > 0).sum()):
            extra["num_keypoints"] = item["num_keypoints"]
        return points, extra


def _box(value, size: tuple) -> tuple:
    flat = check.numbers(value, ".bbox")
    if flat.size != 4:
        raise Bad(f"expected x, y, width, height; got {flat.size} numbers", ".bbox")
    x, y, width, height = flat.tolist()
    return check.box((x, y, x + width, y + height), size, ".bbox")
