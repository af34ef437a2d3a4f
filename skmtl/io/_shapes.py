"""Objects taken apart for the formats that hold one shape an entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ._context import Writing
from ._geometry import outline_bounds
from ._records import ImageRecord, ObjectRecord

# A box that was drawn around an outline by hand, or by another tool's rounding, still says the same.
_SAME_BOX = 1.5


class Shape(NamedTuple):
    """One drawn thing: ``kind`` is box, ellipse, polygon, line, points or mask; ``group`` joins several."""

    kind: str
    data: object
    record: ObjectRecord
    group: int | None


def shapes_of(image: ImageRecord, writing: Writing) -> Iterator[Shape]:
    """The shapes of all objects: the finest outline, and the key points.

    An object of several shapes gets a group number, so that they stay together; a box or polygons
    beside a finer outline are counted as dropped.
    """
    free = max((one.group for one in image.objects if one.group is not None), default=0) + 1
    for record in image.objects:
        shapes = _outline(record, writing)
        if record.points is not None:
            shapes.append(("points", record.points))
        if not shapes:
            writing.drop("object without extent")
        group = record.group
        if len(shapes) > 1:
            writing.note("object written as several grouped shapes")
            if group is None:
                group, free = free, free + 1
        yield from (Shape(kind, data, record, group) for kind, data in shapes)


def is_bare(record: ObjectRecord) -> bool:
    """Whether the object is nothing but its key points."""
    return record.box is None and not record.polygons and record.line is None and record.mask is None


def _outline(record: ObjectRecord, writing: Writing) -> list[tuple[str, object]]:
    """The finest of mask, polygons, line and box."""
    if record.mask is not None:
        writing.drop("polygons beside a mask", bool(record.polygons))
        shapes = [("mask", record.mask)]
    elif record.polygons:
        shapes = [("polygon", polygon) for polygon in record.polygons]
    elif record.line is not None:
        shapes = [("line", record.line)]
    elif record.box is not None:
        return [("ellipse" if record.ellipse else "box", record.box)]
    else:
        return []
    writing.drop("box beside an outline", not _box_follows(record))
    return shapes


def _box_follows(record: ObjectRecord) -> bool:
    """Whether the object's box is the one around its outline, or there is none."""
    bounds = outline_bounds(record)
    if record.box is None or bounds is None:
        return record.box is None
    return bool(np.abs(np.subtract(record.box, bounds)).max() <= _SAME_BOX)
