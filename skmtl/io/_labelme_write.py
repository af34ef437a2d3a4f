"""Writing LabelMe: one JSON file beside each image."""

from __future__ import annotations

import base64
import math

import numpy as np

from ._context import Writing
from ._decimals import decimal_for
from ._files import dump_json
from ._geometry import corners_of, ellipse_outline
from ._labelme_read import VERSION
from ._names import output_names
from ._png import write_png
from ._records import ImageRecord, ObjectRecord
from ._rle import RLE
from ._shapes import Shape, is_bare, shapes_of


def write(writing: Writing) -> None:
    """One file an image, named after it, in the folder of the same path."""
    writing.drop_classes()
    for image, name in zip(writing.source, output_names(writing), strict=True):
        extra = dict(writing.extra(image))
        writing.drop_set(image, "label_map", "subset", "id")
        content = {
            "version": extra.pop("version", VERSION),
            "flags": _flags(image, writing),
            "shapes": [item for shape in shapes_of(image, writing) for item in _items(shape, writing)],
            "imagePath": extra.pop("imagePath", name.name),
            "imageData": extra.pop("imageData", None),
            "imageHeight": image.height,
            "imageWidth": image.width,
        }
        writing.save(writing.path / name.with_suffix(".json"), dump_json(content | extra, indent=2))


def _flags(image: ImageRecord, writing: Writing) -> dict[str, bool]:
    for tag in image.tags:
        writing.drop_set(tag, "score", "id", "attributes")
        writing.extra(tag)
    flags = {tag.name: tag.present for tag in image.tags}
    writing.drop("repeated tag", len(image.tags) - len(flags))
    return flags


def _items(shape: Shape, writing: Writing):
    """The JSON objects of one shape; key points become one each."""
    record = shape.record
    if record.label is None:
        writing.drop("object without a label")
        return
    writing.drop_set(record, "score", "crowd", "id")
    extra = dict(writing.extra(record))
    if shape.kind == "points":
        yield from _point_items(shape, extra, writing)
        return
    kind, points, mask = _drawn(shape, extra, writing)
    yield _item(record.label, kind, points, shape, writing) | {"mask": mask} | extra


def _item(label: str, kind: str, points: list, shape: Shape, writing: Writing) -> dict:
    attributes = dict(shape.record.attributes)
    description = attributes.pop("description", None)
    flags = {key: value for key, value in attributes.items() if isinstance(value, bool)}
    writing.drop("attribute that is not yes or no", len(attributes) - len(flags))
    return {
        "label": label,
        "points": points,
        "group_id": shape.group,
        "description": description,
        "shape_type": kind,
        "flags": flags,
    }


def _point_items(shape: Shape, extra: dict, writing: Writing):
    """A lone point keeps the object's label; of several each gets its own name."""
    record, points = shape.record, shape.data
    if extra.pop("shape_type", None) == "points":
        yield _item(record.label, "points", points[:, :2].tolist(), shape, writing) | {"mask": None} | extra
        return
    listed = writing.source.class_of(record.label)
    names = listed.point_names if listed else ()
    alone = len(points) == 1 and not names and is_bare(record)
    if not (points[:, 2] > 0).any():
        writing.drop("points of which none is labelled")
    for k, (x, y, v) in enumerate(points.tolist()):
        if v == 0:
            continue
        name = record.label if alone else names[k] if k < len(names) else f"{record.label} {k}"
        writing.note("hidden point written as a visible one", v == 1)
        yield _item(name, "point", [[x, y]], shape, writing) | {"mask": None} | extra


def _drawn(shape: Shape, extra: dict, writing: Writing) -> tuple[str, list, str | None]:
    """(shape_type, points, mask) of an outline."""
    record = shape.record
    if shape.kind == "mask":
        points, patch = _patch(record.mask, record)
        return "mask", points, base64.b64encode(write_png(patch * np.uint8(255))).decode("ascii")
    kept, kind = extra.pop("points", None), extra.pop("shape_type", None)
    if shape.kind == "polygon":
        return "polygon", shape.data.tolist(), None
    if shape.kind == "line":
        return kind or "linestrip", shape.data.tolist(), None
    if shape.kind == "ellipse":
        return _ellipse(record, kept, writing)
    if record.rotation:
        writing.note("turned box written as a polygon")
        return "polygon", corners_of(record.box, record.rotation).tolist(), None
    x0, y0, x1, y1 = record.box
    return "rectangle", kept or [[x0, y0], [x1, y1]], None


def _ellipse(record: ObjectRecord, kept: list | None, writing: Writing) -> tuple[str, list, None]:
    x0, y0, x1, y1 = record.box
    if kept or math.isclose(x1 - x0, y1 - y0, rel_tol=1e-9):
        centre = [(x0 + x1) / 2, (y0 + y1) / 2]
        return "circle", kept or [centre, [x1, centre[1]]], None
    writing.note("ellipse written as a polygon")
    return "polygon", ellipse_outline(record.box, record.rotation).tolist(), None


def _patch(mask: RLE, record: ObjectRecord) -> tuple[list, np.ndarray]:
    """First and last pixel of the part that is stored, and that part."""
    x0, y0, x1, y1 = bounds = mask.box or (0.0, 0.0, 1.0, 1.0)
    if record.box is not None and _covers(record.box, bounds, mask.size):
        x0, y0, x1, y1 = record.box
    last = [decimal_for(end - 1, lambda v, end=end: v + 1 == end) for end in (x1, y1)]
    stops = int(last[0]) + 1, int(last[1]) + 1
    return [[x0, y0], last], mask.patch(int(x0), int(y0), *stops)


def _covers(box: tuple, bounds: tuple, size: tuple[int, int]) -> bool:
    """Whether the pixels from the box's first to its last hold the whole mask and lie in the image."""
    x0, y0, x1, y1 = (int(box[0]), int(box[1]), int(box[2] - 1) + 1, int(box[3] - 1) + 1)
    inside = min(box) >= 0 and x1 <= size[1] and y1 <= size[0] and x1 > x0 and y1 > y0
    return inside and x0 <= bounds[0] and y0 <= bounds[1] and x1 >= bounds[2] and y1 >= bounds[3]
