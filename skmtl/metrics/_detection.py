"""COCO's average precision and recall of boxes, masks and key points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ._curves import precision_recall
from ._detection_scores import DetectionScores
from ._images import Table, compare_images
from ._matching import Candidates, match, running_count
from ._objects import KINDS

_BEYOND = 1e10
AREAS = {
    "all": (0.0, _BEYOND),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, _BEYOND),
}
_POINT_AREAS = {name: AREAS[name] for name in ("all", "medium", "large")}


def detection_scores(
    y_true: Iterable,
    y_pred: Iterable,
    *,
    kind: str = "boxes",
    classes: Sequence | None = None,
    iou_thresholds: Sequence[float] | None = None,
    max_detections: Sequence[int] | None = None,
    areas: Mapping[str, tuple[float, float]] | None = None,
    sigmas=None,
) -> DetectionScores:
    """Average precision and recall of object detection, by the rules of the COCO evaluation.

    Parameters
    ----------
    y_true : iterable of records, one per image
        A record is a dict, or an object with attributes. ``labels`` (n,) integers or texts, and the
        shapes of the ``kind``: ``boxes`` (n, 4) as x1, y1, x2, y2 in pixels; ``masks`` (n, h, w) bool;
        ``points`` (n, K, 3) as x, y, visibility (0: not labelled) or (n, K, 2) with NaN, together with
        ``boxes``. Optional: ``crowd`` (n,) bool, regions that need not be found and spoil nothing
        (COCO's ``iscrowd``); ``area`` (n,) in square pixels, by default that of the mask or box.
        ``None`` in place of a record is an image that nobody labelled: it is left out.
    y_pred : iterable of records, as many
        ``labels``, the shapes, and ``scores`` (n,), greater is surer. Both may be generators: only one
        image is held at a time.
    kind : {"boxes", "masks", "points"}
        Overlap is intersection over union for boxes and masks, object key point similarity for points.
    classes : sequence, optional
        The labels to judge; any other label is an error. By default all labels that occur.
    iou_thresholds : sequence of float, optional
        Overlap needed to count as found: 0.5, 0.55, ..., 0.95.
    max_detections : sequence of int, optional
        How many objects per image and class are looked at, by falling score: 1, 10, 100; for points 20.
        The largest is the one of ``ap``.
    areas : dict of name -> (lowest, highest), optional
        Ranges of area in square pixels; the first is the one of ``ap``. By default all, small (up to
        32^2), medium and large (from 96^2); for points no small.
    sigmas : float or (K,) array-like, optional
        For points: the standard deviation of each point among human annotators, over the square root
        of the object's area. By default COCO's for its 17 points; needed for any other number.

    Returns
    -------
    DetectionScores

    Raises
    ------
    ValueError
        Naming the image: shapes that do not fit together, numbers that are not finite, x2 < x1, a
        label outside ``classes``, lists of different length.

    Notes
    -----
    AP is the mean over thresholds and classes of the precision, made non-increasing, at the recalls
    0, 0.01, ..., 1; AR the mean over thresholds and classes of the highest recall. Classes without
    a true object are left out of the means.

    References
    ----------
    Lin et al. (2014), "Microsoft COCO: common objects in context"; detection evaluation at
    cocodataset.org.

    Examples
    --------
    >>> truth = [{"boxes": [[0, 0, 10, 10], [20, 20, 30, 30]], "labels": ["cat", "dog"]}]
    >>> found = [{"boxes": [[0, 0, 10, 10]], "labels": ["cat"], "scores": [0.9]}]
    >>> round(detection_scores(truth, found).ap50, 3)
    0.5
    """
    settings = _settings(kind, iou_thresholds, max_detections, areas, sigmas)
    table = compare_images(y_true, y_pred, settings.kind, settings.thresholds.min(), settings.sigmas)
    names, found_class, true_class = _classes(classes, table)
    group = table.found_image * len(names) + found_class
    rank = running_count(group, -table.scores)
    within = rank[table.found] < max(settings.max_detections)
    pairs = Candidates(table.found[within], table.true[within], table.overlap[within], group, rank)
    limits = np.array(list(settings.areas.values()), dtype=np.float64)
    ignored = table.ignored | _outside(table.true_area, limits)
    matched, left_out = match(pairs, settings.thresholds, ignored, table.crowd)
    left_out |= ~matched & _outside(table.found_area, limits)
    n_true = np.stack([np.bincount(true_class[~row], minlength=len(names)) for row in ignored], axis=1)
    precision, recall = precision_recall(
        matched, left_out, table.scores, found_class, rank, n_true=n_true, limits=settings.max_detections
    )
    return DetectionScores(
        precision, recall, names, n_true, settings.thresholds, tuple(settings.areas), settings.max_detections
    )


@dataclass(frozen=True)
class _Settings:
    kind: str
    thresholds: np.ndarray
    max_detections: tuple[int, ...]
    areas: Mapping[str, tuple[float, float]]
    sigmas: np.ndarray | float | None


def _settings(kind, thresholds, max_detections, areas, sigmas) -> _Settings:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
    if sigmas is not None and kind != "points":
        raise ValueError(f"sigmas are for kind='points', got kind={kind!r}")
    thresholds = np.linspace(0.5, 0.95, 10) if thresholds is None else np.asarray(thresholds, float)
    if thresholds.ndim != 1 or not ((thresholds > 0) & (thresholds <= 1)).all() or not len(thresholds):
        raise ValueError(f"iou_thresholds must be a list of numbers in (0, 1], got {thresholds}")
    if max_detections is None:
        max_detections = (20,) if kind == "points" else (1, 10, 100)
    if len(max_detections) == 0 or any(int(m) != m or m < 1 for m in max_detections):
        raise ValueError(f"max_detections must be a list of integers >= 1, got {max_detections}")
    if areas is None:
        areas = _POINT_AREAS if kind == "points" else AREAS
    if not areas or any(not low <= high for low, high in areas.values()):
        raise ValueError(f"areas must be a dict of name -> (lowest, highest), got {areas}")
    return _Settings(kind, thresholds, tuple(sorted(int(m) for m in max_detections)), areas, sigmas)


def _outside(area: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """(A, n): whether an area lies outside each of the ranges."""
    return (area < limits[:, :1]) | (area > limits[:, 1:])


def _classes(classes, table: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The classes to judge, and the position among them of every found and true object's label."""
    used, codes = np.unique(np.concatenate([table.found_label, table.true_label]), return_inverse=True)
    names = used if classes is None else np.unique(np.asarray(classes))
    if len(names) != (len(used) if classes is None else len(classes)):
        raise ValueError(f"classes names a label twice: {list(classes)}")
    unknown = used[~np.isin(used, names)]
    if len(unknown):
        raise ValueError(f"label {unknown[0].item()!r} occurs, but classes is {names.tolist()}")
    codes = np.searchsorted(names, used)[codes]
    n_found = len(table.found_label)
    return names, codes[:n_found], codes[n_found:]
