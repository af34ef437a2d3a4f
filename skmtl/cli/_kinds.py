"""The kinds of annotation that the command line learns: what of a record each is, and which a file holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..annotation import (
    ImageHead,
    InstancesHead,
    MultiPoseHead,
    ObjectsHead,
    PixelsHead,
    PoseHead,
    RegionsHead,
)
from ..io import AnnotationSet, ClassRecord, ImageRecord, ObjectRecord

HEADS = {
    "objects": ObjectsHead,
    "instances": InstancesHead,
    "points": PoseHead,
    "bodies": MultiPoseHead,
    "pixels": PixelsHead,
    "regions": RegionsHead,
    "tags": ImageHead,
}
KINDS = tuple(HEADS)
#: What of `score_annotations` tells how good each is.
SCORES = {
    "objects": ("boxes", "counts"),
    "instances": ("boxes", "masks", "counts"),
    "points": ("points",),
    "bodies": ("points", "bodies"),
    "pixels": ("pixels",),
    "regions": ("pixels",),
    "tags": ("class", "tags"),
}
#: Pairs that tell the same thing twice.
RIVALS = (("objects", "instances"), ("points", "bodies"), ("pixels", "regions"))


def is_outlined(one: ObjectRecord) -> bool:
    return one.mask is not None or bool(one.polygons)


def is_boxed(one: ObjectRecord) -> bool:
    return one.box is not None or is_outlined(one)


def kinds_held(records: Sequence[ImageRecord]) -> list[str]:
    """The kinds that the annotations are enough for.

    Objects with an outline each are instances, else those with a box are objects; points where no image has
    two bodies, else bodies; pixels where there are label maps, tags where there are tags.
    """
    objects = [one for image in records for one in image.objects if not one.crowd and is_boxed(one)]
    most = max(len(_bodies(image)) for image in records)
    kinds = []
    if objects:
        kinds.append("instances" if all(map(is_outlined, objects)) else "objects")
    if most:
        kinds.append("points" if most == 1 else "bodies")
    if any(image.label_map is not None for image in records):
        kinds.append("pixels")
    if any(image.tags for image in records):
        kinds.append("tags")
    if not kinds:
        raise ValueError(
            "the annotations hold nothing to learn: no boxes, no outlines, no points, no "
            "tags and no label maps"
        )
    return kinds


def checked_kinds(text: str, records: Sequence[ImageRecord]) -> list[str]:
    """The kinds that the user names, of which the annotations must hold something."""
    kinds = list(dict.fromkeys(text.split(",")))
    for kind in kinds:
        if kind not in HEADS:
            raise ValueError(f"--kinds: {kind!r} is none of {', '.join(KINDS)}")
        if all(part_of(image, kind) is None for image in records):
            raise ValueError(f"--kinds: the annotations hold no {kind}")
    for pair in RIVALS:
        if set(pair) <= set(kinds):
            raise ValueError(f"--kinds: {' and '.join(pair)} tell the same thing; choose one")
    return kinds


def part_of(image: ImageRecord, kind: str) -> ImageRecord | None:
    """What a head of that kind learns from; None where the image lacks it.

    An image without objects is one in which there are none.
    """
    if kind in ("objects", "instances"):
        return replace(image, objects=[one for one in image.objects if one.crowd or is_boxed(one)])
    if kind == "bodies":
        return image
    if kind == "points":
        return replace(image, objects=_bodies(image)) if _bodies(image) else None
    if kind == "tags":
        return image if image.tags else None
    return image if image.label_map is not None else None


def _bodies(image: ImageRecord) -> list[ObjectRecord]:
    return [one for one in image.objects if one.points is not None and not one.crowd]


def vocabulary(annotations: AnnotationSet, kinds: Sequence[str]) -> tuple[list[ClassRecord], list[str]]:
    """The classes that annotations list and use, the body's with the names of its points; and the names of
    classes of pixels."""
    records = {name: annotations.class_of(name) or ClassRecord(name) for name in annotations.class_names}
    bodies = (
        [body for image in annotations for body in _bodies(image)] if {"points", "bodies"} & {*kinds} else []
    )
    for name, record in records.items():
        own = [body for body in bodies if body.label == name]
        names = record.point_names or tuple(f"point {k + 1}" for k in range(len(own[0].points) if own else 0))
        records[name] = replace(record, point_names=names if own else (), extra={})
    maps = (image.label_map.names for image in annotations if image.label_map and image.label_map.names)
    return list(records.values()), list(next(maps, ()))
