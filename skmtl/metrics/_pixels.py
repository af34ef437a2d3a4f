"""A class for every pixel: confusion, intersection over union, Dice, accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..utils._table import text_table
from ._maps import judged, map_pairs, overlap_table
from ._observed import mean_observed

IGNORE = 255


@dataclass(frozen=True, eq=False)
class PixelScores:
    """Counts of pixels, and what follows from them; ``print`` it for the table.

    Attributes
    ----------
    confusion : (K, K) int64
        Pixels of the true class (row) that were given the class of the column.
    classes : (K,) int array
    background : int or None
        The class that is left out of ``mean_iou`` and ``mean_dice``.
    """

    confusion: np.ndarray
    classes: np.ndarray
    background: int | None = None

    @property
    def iou(self) -> np.ndarray:
        """(K,) intersection over union TP / (TP + FP + FN); NaN for a class nobody used."""
        return self._share(self._right, self._true + self._found - self._right)

    @property
    def dice(self) -> np.ndarray:
        """(K,) Dice 2 TP / (2 TP + FP + FN), the F1 of pixels; NaN for a class nobody used."""
        return self._share(2 * self._right, self._true + self._found)

    @property
    def recall(self) -> np.ndarray:
        """(K,) share of the true pixels that were found; NaN without a true pixel."""
        return self._share(self._right, self._true)

    @property
    def precision(self) -> np.ndarray:
        """(K,) share of the found pixels that are right; NaN without a found pixel."""
        return self._share(self._right, self._found)

    @property
    def mean_iou(self) -> float:
        """Mean of ``iou`` over the classes that occur, without the background."""
        return mean_observed(self.iou[self._foreground])

    @property
    def mean_dice(self) -> float:
        """Mean of ``dice`` over the classes that occur, without the background."""
        return mean_observed(self.dice[self._foreground])

    @property
    def accuracy(self) -> float:
        """Share of judged pixels, of all classes, that are right."""
        total = self.confusion.sum()
        return float(self._right.sum() / total) if total else float("nan")

    def __str__(self) -> str:
        columns = [self.iou, self.dice, self.precision, self.recall]
        rows = [
            [str(label), str(n), *(_cell(column[k]) for column in columns)]
            for k, (label, n) in enumerate(zip(self.classes.tolist(), self._true, strict=True))
        ]
        means = ["mean", str(self._true.sum()), *(_cell(mean_observed(c[self._foreground])) for c in columns)]
        table = text_table(["class", "pixels", "IoU", "Dice", "precision", "recall"], [*rows, means])
        return f"{table}\npixel accuracy {_cell(self.accuracy)}"

    @property
    def _right(self) -> np.ndarray:
        return np.diagonal(self.confusion)

    @property
    def _true(self) -> np.ndarray:
        return self.confusion.sum(axis=1)

    @property
    def _found(self) -> np.ndarray:
        return self.confusion.sum(axis=0)

    @property
    def _foreground(self) -> np.ndarray:
        return (
            np.ones(len(self.classes), bool) if self.background is None else self.classes != self.background
        )

    @staticmethod
    def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _cell(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"


def pixel_scores(
    y_true,
    y_pred,
    *,
    classes: Sequence[int] | None = None,
    ignore: int | None = IGNORE,
    background: int | None = None,
) -> PixelScores:
    """Compare maps of classes pixel by pixel, over all images together.

    Parameters
    ----------
    y_true, y_pred : (n, h, w) integer array, one (h, w) array, or a list of (h, w) arrays
    classes : sequence of int, optional
        The classes to judge; by default all that occur where the truth is judged.
    ignore : int or None
        The true value of pixels that nobody judged: they are left out.
    background : int, optional
        A class to leave out of the means.

    Returns
    -------
    PixelScores

    Raises
    ------
    ValueError
        For maps that are not integers or of different sizes, a value outside ``classes``, a pixel that
        was judged but not predicted (``ignore`` in y_pred).

    Examples
    --------
    >>> scores = pixel_scores([[[0, 1], [1, 255]]], [[[0, 1], [0, 0]]])
    >>> scores.iou.tolist(), scores.mean_iou
    ([0.5, 0.5], 0.5)
    """
    tables = []
    for i, (truth, guess) in enumerate(map_pairs(y_true, y_pred)):
        seen = judged(truth, ignore)
        table = overlap_table(truth[seen], guess[seen])
        if ignore is not None and ignore in table[1]:
            raise ValueError(f"y_pred[{i}] is {ignore}, the value to ignore, at pixels judged in y_true")
        tables.append(table)
    classes = _classes(classes, tables, ignore)
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for rows, columns, counts in tables:
        confusion[np.ix_(np.searchsorted(classes, rows), np.searchsorted(classes, columns))] += counts
    return PixelScores(confusion, classes, background)


def mean_iou(y_true, y_pred, **options) -> float:
    """``pixel_scores(y_true, y_pred, **options).mean_iou``."""
    return pixel_scores(y_true, y_pred, **options).mean_iou


def mean_dice(y_true, y_pred, **options) -> float:
    """``pixel_scores(y_true, y_pred, **options).mean_dice``."""
    return pixel_scores(y_true, y_pred, **options).mean_dice


def pixel_accuracy(y_true, y_pred, **options) -> float:
    """``pixel_scores(y_true, y_pred, **options).accuracy``."""
    return pixel_scores(y_true, y_pred, **options).accuracy


def _classes(classes, tables: list, ignore: int | None) -> np.ndarray:
    used = np.unique(np.concatenate([np.r_[a, b] for a, b, _ in tables] or [np.zeros(0, np.int64)]))
    if classes is None:
        return used
    known = np.unique(np.asarray(classes))
    if known.dtype.kind not in "iu" or len(known) != len(classes) or ignore in known:
        raise ValueError(f"classes must be different integers without ignore={ignore}, got {classes}")
    unknown = used[~np.isin(used, known)]
    if len(unknown):
        raise ValueError(f"class {unknown[0]} occurs, but classes is {known.tolist()}")
    return known
