"""Panoptic quality: how well an image is divided into segments, each of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..utils._table import text_table
from ._maps import coded, judged, map_pairs, overlap_table
from ._observed import mean_observed
from ._pixels import IGNORE

_NO_SEGMENT = -1


@dataclass(frozen=True, eq=False)
class PanopticScores:
    """Segments found, and how well; ``print`` it for the table.

    Attributes
    ----------
    classes : (K,) int array
    true_positive, false_positive, false_negative : (K,) int64
    iou_sum : (K,) float64
        Sum of the intersection over union of the matched segments.
    """

    classes: np.ndarray
    true_positive: np.ndarray
    false_positive: np.ndarray
    false_negative: np.ndarray
    iou_sum: np.ndarray

    @property
    def pq_per_class(self) -> np.ndarray:
        """(K,) PQ = SQ x RQ; NaN for a class that has no segment on either side."""
        return self._share(self.iou_sum)

    @property
    def sq_per_class(self) -> np.ndarray:
        """(K,) mean intersection over union of matched segments; 0 where there are none."""
        share = self.iou_sum / np.maximum(self.true_positive, 1)
        return np.where(self._segments > 0, share, np.nan)

    @property
    def rq_per_class(self) -> np.ndarray:
        """(K,) F1 of the segments, TP / (TP + FP / 2 + FN / 2)."""
        return self._share(self.true_positive)

    @property
    def pq(self) -> float:
        """Mean of ``pq_per_class`` over the classes that occur."""
        return mean_observed(self.pq_per_class)

    @property
    def sq(self) -> float:
        """Mean of ``sq_per_class`` over the classes that occur."""
        return mean_observed(self.sq_per_class)

    @property
    def rq(self) -> float:
        """Mean of ``rq_per_class`` over the classes that occur."""
        return mean_observed(self.rq_per_class)

    def __str__(self) -> str:
        values = np.stack([self.pq_per_class, self.sq_per_class, self.rq_per_class], axis=1)
        rows = [
            [str(label), str(n), *_cells(row)]
            for label, n, row in zip(self.classes, self._true, values, strict=True)
        ]
        rows.append(["mean", str(self._true.sum()), *_cells([self.pq, self.sq, self.rq])])
        return text_table(["class", "segments", "PQ", "SQ", "RQ"], rows)

    @property
    def _true(self) -> np.ndarray:
        return self.true_positive + self.false_negative

    @property
    def _segments(self) -> np.ndarray:
        return self.true_positive + (self.false_positive + self.false_negative) / 2

    def _share(self, part: np.ndarray) -> np.ndarray:
        return np.where(self._segments > 0, part / np.maximum(self._segments, 0.5), np.nan)


def _cells(values) -> list[str]:
    return ["-" if np.isnan(value) else f"{value:.3f}" for value in values]


def panoptic_quality(
    true_classes,
    true_instances,
    found_classes,
    found_instances,
    *,
    classes: Sequence[int] | None = None,
    ignore: int | None = IGNORE,
) -> PanopticScores:
    """Panoptic quality of maps of classes and instances.

    A segment is all pixels of an image that share class and instance; two segments of one class match
    where their intersection over union is above 0.5, so a match is unique.

    Parameters
    ----------
    true_classes, true_instances, found_classes, found_instances
        Each an (n, h, w) integer array, one (h, w) array, or a list of (h, w) arrays. Instance numbers
        mean nothing but "the same" or "another"; give every pixel of an uncountable class the same.
    classes : sequence of int, optional
        The classes to judge, all others (a background, say) are no segments; by default all that occur.
    ignore : int or None
        The class of pixels that nobody judged: they are left out of every intersection and union. In
        the found classes, pixels of no segment. A found segment of which more than half lies on pixels
        that nobody judged is no false positive.

    Returns
    -------
    PanopticScores

    References
    ----------
    Kirillov et al. (2019), "Panoptic segmentation", eq. 1.
    """
    maps = list(map_pairs(true_classes, found_classes))
    instances = map_pairs(true_instances, found_instances)
    used = {int(value) for pair in maps for image in pair for value in coded(image)[0]}
    classes = np.array(sorted((used if classes is None else set(classes)) - {ignore}), dtype=np.int64)
    totals = np.zeros((4, len(classes)))
    for i, (labels, numbers) in enumerate(zip(maps, instances, strict=True)):
        if labels[0].shape != numbers[0].shape:
            raise ValueError(f"image {i}: classes are {labels[0].shape} pixels, instances {numbers[0].shape}")
        truth, found = (_segments(*pair, classes) for pair in zip(labels, numbers, strict=True))
        totals += _count(truth, found, judged(labels[0], ignore), len(classes))
    return PanopticScores(classes, *totals[:3].astype(np.int64), totals[3])


def _segments(labels: np.ndarray, numbers: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """A number per pixel, ``instance * K + class``, that is the same all over a segment; -1 for none."""
    if len(classes) == 0:
        return np.full(labels.shape, _NO_SEGMENT)
    at = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    _, numbers = coded(numbers)
    return np.where(classes[at] == labels, numbers.reshape(labels.shape) * len(classes) + at, _NO_SEGMENT)


def _count(truth: np.ndarray, found: np.ndarray, seen: np.ndarray, n_classes: int) -> np.ndarray:
    """True positives, false positives, false negatives and the sum of overlaps of an image, (4, K)."""
    true_ids, found_ids, shared = overlap_table(truth[seen], found[seen])
    true_area, found_area = shared.sum(axis=1), shared.sum(axis=0)
    iou = shared / (true_area[:, None] + found_area[None, :] - shared)
    same = (true_ids[:, None] % n_classes == found_ids % n_classes) if n_classes else np.zeros_like(iou, bool)
    is_segment = (true_ids[:, None] != _NO_SEGMENT) & (found_ids != _NO_SEGMENT)
    matched = same & is_segment & (iou > 0.5)
    all_ids, codes = coded(found)
    whole = np.bincount(codes, minlength=len(all_ids))[np.searchsorted(all_ids, found_ids)]
    lost = (true_ids != _NO_SEGMENT) & ~matched.any(axis=1)
    wrong = (found_ids != _NO_SEGMENT) & ~matched.any(axis=0) & (2 * found_area >= whole)
    at = true_ids[matched.any(axis=1)]
    return np.stack(
        [
            _per_class(at, n_classes),
            _per_class(found_ids[wrong], n_classes),
            _per_class(true_ids[lost], n_classes),
            _per_class(at, n_classes, (iou * matched).sum(axis=1)[matched.any(axis=1)]),
        ]
    )


def _per_class(segments: np.ndarray, n_classes: int, weights=None) -> np.ndarray:
    return np.bincount(segments % max(n_classes, 1), weights, minlength=n_classes)[:n_classes].astype(float)
