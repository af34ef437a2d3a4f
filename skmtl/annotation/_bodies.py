"""What is known of the bodies of each image, read from records of any make."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..io import ImageRecord
from ..metrics._overlap import checked_boxes
from ._points import read_points
from ._records import check_size, get, labels_of, value_of

#: By how much of its size the box around the known points of a body is made larger to hold the unknown ones.
BEYOND = 0.5
#: How far people differ in where a point lies, over the root of the body's area: of COCO's points it is
#: known, of others taken to be about that of its hips, which are the hardest to tell.
COCO_POINTS, SIGMA = 17, 0.1


class Bodies(NamedTuple):
    """Points (m, K, 2) of one image's bodies, NaN where unknown, a box (m, 4) around each, NaN where nobody
    drew one, and the label of all; ``crowd`` (k, 4) boxes of bodies whose points nobody marked."""

    points: np.ndarray
    boxes: np.ndarray
    label: int | str | None
    crowd: np.ndarray

    def framed(self) -> np.ndarray:
        """The boxes (m, 4), where there is none that of the known points."""
        return np.where(np.isnan(self.boxes), hulls(self.points), self.boxes)

    def blind(self) -> np.ndarray:
        """Boxes (k, 4) in which nobody said where all points are."""
        hull = hulls(self.points)
        more = BEYOND * (hull[:, 2:] - hull[:, :2]).max(axis=1, initial=0, keepdims=True)
        wide = np.where(np.isnan(self.boxes), hull + more * [-1, -1, 1, 1], self.boxes)
        return np.concatenate([self.crowd, wide[np.isnan(self.points).any(axis=(1, 2))]])


def hulls(points: np.ndarray) -> np.ndarray:
    """The boxes (m, 4) around the known ones of points (m, K, 2), of each body at least one."""
    known = np.isfinite(points)
    low = np.where(known, points, np.inf).min(axis=1, initial=np.inf)
    high = np.where(known, points, -np.inf).max(axis=1, initial=-np.inf)
    return np.concatenate([low, high], axis=1)


def read_bodies(record, shape: tuple[int, ...], where: str) -> Bodies | None:
    """The bodies of an image of ``shape`` (h, w, ...); None for None."""
    if record is None:
        return None
    crowd = np.zeros((0, 4))
    if isinstance(record, ImageRecord):
        check_size(record, shape, where)
        record, crowd = _of_file(record, f"{where} ({record.file_name})")
    elif not isinstance(record, dict) and not hasattr(record, "points"):
        record = {"points": record}
    points = _stacked(get(record, "points", where), shape, where)
    boxes, label = _boxes(record, len(points), shape, where), _label(record, len(points), where)
    seen = np.isfinite(points[:, :, 0])
    if not seen.any(axis=1).all():
        row = int((~seen.any(axis=1)).argmax())
        raise ValueError(f"{where}: no point of body {row} is known")
    return Bodies(points, boxes, label, crowd)


def _stacked(points, shape, where: str) -> np.ndarray:
    try:
        points = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{where}: bodies must all have the same number of points, (K, 2) or (K, 3)"
        ) from None
    if not points.size:
        return np.zeros((0, 0, 2))
    if points.ndim != 3 or points.shape[2] not in (2, 3):
        raise ValueError(
            f"{where}: points of bodies are (m, K, 2) or (m, K, 3), one body after the other, got "
            f"{points.shape}"
        )
    return read_points(points, shape, where)


def _boxes(record, n: int, shape, where: str) -> np.ndarray:
    given = value_of(record, "boxes")
    if given is None:
        return np.full((n, 4), np.nan)
    boxes = checked_boxes(given, f"{where}: boxes", missing=True)
    if len(boxes) != n:
        raise ValueError(f"{where}: boxes must be one for each of its {n} bodies, got {len(boxes)}")
    return np.clip(boxes, 0, [shape[1], shape[0]] * 2)


def _label(record, n: int, where: str):
    if value_of(record, "labels") is None:
        return 1 if n else None
    labels = labels_of(record, where)
    if len(labels) != n or len(set(labels.tolist())) > 1:
        raise ValueError(
            f"{where}: bodies are of one kind, labels must be one for each of its {n} bodies and all the "
            f"same, got {labels.tolist()}"
        )
    return labels[0].item() if n else None


def _of_file(image: ImageRecord, where: str) -> tuple[dict, np.ndarray]:
    """Bodies as a dict, and the boxes (k, 4) of objects of their kind whose points nobody marked."""
    bodies = [one for one in image.objects if not one.crowd and _is_marked(one)]
    labels = {one.label for one in bodies}
    if len(labels) > 1:
        raise ValueError(f"{where}: bodies are of one kind, but points stand on objects called {labels}")
    rest = [one.bounds for one in image.objects if _is_left_open(one, labels)]
    crowd = np.array([box for box in rest if box is not None], dtype=float).reshape(-1, 4)
    record = {
        "points": [one.points for one in bodies],
        "boxes": [_drawn(one) or [np.nan] * 4 for one in bodies],
        "labels": [one.label or "body" for one in bodies],
    }
    return record, crowd


def _is_marked(one) -> bool:
    return one.points is not None and bool((one.points[:, 2] > 0).any())


def _is_left_open(one, labels: set) -> bool:
    """Whether an object may be a body whose points nobody marked."""
    return one.crowd or (not _is_marked(one) and (one.points is not None or one.label in labels))


def _drawn(one) -> tuple | None:
    """The box that a person drew, or that of the object's outline."""
    return one.bounds if one.box is not None or one.mask is not None or one.polygons else None


def tolerances(n_points: int, given):
    """The ``sigmas`` of `skmtl.metrics.detection_scores`: those ``given``, else COCO's, else ``SIGMA``."""
    return SIGMA if given is None and n_points != COCO_POINTS else given
