"""Samples and fields as batches for the trainer: cut, converted and scaled when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..nn import Labels
from ._codings import batch_labels

ROWS = 512


@dataclass(frozen=True)
class Scaling:
    """``(X - shift) / scale`` for every column of a table, or every channel of images."""

    shift: np.ndarray
    scale: np.ndarray

    @classmethod
    def learn(cls, X: np.ndarray, weight: np.ndarray, rows: np.ndarray, groups=None) -> Scaling:
        """Weighted mean and standard deviation over ``rows``, read in blocks; a spread of 0 becomes 1.

        Columns of one of the ``groups``, numbers (p,), have those of all their entries together.
        """
        total = square = count = 0.0
        axes = tuple(range(X.ndim - 1))
        centre = X[rows[:1]].astype(np.float64).mean(axis=axes)
        for first in range(0, len(rows), ROWS):
            block = rows[first : first + ROWS]
            part = X[block].astype(np.float64) - centre
            w = weight[block].reshape(-1, *[1] * (X.ndim - 1))
            total += (w * part).sum(axis=axes)
            square += (w * part**2).sum(axis=axes)
            count += w.sum() * (part[0, ..., 0].size)
        mean, variance = total / count, np.maximum(square / count - (total / count) ** 2, 0)
        mean += centre
        if groups is not None:
            middle = _group_mean(mean, groups)
            mean, variance = middle, _group_mean(variance + (mean - middle) ** 2, groups)
        spread = np.sqrt(variance)
        return cls(mean, np.where(spread > 1e-12 * np.abs(centre).max(initial=1.0), spread, 1.0))

    def apply(self, X: np.ndarray, dtype) -> np.ndarray:
        """Scaled samples as a new array of ``dtype``."""
        scaled = X.astype(dtype)
        scaled -= self.shift.astype(dtype)
        scaled /= self.scale.astype(dtype)
        return scaled


def _group_mean(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """For each column the mean over the columns of its group."""
    sizes = np.bincount(groups)
    return (np.bincount(groups, values) / np.maximum(sizes, 1))[groups]


@dataclass(frozen=True)
class Samples:
    """Some rows of X with their encoded fields: ``take`` makes the batch that a step sees."""

    X: np.ndarray
    scaling: Scaling
    encoded: list[np.ndarray]
    codings: list[dict]
    weight: np.ndarray
    rows: np.ndarray
    dtype: np.dtype

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows) -> tuple[np.ndarray, list[Labels]]:
        """Scaled X and the labels of each head."""
        rows = self.rows[rows]
        labels = [
            batch_labels(coding, field[rows], self.weight[rows], self.dtype)
            for coding, field in zip(self.codings, self.encoded, strict=True)
        ]
        return self.scaling.apply(self.X[rows], self.dtype), labels

    def blocks(self) -> Iterator[np.ndarray]:
        """Scaled X of all rows, in blocks and in float64, as for prediction."""
        for first in range(0, len(self), ROWS):
            yield self.scaling.apply(self.X[self.rows[first : first + ROWS]], np.float64)
