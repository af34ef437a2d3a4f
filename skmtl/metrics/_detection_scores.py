"""What an evaluation of detections found: numbers by threshold, class, area and number of detections."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..utils._table import text_table
from ._curves import RECALLS
from ._observed import mean_observed


@dataclass(frozen=True, eq=False)
class DetectionScores:
    """Average precision (AP) and recall (AR) of detections; ``print`` it for the table.

    A number is NaN where there is no true object to find.

    Attributes
    ----------
    precision : (T, 101, K, A, M) float64
        Precision at T overlap thresholds, the recalls 0, 0.01, ..., 1, K classes, A area ranges and M
        numbers of detections.
    recall : (T, K, A, M) float64
        Highest recall.
    classes : (K,) array of labels
    n_true : (K, A) int
        True objects that count.
    iou_thresholds : (T,) float64
    areas : tuple of A str
    max_detections : tuple of M int
    recall_thresholds : (101,) float64
    """

    precision: np.ndarray
    recall: np.ndarray
    classes: np.ndarray
    n_true: np.ndarray
    iou_thresholds: np.ndarray
    areas: tuple[str, ...]
    max_detections: tuple[int, ...]
    recall_thresholds: np.ndarray = field(default_factory=RECALLS.copy)

    def average_precision(self, *, iou=None, label=None, area=None, max_detections=None) -> float:
        """Mean precision over thresholds, recalls and classes, or at one of them.

        Parameters
        ----------
        iou : float, optional
            One of ``iou_thresholds``; the mean over all by default.
        label : optional
            One of ``classes``; the mean over all that have a true object by default.
        area : str, optional
            One of ``areas``; the first by default.
        max_detections : int, optional
            One of ``max_detections``; the largest by default.

        Raises
        ------
        ValueError
            For a value that was not evaluated.
        """
        t, k, a, m = self._at(iou, label, area, max_detections)
        return mean_observed(self.precision[t][:, :, k][..., a, m])

    def average_recall(self, *, iou=None, label=None, area=None, max_detections=None) -> float:
        """Mean of the highest recall over thresholds and classes; arguments as ``average_precision``."""
        t, k, a, m = self._at(iou, label, area, max_detections)
        return mean_observed(self.recall[t][:, k][..., a, m])

    @property
    def ap(self) -> float:
        """AP over all thresholds."""
        return self.average_precision()

    @property
    def ap50(self) -> float:
        """AP at an overlap of 0.5."""
        return self.average_precision(iou=0.5)

    @property
    def ap75(self) -> float:
        """AP at an overlap of 0.75."""
        return self.average_precision(iou=0.75)

    @property
    def ar1(self) -> float:
        """AR with one detection per image and class."""
        return self.average_recall(max_detections=1)

    @property
    def ar10(self) -> float:
        """AR with ten detections per image and class."""
        return self.average_recall(max_detections=10)

    @property
    def ar100(self) -> float:
        """AR with a hundred detections per image and class."""
        return self.average_recall(max_detections=100)

    @property
    def ap_per_class(self) -> dict:
        """Label -> AP."""
        return {label: self.average_precision(label=label) for label in self.classes.tolist()}

    @property
    def ap_per_area(self) -> dict[str, float]:
        """Name of the area range -> AP."""
        return {area: self.average_precision(area=area) for area in self.areas}

    @property
    def ar_per_area(self) -> dict[str, float]:
        """Name of the area range -> AR."""
        return {area: self.average_recall(area=area) for area in self.areas}

    def rows(self) -> list[list[str]]:
        """The table's cells: the area ranges over all classes, then each class over the first range."""
        parts = [(area, {"area": area}, self.n_true[:, a].sum()) for a, area in enumerate(self.areas)]
        labels = self.classes.tolist()
        parts += [(str(k), {"label": k}, n) for k, n in zip(labels, self.n_true[:, 0], strict=True)]
        return [[name, str(n), *self._cells(at)] for name, at, n in parts]

    def __str__(self) -> str:
        shown = [f"AP{round(100 * t):d}" for t in self._shown()]
        recalls = [f"AR{m}" for m in self.max_detections]
        return text_table(["", "objects", "AP", *shown, *recalls], self.rows())

    def _cells(self, at: dict) -> list[str]:
        values = [self.average_precision(**at), *(self.average_precision(iou=t, **at) for t in self._shown())]
        values += [self.average_recall(max_detections=m, **at) for m in self.max_detections]
        return ["-" if np.isnan(value) else f"{value:.3f}" for value in values]

    def _shown(self) -> list[float]:
        return [t for t in (0.5, 0.75) if np.isclose(self.iou_thresholds, t, rtol=0, atol=1e-9).any()]

    def _at(self, iou, label, area, max_detections) -> tuple:
        near = np.isclose(self.iou_thresholds, np.nan if iou is None else iou, rtol=0, atol=1e-9)
        known = self.classes.tolist()
        return (
            slice(None) if iou is None else _only(near.tolist(), True, f"iou={iou}", self.iou_thresholds),
            slice(None) if label is None else _only(known, label, f"label={label!r}", known),
            0 if area is None else _only(self.areas, area, f"area={area!r}", self.areas),
            int(np.argmax(self.max_detections))
            if max_detections is None
            else _only(self.max_detections, max_detections, f"max_detections={max_detections}"),
        )


def _only(values, wanted, shown: str, known=None) -> slice:
    values = list(values)
    if wanted not in values:
        raise ValueError(f"{shown} was not evaluated; there are {list(values if known is None else known)}")
    at = values.index(wanted)
    return slice(at, at + 1)
