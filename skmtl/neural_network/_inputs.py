"""Samples and fields as batches for the trainer: cut, converted and scaled when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ._augment import Augment
from ._codings import batch_labels
from ._rows import Rows

#: Numbers that are looked at together, about.
BLOCK = 2**16


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
        for block in row_blocks(rows, X.shape):
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
        scaled, row = X.astype(dtype, order="C"), X.shape[1:][-2:]
        shift, scale = (np.broadcast_to(a.astype(dtype), row).ravel() for a in (self.shift, self.scale))
        rows = scaled.reshape(-1, len(shift))  # long loops, not one for each pixel
        rows -= shift
        rows /= scale
        return scaled


def _group_mean(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """For each column the mean over the columns of its group."""
    sizes = np.bincount(groups)
    return (np.bincount(groups, values) / np.maximum(sizes, 1))[groups]


@dataclass(frozen=True)
class Samples(Rows):
    """Some rows of X with their encoded fields: ``take`` makes the batch that a step sees."""

    X: np.ndarray
    scaling: Scaling
    encoded: list[np.ndarray]
    codings: list[dict]
    weight: np.ndarray
    rows: np.ndarray
    dtype: np.dtype
    augment: Augment | None = None

    def __len__(self):
        return len(self.rows)

    def take(self, rows, rng=None):
        """Scaled X and the labels of each head; with ``rng`` as they are learned from, moved and lit anew."""
        rows = self.rows[rows]
        X, fields, weight = self.X[rows], [field[rows] for field in self.encoded], self.weight[rows]
        if self.augment is None or rng is None:
            return self.scaling.apply(X, self.dtype), self._labels(fields, [weight] * len(fields))
        altered, kinds = self.augment.chosen(rng, len(rows)), [coding["kind"] for coding in self.codings]
        moves = self.augment.draw(rng, altered, X.shape[1:3])
        fields = [moves.field(kind, field) for kind, field in zip(kinds, fields, strict=True)]
        labels = self._labels(fields, [weight * self.augment.trust(kind, altered) for kind in kinds])
        X = self.scaling.apply(moves.images(X), self.dtype)
        return self.augment.light(X, rng, altered), labels

    def _labels(self, fields: list[np.ndarray], weights: list[np.ndarray]):
        parts = zip(self.codings, fields, weights, strict=True)
        return [batch_labels(coding, field, weight, self.dtype) for coding, field, weight in parts]

    def blocks(self):
        """Scaled X of all rows, in float64."""
        for block in row_blocks(self.rows, self.X.shape):
            yield self.scaling.apply(self.X[block], np.float64)


def row_blocks(rows: np.ndarray, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """``rows`` in blocks of about ``BLOCK`` numbers of an array of this shape."""
    step = max(BLOCK // int(np.prod(shape[1:])), 1)
    return (rows[first : first + step] for first in range(0, len(rows), step))


def split_rows(
    names: list[str], encoded: list[np.ndarray], weight: np.ndarray, fraction: float | None, rng
) -> tuple[np.ndarray, np.ndarray | None]:
    """Samples to learn from, those with weight and a label, and a ``fraction`` of them to judge by."""
    rows = np.flatnonzero((weight > 0) & np.any([_labelled(field) for field in encoded], axis=0))
    if fraction is None:
        return rows, None
    n_out = int(np.ceil(fraction * len(rows)))
    order = rng.permutation(rows)
    out, kept = np.sort(order[:n_out]), np.sort(order[n_out:])
    for name, field in zip(names, encoded, strict=True):
        if not _each_labelled(field[kept]):
            raise ValueError(
                f"early_stopping=True leaves no label of field {name!r} to learn from: lower "
                f"validation_fraction ({fraction:g}) or give more labels"
            )
    return kept, out


def _observed(field: np.ndarray) -> np.ndarray:
    return field != 255 if field.dtype == np.uint8 else ~np.isnan(field)


def _labelled(field: np.ndarray) -> np.ndarray:
    """Which samples (n,) have any observed entry of an encoded field."""
    return _observed(field).reshape(len(field), -1).any(axis=1)


def _each_labelled(field: np.ndarray) -> bool:
    """Whether every column of an encoded field, or any pixel of masks, is observed somewhere."""
    seen = _observed(field)
    return bool(seen.any(axis=0).all() if field.ndim == 2 else seen.any())
