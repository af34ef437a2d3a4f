"""Reading CVAT for images 1.1: boxes, polygons, polylines, points, skeletons, ellipses, masks, tags."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from . import _checks as check
from ._context import Reading
from ._problems import Bad, FormatError
from ._records import AnnotationSet, ClassRecord, ImageRecord, ObjectRecord, Tag
from ._rle import RLE
from ._xml import Node, read_children

_IMAGE = {"id", "name", "width", "height", "subset"}
_SHAPE = {"label", "points", "occluded", "group_id", "rotation", "rle", "left", "top", "width", "height"}
_SHAPE |= {"xtl", "ytl", "xbr", "ybr", "cx", "cy", "rx", "ry"}
META = ("task", "project", "job")


def read(path: Path, reading: Reading) -> AnnotationSet:
    """A CVAT XML file; it is read image by image.

    Tracks of videos and cuboids are not held; they are counted as dropped.
    """
    parser = _Parser(Path(path), reading)
    read_children(Path(path), "annotations", parser.take, reading.max_bytes)
    if not parser.known:
        raise FormatError(path, "", "not a CVAT file: there is neither <meta> nor <image>")
    extra = {} if parser.meta is None else {"meta": parser.meta}
    return AnnotationSet(parser.padded(), parser.classes(), "cvat", extra, reading.report)


class _Parser:
    """Collects images as the file goes by."""

    def __init__(self, path: Path, reading: Reading):
        self.reading, self.guard = reading, reading.guard(path)
        self.images: list[ImageRecord] = []
        self.meta: Node | None = None
        self.known = False
        self.names: list[str] = []
        # The points of each class, in the order of <meta> and then as they are met.
        self.points: dict[str | None, dict[str, int]] = {}
        self.skeletons: set[int] = set()

    def take(self, node: Node) -> None:
        """One child of the root."""
        self.known |= node.tag in ("meta", "image", "track")
        if node.tag == "meta":
            self._take_meta(node)
        elif node.tag == "image":
            self.images += self.guard.each([node], self._image, lambda _, one: _line(one), "image")
        elif node.tag != "version":
            self.reading.drop(node.tag)

    def _take_meta(self, meta: Node) -> None:
        self.meta = meta
        for label in labels_of(meta):
            name, parent = label.value("name") or "", label.value("parent")
            if parent:
                names = self.points.setdefault(parent, {})
                names.setdefault(name, len(names))
            elif name:
                self.names.append(name)

    def _image(self, node: Node) -> ImageRecord:
        size = check.image_size(node.attribute("height"), node.attribute("width"), self.reading.max_pixels)
        name = check.text(node.attribute("name"), ".name")
        tags, objects = [], []
        for child in node.children:
            make = self._tag if child.tag == "tag" else getattr(self, f"_{child.tag}", None)
            if child.tag not in _KINDS:
                self.reading.drop(f"<{child.tag}>")
                continue
            made = self.guard.each([child], lambda one, make=make: make(one, size), _place, "shape")
            (tags if child.tag == "tag" else objects).extend(made)
        number = node.attrib.get("id")
        extra = {"attrib": {key: value for key, value in node.attrib.items() if key not in _IMAGE}}
        return ImageRecord(
            name,
            *size,
            objects,
            tags,
            subset=node.attrib.get("subset") or None,
            id=None if number is None else check.integer(number, ".id"),
            extra={key: value for key, value in extra.items() if value},
        )

    def _tag(self, node: Node, size: tuple) -> Tag:
        name = check.text(node.attribute("label"), ".label")
        return Tag(name, attributes=_attributes(node), extra=_extra(node))

    def _record(self, node: Node, **fields) -> ObjectRecord:
        group = node.attrib.get("group_id")
        attributes = _attributes(node)
        if node.attrib.get("occluded", "0") != "0":
            attributes = {"occluded": check.flag(node.attrib["occluded"], ".occluded"), **attributes}
        return ObjectRecord(
            node.attribute("label") or None,
            rotation=check.number(node.attrib.get("rotation", 0), ".rotation"),
            group=None if group is None else check.integer(group, ".group_id"),
            attributes=attributes,
            extra=_extra(node),
            **fields,
        )

    def _box(self, node: Node, size: tuple) -> ObjectRecord:
        corners = [_coordinate(node, name) for name in ("xtl", "ytl", "xbr", "ybr")]
        return self._record(node, box=check.box(corners, size, ""))

    def _ellipse(self, node: Node, size: tuple) -> ObjectRecord:
        cx, cy, rx, ry = (_coordinate(node, name) for name in ("cx", "cy", "rx", "ry"))
        box = check.box((cx - rx, cy - ry, cx + rx, cy + ry), size, "")
        return self._record(node, box=box, ellipse=True)

    def _polygon(self, node: Node, size: tuple) -> ObjectRecord:
        return self._record(node, polygons=[_pairs(node, 3)])

    def _polyline(self, node: Node, size: tuple) -> ObjectRecord:
        return self._record(node, line=_pairs(node, 1))

    def _points(self, node: Node, size: tuple) -> ObjectRecord:
        points = _pairs(node, 1)
        return self._record(node, points=np.column_stack([points, np.full(len(points), 2.0)]))

    def _mask(self, node: Node, size: tuple) -> ObjectRecord:
        """Row by row inside the box (left, top, width, height), zeros first."""
        names = ("left", "top", "width", "height")
        left, top, width, height = (check.integer(node.attribute(name), f".{name}") for name in names)
        box = check.box((left, top, left + width, top + height), size, "")
        if left + width > size[1] or top + height > size[0]:
            raise Bad(f"a mask up to {left + width}, {top + height} in an image of {size} (height, width)")
        counts = [check.integer(word, ".rle", 0, width * height) for word in node.attribute("rle").split(",")]
        if sum(counts) != width * height:
            raise Bad(f"the runs cover {sum(counts)} of {width * height} pixels", ".rle")
        values = np.arange(len(counts)) % 2
        patch = np.repeat(values, counts).reshape(height, width)
        return self._record(node, box=box, mask=RLE.from_patch(size, patch, left, top))

    def _skeleton(self, node: Node, size: tuple) -> ObjectRecord:
        """One named <points> a joint; ``outside`` is not labelled, ``occluded`` is hidden."""
        names = self.points.setdefault(node.attribute("label") or None, {})
        found: dict[int, tuple] = {}
        for child in node.all("points"):
            k = names.setdefault(child.attribute("label"), len(names))
            self.reading.drop("attribute of a skeleton's point", len(child.all("attribute")))
            x, y = _pairs(child, 1)[0]
            found[k] = (x, y, _visibility(child))
        points = np.zeros((len(names), 3))
        for k, row in found.items():
            points[k] = row
        record = self._record(node, points=points)
        self.skeletons.add(id(record))
        return record

    def padded(self) -> list[ImageRecord]:
        """The images, with as many points in each skeleton as its class has in the end."""
        return [replace(image, objects=[self._padded(one) for one in image.objects]) for image in self.images]

    def _padded(self, record: ObjectRecord) -> ObjectRecord:
        if id(record) not in self.skeletons:
            return record
        missing = len(self.points[record.label]) - len(record.points)
        return replace(record, points=np.vstack([record.points, np.zeros((missing, 3))]))

    def classes(self) -> list[ClassRecord]:
        """The labels of <meta>; a class with named points is listed in any case."""
        names = dict.fromkeys([*self.names, *(name for name in self.points if name)])
        return [ClassRecord(name, point_names=tuple(self.points.get(name, ()))) for name in names]


_KINDS = {"box", "ellipse", "polygon", "polyline", "points", "mask", "skeleton", "tag"}


def labels_of(meta: Node) -> list[Node]:
    """The <label> elements of a <meta>."""
    labels = labels_node(meta)
    return [] if labels is None else labels.all("label")


def labels_node(meta: Node) -> Node | None:
    """The <labels> element of a <meta>, where there is one."""
    parts = (meta.find(name) for name in META)
    return next((one.find("labels") for one in parts if one is not None and one.find("labels")), None)


def _line(node: Node) -> str:
    return f"line {node.line} <{node.tag}>"


def _place(number: int, node: Node) -> str:
    return _line(node)


def _coordinate(node: Node, name: str) -> float:
    return check.coordinate(node.attribute(name), f".{name}")


def _pairs(node: Node, least: int) -> np.ndarray:
    """Points written as "x,y;x,y"."""
    pairs = [pair.split(",") for pair in node.attribute("points").split(";")]
    if any(len(pair) != 2 for pair in pairs):
        raise Bad("expected points as x,y;x,y", ".points")
    flat = np.array([check.coordinate(word, ".points") for pair in pairs for word in pair])
    return check.outline(flat, ".points", least)


def _visibility(node: Node) -> int:
    if check.flag(node.attrib.get("outside", "0"), ".outside"):
        return 0
    return 1 if check.flag(node.attrib.get("occluded", "0"), ".occluded") else 2


def _attributes(node: Node) -> dict:
    return {one.attribute("name"): one.text for one in node.all("attribute")}


def _extra(node: Node) -> dict:
    attrib = {key: value for key, value in node.attrib.items() if key not in _SHAPE}
    return {"attrib": attrib} if attrib else {}
