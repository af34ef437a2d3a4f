"""An image's record as plain JSON, and back: all that a prediction holds, number for number."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._label_map import LabelMap
from ._records import ImageRecord, ObjectRecord, Tag
from ._rle import RLE


def to_json(image: ImageRecord) -> dict[str, Any]:
    """The record without ``extra`` and ``attributes``, which predictions do not have."""
    return {
        "file_name": image.file_name,
        "size": list(image.size),
        "objects": [_object(one) for one in image.objects],
        "tags": [[tag.name, tag.present, tag.score] for tag in image.tags],
        "label_map": None if image.label_map is None else _map(image.label_map),
    }


def from_json(item: dict[str, Any]) -> ImageRecord:
    """The record of `to_json`. Raises KeyError, TypeError or ValueError for anything else."""
    return ImageRecord(
        item["file_name"],
        *item["size"],
        [_read_object(one) for one in item["objects"]],
        [Tag(*tag) for tag in item["tags"]],
        None if item["label_map"] is None else _read_map(item["label_map"]),
    )


def _object(one: ObjectRecord) -> dict[str, Any]:
    return {
        "label": one.label,
        "box": one.box,
        "polygons": [polygon.tolist() for polygon in one.polygons],
        "points": None if one.points is None else one.points.tolist(),
        "mask": None if one.mask is None else [list(one.mask.size), one.mask.to_string()],
        "score": one.score,
    }


def _read_object(item: dict[str, Any]) -> ObjectRecord:
    mask = item["mask"]
    given = {**item, "mask": None if mask is None else RLE.from_string(tuple(mask[0]), mask[1])}
    return ObjectRecord(**given)


def _map(label_map: LabelMap) -> dict[str, Any]:
    return {
        "size": list(label_map.size),
        "values": label_map.values.tolist(),
        "lengths": label_map.lengths.tolist(),
        "names": list(label_map.names),
    }


def _read_map(item: dict[str, Any]) -> LabelMap:
    values, lengths = np.array(item["values"], np.uint8), np.array(item["lengths"], np.int64)
    return LabelMap(tuple(item["size"]), values, lengths, tuple(item["names"]))
