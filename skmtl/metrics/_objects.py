"""The objects of one image, read from a record and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ._overlap import (
    box_areas,
    box_overlaps,
    checked_boxes,
    checked_masks,
    checked_sigmas,
    mask_overlaps,
    point_overlaps,
)

KINDS = ("boxes", "masks", "points")


@dataclass(frozen=True)
class Objects:
    """n objects of one image: labels, shapes of one kind, and what only one of the two sides has."""

    labels: np.ndarray
    shapes: np.ndarray
    area: np.ndarray
    scores: np.ndarray | None = None
    crowd: np.ndarray | None = None
    visible: np.ndarray | None = None
    boxes: np.ndarray | None = None

    @property
    def ignored(self) -> np.ndarray:
        """Objects that need not be found, and do not count as found."""
        return self.crowd if self.visible is None else self.crowd | ~self.visible.any(axis=1)


def read_truth(record, kind: str, where: str) -> Objects:
    """The true objects of an image; ``where`` names the record in messages."""
    labels = _labels(record, where)
    n = len(labels)
    crowd = _column(record, "crowd", n, where, default=0.0).astype(bool)
    shapes, visible, boxes = _shapes(record, kind, n, where), None, None
    if kind == "points":
        shapes, visible = _visible(shapes)
        boxes = _rows(checked_boxes(_need(record, "boxes", where), f"{where} boxes"), n, "boxes", where)
    area = _column(record, "area", n, where)
    if area is None:
        area = box_areas(boxes) if kind == "points" else _areas(shapes, kind)
    return Objects(labels, shapes, area, crowd=crowd, visible=visible, boxes=boxes)


def read_found(record, kind: str, where: str) -> Objects:
    """The predicted objects of an image."""
    labels = _labels(record, where)
    shapes = _shapes(record, kind, len(labels), where)
    if kind == "points":
        shapes = shapes[..., :2]
        if not np.isfinite(shapes).all():
            raise ValueError(f"{where} points: every predicted coordinate must be finite")
    _need(record, "scores", where)
    scores = _column(record, "scores", len(labels), where)
    return Objects(labels, shapes, _areas(shapes, kind), scores=scores)


def overlaps(found: Objects, truth: Objects, kind: str, sigmas, where: str) -> np.ndarray:
    """How well each found object (rows) covers each true one (columns)."""
    if len(found.labels) == 0 or len(truth.labels) == 0:
        return np.zeros((len(found.labels), len(truth.labels)))
    if found.shapes.shape[1:] != truth.shapes.shape[1:]:
        raise ValueError(
            f"{where}: predicted {kind} have the shape {found.shapes.shape[1:]}, the true ones "
            f"{truth.shapes.shape[1:]}"
        )
    if kind == "boxes":
        return box_overlaps(found.shapes, truth.shapes, truth.crowd)
    if kind == "masks":
        return mask_overlaps(found.shapes, truth.shapes, truth.crowd)
    sigmas = checked_sigmas(sigmas, truth.shapes.shape[1])
    return point_overlaps(found.shapes, truth.shapes, truth.visible, truth.boxes, truth.area, sigmas)


def _get(record, name: str):
    return record.get(name) if isinstance(record, Mapping) else getattr(record, name, None)


def _need(record, name: str, where: str):
    value = _get(record, name)
    if value is None:
        raise ValueError(f"{where} has no {name!r}: a record is a dict, or an object with that attribute")
    return value


def _labels(record, where: str) -> np.ndarray:
    labels = np.asarray(_need(record, "labels", where))
    if labels.ndim != 1:
        raise ValueError(f"{where} labels must be (n,), one per object, got the shape {labels.shape}")
    if len(labels) == 0:
        return labels.astype(np.int64)
    if labels.dtype.kind not in "iuU":
        raise ValueError(f"{where} labels must be integers or texts, got the dtype {labels.dtype}")
    return labels


def _shapes(record, kind: str, n: int, where: str) -> np.ndarray:
    value, name = _need(record, kind, where), f"{where} {kind}"
    if kind == "boxes":
        return _rows(checked_boxes(value, name), n, kind, where)
    if kind == "masks":
        return _rows(checked_masks(value, name), n, kind, where)
    points = np.asarray(value, dtype=np.float64)
    if n == 0 and points.size == 0:
        return np.zeros((0, 1, 2))
    if points.ndim != 3 or points.shape[2] not in (2, 3) or points.shape[1] == 0:
        raise ValueError(f"{name} must be (n, K, 2) or (n, K, 3) with visibility, got {points.shape}")
    return _rows(points, n, kind, where)


def _rows(values: np.ndarray, n: int, name: str, where: str) -> np.ndarray:
    if len(values) != n:
        raise ValueError(f"{where} has {n} labels, but {len(values)} {name}")
    return values


def _column(record, name: str, n: int, where: str, default: float | None = None) -> np.ndarray | None:
    value = _get(record, name)
    if value is None:
        return None if default is None else np.full(n, default)
    value = np.asarray(value, dtype=np.float64)
    if value.shape != (n,):
        raise ValueError(f"{where} {name} must be ({n},), one per label, got the shape {value.shape}")
    if not np.isfinite(value).all():
        raise ValueError(f"{where} {name} must be finite, got {value[~np.isfinite(value)][0]}")
    return value


def _visible(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (n, K, 2), and which points are labelled: not NaN, visibility above 0."""
    visible = ~np.isnan(points).any(axis=2)
    if points.shape[2] == 3:
        visible &= points[:, :, 2] > 0
    return points[:, :, :2], visible


def _areas(shapes: np.ndarray, kind: str) -> np.ndarray:
    if kind == "boxes":
        return box_areas(shapes)
    if kind == "masks":
        return shapes.sum(axis=(1, 2), dtype=np.float64)
    return np.prod(shapes.max(axis=1) - shapes.min(axis=1), axis=1)
