"""What is known of the objects of each image, read from records of any make."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..io import ImageRecord, ObjectRecord, polygon_mask
from ..metrics._overlap import checked_boxes


class Known(NamedTuple):
    """Boxes (m, 4) in pixels and labels (m,) of one image's objects; ``crowd`` (k, 4) boxes of groups that
    nobody took apart."""

    boxes: np.ndarray
    labels: np.ndarray
    crowd: np.ndarray


def read_objects(record, shape: tuple[int, ...], where: str) -> Known | None:
    """The objects of an image of ``shape`` (h, w, ...), boxes cut at its edges; None for None."""
    if record is None:
        return None
    if isinstance(record, ImageRecord):
        check_size(record, shape, where)
        record = _boxes_of(record, where)
    boxes, labels = get(record, "boxes", where), labels_of(record, where)
    boxes = checked_boxes(boxes, f"{where}: boxes")
    if len(labels) != len(boxes):
        raise ValueError(f"{where}: labels must be one for each of its {len(boxes)} boxes, got {len(labels)}")
    cut = np.clip(boxes, 0, [shape[1], shape[0]] * 2)
    outside = (cut[:, 2:] <= cut[:, :2]).any(axis=1)
    if outside.any():
        row = int(outside.argmax())
        raise ValueError(
            f"{where}: box {row} is {boxes[row]}, which has no area inside its image of {shape[1]} x "
            f"{shape[0]} pixels (width x height)"
        )
    crowd = np.zeros(len(boxes), bool)
    if (given := value_of(record, "crowd")) is not None:
        crowd = np.asarray(given).astype(bool).reshape(len(boxes))
    return Known(cut[~crowd], labels[~crowd], cut[crowd])


def value_of(record, name: str):
    return record.get(name) if isinstance(record, dict) else getattr(record, name, None)


def get(record, name: str, where: str):
    value = value_of(record, name)
    if value is None:
        raise ValueError(f"{where} has no {name!r}: a record is a dict, or an object with that attribute")
    return value


def labels_of(record, where: str) -> np.ndarray:
    labels = np.asarray(get(record, "labels", where))
    if not labels.size:
        return np.zeros(0, np.int64)
    if labels.ndim != 1 or labels.dtype.kind not in "iuU":
        raise ValueError(
            f"{where}: labels must be integers or texts, one for each object, got {labels.dtype} "
            f"{labels.shape}"
        )
    return labels


def join_labels(parts: list[np.ndarray]) -> np.ndarray:
    """The distinct labels of several images; those without an object have none to tell a type by."""
    full = [part for part in parts if len(part)]
    kinds = {part.dtype.kind == "U" for part in full}
    if len(kinds) > 1:
        raise ValueError("labels are numbers in some images and texts in others: they must be of one type")
    return np.unique(np.concatenate(full)) if full else np.zeros(0, np.int64)


def codes_of(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The position of each label among the sorted ``classes``."""
    return np.searchsorted(classes, labels) if len(labels) else np.zeros(0, np.int64)


def check_size(image: ImageRecord, shape: tuple[int, ...], where: str) -> None:
    if None not in image.size and tuple(image.size) != tuple(shape[:2]):
        raise ValueError(
            f"{where} ({image.file_name}): the file says {image.size[0]} x {image.size[1]} pixels (rows x "
            f"columns), but the image has {shape[0]} x {shape[1]}"
        )


def _boxes_of(image: ImageRecord, where: str) -> dict:
    for one in image.objects:
        if one.bounds is None or (one.label is None and not one.crowd):
            lacking = "label" if one.bounds is not None else "box or outline"
            raise ValueError(f"{where} ({image.file_name}): an object has no {lacking}")
    return {
        "boxes": np.array([one.bounds for one in image.objects], dtype=float).reshape(-1, 4),
        "labels": np.array([one.label or "" for one in image.objects], dtype=str),
        "crowd": np.array([one.crowd for one in image.objects], dtype=bool),
    }


def pixels_of(one: ObjectRecord, size: tuple[int, int], where: str) -> np.ndarray:
    """The mask (h, w) of an object of a file."""
    if one.mask is not None:
        if one.mask.size != size:
            raise ValueError(f"{where}: a mask has {one.mask.size} pixels, but the image {size}")
        return one.mask.decode().astype(bool)
    if one.polygons:
        return polygon_mask(one.polygons, size).decode().astype(bool)
    raise ValueError(f"{where}: an object has neither a mask nor an outline")
