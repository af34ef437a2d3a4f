"""Writing Pascal VOC: ``Annotations``, and mask folders with ``labelmap.txt`` where there are masks."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np

from ._context import Writing
from ._decimals import decimal_for, show
from ._geometry import corners_of, ellipse_outline
from ._label_map import IGNORE
from ._names import output_names
from ._png import write_png
from ._polygon import polygon_mask
from ._records import ImageRecord, ObjectRecord
from ._voc_masks import VOC_NAMES, voc_palette
from ._voc_read import CORNERS, FLAGS
from ._xml import Node, leaf, to_bytes


def write(writing: Writing, corners: str | None = None) -> None:
    """One XML file an image; ``corners`` as in reading, by default as the source was read.

    Masks and polygons of objects become ``SegmentationObject`` and ``SegmentationClass`` images; where
    two overlap, a pixel belongs to the later one.
    """
    kept = writing.source.extra.get("corners", "one_based") if writing.source.format == "voc" else "one_based"
    corners = corners or kept
    if corners not in CORNERS:
        raise ValueError(f"corners must be one of {sorted(CORNERS)}, got {corners!r}")
    names = _mask_names(writing.source)
    drawn = False
    for image, name in zip(writing.source, output_names(writing), strict=True):
        kept_objects = [one for one in image.objects if _fits(one, writing)]
        drawn |= _save_masks(writing, image, kept_objects, name, names)
        root = _annotation(writing, image, kept_objects, corners)
        writing.save(writing.path / "Annotations" / name.with_suffix(".xml"), to_bytes(root))
    writing.drop_classes()
    if (drawn and names != list(VOC_NAMES)) or writing.source.classes:
        _save_labelmap(writing, names)


def _fits(record: ObjectRecord, writing: Writing) -> bool:
    if record.label is None:
        writing.drop("object without a label")
        return False
    bounds = record.bounds
    if bounds is None or not (bounds[2] > bounds[0] and bounds[3] > bounds[1]):
        writing.drop("object without extent")
        return False
    return True


def _annotation(writing: Writing, image: ImageRecord, objects: list, corners: str) -> Node:
    writing.drop_set(image, "subset", "id")
    writing.drop("tag", len(image.tags))
    extra = writing.extra(image)
    children = [leaf("filename", image.file_name)]
    if image.height is not None:
        sides = (("width", image.width), ("height", image.height), ("depth", extra.get("depth")))
        children.append(Node("size", children=[leaf(tag, v) for tag, v in sides if v is not None]))
    children += extra.get("elements", [])
    children += [_object(writing, one, corners) for one in objects]
    return Node("annotation", children=children)


def _object(writing: Writing, record: ObjectRecord, corners: str) -> Node:
    writing.drop_set(record, "line", "points", "crowd", "score", "group", "id")
    if record.rotation:
        writing.note("turned box written as the upright box around it")
    known = {"pose", *FLAGS}
    children = [leaf("name", record.label)]
    given = record.attributes
    children += [leaf(key, _text(given[key])) for key in ("pose", *FLAGS) if key in given]
    children.append(_bndbox(record.bounds, corners))
    others = {key: value for key, value in given.items() if key not in known}
    if others:
        children.append(Node("attributes", children=[_attribute(writing, *one) for one in others.items()]))
    return Node("object", children=[*children, *writing.extra(record).get("elements", [])])


def _attribute(writing: Writing, name: str, value) -> Node:
    if not isinstance(value, str):
        writing.note("attribute value written as text")
    return Node("attribute", children=[leaf("name", name), leaf("value", value)])


def _text(value) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _bndbox(bounds: tuple, corners: str) -> Node:
    first, last = CORNERS[corners]
    shifts = (first, first, last, last)
    numbers = [_unshifted(value, shift) for value, shift in zip(bounds, shifts, strict=True)]
    tags = ("xmin", "ymin", "xmax", "ymax")
    return Node("bndbox", children=[leaf(tag, show(v)) for tag, v in zip(tags, numbers, strict=True)])


def _unshifted(value: float, shift: float) -> float:
    return decimal_for(value - shift, lambda number: number + shift == value)


def _mask_names(source) -> list[str]:
    """Names of class numbers: those of the first label map, then all other labels."""
    given = next((one.label_map.names for one in source if one.label_map and one.label_map.names), ())
    return list(dict.fromkeys((*(given or ("background",)), *source.class_names)))


def _listable(names: list[str]) -> bool:
    return len(names) < IGNORE and not any(set(one) & set(":#\n\r") or one != one.strip() for one in names)


def _save_labelmap(writing: Writing, names: list[str]) -> None:
    if not _listable(names):
        writing.drop("list of classes")
        return
    colours = voc_palette()
    lines = ["# label:color_rgb:parts:actions"]
    lines += [f"{name}:{','.join(map(str, colours[i]))}::" for i, name in enumerate(names)]
    writing.save(writing.path / "labelmap.txt", ("\n".join(lines) + "\n").encode())


def _save_masks(
    writing: Writing, image: ImageRecord, objects: list, name: PurePosixPath, names: list[str]
) -> bool:
    """Save the two mask images where there is anything to draw; whether there was."""
    masks = _masks(writing, image, objects)
    if not masks and image.label_map is None:
        return False
    if not _listable(names):
        raise ValueError("VOC masks hold at most 253 classes, with names without ':' and '#'")
    instances, classes = _drawn(writing, image, masks, objects, names)
    if image.label_map is not None:
        classes = _renumbered(image, names)
    inner, palette = name.with_suffix(".png"), voc_palette()
    writing.save(writing.path / "SegmentationClass" / inner, write_png(classes, palette))
    if masks:
        writing.save(writing.path / "SegmentationObject" / inner, write_png(instances, palette))
    return True


def _masks(writing: Writing, image: ImageRecord, objects: list) -> dict:
    """The mask of every object that has an area finer than its box, by its number from 1."""
    found = {}
    for number, record in enumerate(objects, start=1):
        polygons = list(record.polygons)
        if record.box is not None and record.ellipse:
            polygons = [ellipse_outline(record.box, record.rotation)]
        elif record.box is not None and record.rotation:
            polygons = [corners_of(record.box, record.rotation)]
        if record.mask is None and not polygons:
            continue
        if image.height is None or number >= IGNORE:
            why = "of an image without a size" if image.height is None else "beyond the 254th of an image"
            writing.drop(f"mask {why}")
            continue
        if record.mask is None:
            writing.note("outline written as mask pixels")
        found[number] = record.mask or polygon_mask(polygons, image.size)
    return found


def _drawn(writing: Writing, image: ImageRecord, masks: dict, objects: list, names: list[str]) -> tuple:
    size = image.label_map.size if image.height is None else image.size
    instances, classes = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    for number, mask in masks.items():
        inside = mask.decode().astype(bool)
        writing.drop("mask pixel under another object", int((instances[inside] != 0).sum()))
        instances[inside] = number
        classes[inside] = names.index(objects[number - 1].label)
    return instances, classes


def _renumbered(image: ImageRecord, names: list[str]) -> np.ndarray:
    """The label map in the numbers of this data set."""
    classes = image.label_map.decode()
    table = np.arange(256, dtype=np.uint8)
    for number, name in enumerate(image.label_map.names):
        table[number] = names.index(name) if name in names else IGNORE
    return table[classes]
