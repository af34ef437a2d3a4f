"""Reading Pascal VOC: one XML file an image, and its masks of classes and of objects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import _checks as check
from ._context import Reading
from ._files import list_files
from ._problems import Bad, FormatError
from ._records import AnnotationSet, ClassRecord, ImageRecord, ObjectRecord
from ._voc_masks import VocMasks
from ._xml import Node, read_tree

# What is added to (xmin, ymin) and to (xmax, ymax) to get the edges of the box.
CORNERS = {"one_based": (-1.0, 0.0), "zero_based": (0.0, 1.0), "edges": (0.0, 0.0)}
FLAGS = ("truncated", "difficult", "occluded")
_IMAGE = {"filename", "size", "object"}
_OBJECT = {"name", "bndbox", "pose", "attributes", *FLAGS}


def read(path, reading: Reading, corners: str = "one_based") -> AnnotationSet:
    """VOC annotations.

    Parameters
    ----------
    path : path or list of paths
        The folder that holds ``Annotations`` (and ``SegmentationClass``, ``SegmentationObject``,
        ``labelmap.txt``), a folder of XML files, one XML file or a list of them.
    corners : {"one_based", "zero_based", "edges"}, default="one_based"
        What the numbers mean. ``"one_based"``: the first and last pixel inside, counted from 1, as
        VOC itself has it. ``"zero_based"``: the same counted from 0. ``"edges"``: distances from the
        left and upper edge of the image, as CVAT, LabelImg and most converters write them.
    """
    images = list(iterate(path, reading, corners))
    listed = VocMasks(_root(_files(path)[0]), reading).class_names
    classes = [ClassRecord(name) for name in listed]
    return AnnotationSet(images, classes, "voc", {"corners": corners}, reading.report)


def iterate(path, reading: Reading, corners: str = "one_based") -> Iterator[ImageRecord]:
    """The images of `read`, one at a time."""
    if corners not in CORNERS:
        raise ValueError(f"corners must be one of {sorted(CORNERS)}, got {corners!r}")
    masks = None
    for file in _files(path):
        masks = masks if masks and masks.owns(file) else VocMasks(_root(file), reading)
        try:
            image = _image(read_tree(file, "annotation", reading.max_bytes), file, reading, corners)
            yield masks.added(image, file)
        except FormatError as error:
            reading.failed(error)
        except Bad as bad:
            reading.guard(file).handle("", bad, "image")


def _files(path) -> list[Path]:
    if not isinstance(path, (list, tuple)) and (Path(path) / "Annotations").is_dir():
        path = Path(path) / "Annotations"
    files = list_files(path, [".xml"])
    if not files:
        raise FormatError(path, "", "holds no XML file")
    return files


def _root(file: Path) -> Path | None:
    """The folder of the data set that an XML file below ``Annotations`` belongs to."""
    return next((folder.parent for folder in file.parents if folder.name == "Annotations"), None)


def _image(root: Node, file: Path, reading: Reading, corners: str) -> ImageRecord:
    height, width, depth = _size(root.find("size"), reading)
    guard = reading.guard(file)
    objects = guard.each(
        root.all("object"),
        lambda node: _object(node, (height, width), corners),
        lambda number, node: f"line {node.line} <object> {number + 1}",
        "object",
    )
    extra = {"elements": [node for node in root.children if node.tag not in _IMAGE]}
    if depth is not None:
        extra["depth"] = depth
    name = (root.value("filename") or "").strip() or f"{file.stem}.jpg"
    return ImageRecord(name, height, width, objects, extra={k: v for k, v in extra.items() if v})


def _size(node: Node | None, reading: Reading) -> tuple[int | None, int | None, str | None]:
    if node is None:
        return None, None, None
    height, width = check.image_size(
        node.need("height").text, node.need("width").text, reading.max_pixels, f"line {node.line} <size>"
    )
    return height, width, node.value("depth")


def _object(node: Node, size: tuple, corners: str) -> ObjectRecord:
    attributes: dict = {flag: _flag(node.value(flag)) for flag in FLAGS if node.find(flag)}
    if node.find("pose"):
        attributes["pose"] = node.value("pose")
    if node.find("attributes"):
        attributes |= {
            one.need("name").text: one.need("value").text for one in node.find("attributes").all("attribute")
        }
    others = [child for child in node.children if child.tag not in _OBJECT]
    return ObjectRecord(
        check.text(node.need("name").text, " <name>"),
        _box(node.need("bndbox"), size, corners),
        attributes=attributes,
        extra={"elements": others} if others else {},
    )


def _flag(text: str) -> bool | str:
    """VOC's 0 and 1; other words, as some tools write, are kept."""
    return {"0": False, "1": True}.get(text.strip(), text)


def _box(node: Node, size: tuple, corners: str) -> tuple:
    first, last = CORNERS[corners]
    names = ("xmin", "ymin", "xmax", "ymax")
    x0, y0, x1, y1 = (check.coordinate(node.need(name).text, f" <{name}>") for name in names)
    return check.box((x0 + first, y0 + first, x1 + last, y1 + last), size, " <bndbox>")
