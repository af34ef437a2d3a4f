"""Writing CVAT for images 1.1."""

from __future__ import annotations

from copy import deepcopy

import numpy as np

from ._context import Writing, numbered
from ._cvat_read import META, labels_node, labels_of
from ._decimals import decimals_for, show
from ._records import ClassRecord, ImageRecord, ObjectRecord, Tag
from ._shapes import Shape, shapes_of
from ._xml import Node, leaf, to_bytes


def write(writing: Writing) -> None:
    """One XML file that holds all images."""
    source = writing.source
    numbers = _image_numbers(source, writing)
    images = [_image(image, number, writing) for image, number in zip(source, numbers, strict=True)]
    root = Node("annotations", children=[leaf("version", "1.1"), _meta(writing), *images])
    writing.save(writing.path, to_bytes(root))


def _image_numbers(source, writing: Writing) -> list[int]:
    """CVAT counts frames from 0, and in a project's file anew in each task."""
    ids = [image.id for image in source]
    kept = writing.source.format == "cvat" and all(type(one) is int for one in ids)
    return ids if kept else numbered(ids, first=0)


def _meta(writing: Writing) -> Node:
    """The <meta> that was read with new classes added, or a plain list of labels."""
    source = writing.source
    meta = deepcopy(writing.extra(source).get("meta"))
    if meta is None:
        labels = Node("labels")
        meta = Node("meta", children=[Node(META[0], children=[labels])])
    elif labels_node(meta) is None:
        labels = Node("labels")
        meta.children.append(Node(META[0], children=[labels]))
    else:
        labels = labels_node(meta)
    present = {label.value("name") for label in labels_of(meta)}
    for name in dict.fromkeys((*source.class_names, *source.tag_names)):
        record = source.class_of(name) or ClassRecord(name)
        writing.drop_set(record, "supercategory", "skeleton")
        writing.extra(record)
        if name not in present:
            labels.children += _label(record)
    return meta


def _label(record: ClassRecord) -> list[Node]:
    kind = [leaf("type", "skeleton")] if record.point_names else []
    label = Node("label", children=[leaf("name", record.name), *kind, Node("attributes")])
    parts = [
        Node("label", children=[leaf("name", name), leaf("type", "points"), leaf("parent", record.name)])
        for name in record.point_names
    ]
    return [label, *parts]


def _image(image: ImageRecord, number: int, writing: Writing) -> Node:
    if image.height is None:
        raise ValueError(f"cvat needs the size of every image; that of {image.file_name!r} is not known")
    writing.drop_set(image, "label_map")
    attrib = {"id": number, "name": image.file_name}
    if image.subset is not None:
        attrib["subset"] = image.subset
    attrib |= {"width": image.width, "height": image.height, **writing.extra(image).get("attrib", {})}
    shapes = [_shape(shape, writing) for shape in shapes_of(image, writing)]
    tags = [_tag(tag, writing) for tag in image.tags if _holds(tag, writing)]
    return Node("image", attrib, children=[*tags, *shapes])


def _holds(tag: Tag, writing: Writing) -> bool:
    writing.drop("tag that does not hold", not tag.present)
    return tag.present


def _tag(tag: Tag, writing: Writing) -> Node:
    writing.drop_set(tag, "score", "id")
    attrib = {"label": tag.name, **writing.extra(tag).get("attrib", {})}
    return Node("tag", attrib, children=_attributes(tag.attributes, writing))


def _shape(shape: Shape, writing: Writing) -> Node:
    record = shape.record
    writing.drop_set(record, "score", "crowd", "id")
    attributes = dict(record.attributes)
    occluded = attributes.pop("occluded") if isinstance(attributes.get("occluded"), bool) else False
    attrib = {"label": record.label or "", "occluded": int(occluded)}
    if shape.group is not None:
        attrib["group_id"] = shape.group
    tag, geometry, children = _DRAW[shape.kind](shape, writing)
    attrib |= geometry | writing.extra(record).get("attrib", {})
    return Node(tag, attrib, children=[*children, *_attributes(attributes, writing)])


def _attributes(attributes, writing: Writing) -> list[Node]:
    texts = {name: _text(value, writing) for name, value in attributes.items()}
    return [Node("attribute", {"name": name}, text) for name, text in texts.items()]


def _text(value, writing: Writing) -> str:
    if isinstance(value, str):
        return value
    writing.note("attribute value written as text")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _box(shape: Shape, writing: Writing) -> tuple:
    names = ("xtl", "ytl", "xbr", "ybr")
    geometry = {name: show(v) for name, v in zip(names, shape.record.box, strict=True)}
    return "box", geometry | _rotation(shape.record), []


def _ellipse(shape: Shape, writing: Writing) -> tuple:
    x0, y0, x1, y1 = shape.record.box
    cx, rx = _middle(x0, x1)
    cy, ry = _middle(y0, y1)
    geometry = {"cx": show(cx), "cy": show(cy), "rx": show(rx), "ry": show(ry)}
    return "ellipse", geometry | _rotation(shape.record), []


def _middle(start: float, stop: float) -> tuple[float, ...]:
    """Middle and half length that read back to the same ends."""
    guess = ((start + stop) / 2, (stop - start) / 2)
    return decimals_for(guess, lambda pair: (pair[0] - pair[1], pair[0] + pair[1]) == (start, stop))


def _rotation(record: ObjectRecord) -> dict:
    return {"rotation": show(record.rotation)} if record.rotation else {}


def _pairs(points: np.ndarray) -> str:
    return ";".join(f"{show(x)},{show(y)}" for x, y in points[:, :2].tolist())


def _polygon(shape: Shape, writing: Writing) -> tuple:
    return "polygon", {"points": _pairs(shape.data)}, []


def _line(shape: Shape, writing: Writing) -> tuple:
    return "polyline", {"points": _pairs(shape.data)}, []


def _points(shape: Shape, writing: Writing) -> tuple:
    """<points> where all are visible and have no names, else a <skeleton>."""
    listed = writing.source.class_of(shape.record.label)
    names = listed.point_names if listed else ()
    if not names and (shape.data[:, 2] == 2).all():
        return "points", {"points": _pairs(shape.data)}, []
    children = [
        Node(
            "points",
            {
                "label": names[k] if k < len(names) else str(k + 1),
                "outside": int(row[2] == 0),
                "occluded": int(row[2] == 1),
                "points": _pairs(row[None]),
            },
        )
        for k, row in enumerate(shape.data)
    ]
    return "skeleton", {}, children


def _mask(shape: Shape, writing: Writing) -> tuple:
    """Row by row inside its box, zeros first."""
    mask, box = shape.record.mask, shape.record.box
    bounds = mask.box or (0.0, 0.0, 1.0, 1.0)
    corners = bounds if box is None or not _covers(box, bounds, mask.size) else box
    left, top, right, bottom = (int(v) for v in corners)
    flat = mask.patch(left, top, right, bottom).ravel()
    edges = np.flatnonzero(np.diff(flat, prepend=0)).tolist()
    counts = np.diff([0, *edges, flat.size])
    geometry = {"rle": ", ".join(map(str, counts.tolist())), "left": left, "top": top}
    return "mask", geometry | {"width": right - left, "height": bottom - top}, []


def _covers(box: tuple, bounds: tuple, size: tuple[int, int]) -> bool:
    """Whether the box has whole numbers, lies in the image and holds the mask."""
    whole = all(v == int(v) for v in box) and min(box) >= 0 and box[2] <= size[1] and box[3] <= size[0]
    outer = np.array(box) * (-1, -1, 1, 1) >= np.array(bounds) * (-1, -1, 1, 1)
    return whole and bool(outer.all())


_DRAW = {
    "box": _box,
    "ellipse": _ellipse,
    "polygon": _polygon,
    "line": _line,
    "points": _points,
    "mask": _mask,
}
