"""Rows to learn from: in memory, on disk behind a memory map, or coming part by part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..nn import Labels

#: Rows of a table that are converted together for prediction.
PREDICT_ROWS = 4096

Batch = tuple[np.ndarray, Sequence[Labels]]


class Rows(ABC):
    """A set of rows of which any can be taken."""

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def take(self, rows: np.ndarray, rng: np.random.Generator | None = None) -> Batch:
        """X and labels of some rows; with ``rng`` as they are learned from."""

    @abstractmethod
    def blocks(self) -> Iterator[np.ndarray]:
        """X of all rows, as for prediction."""

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[tuple[float, Batch]]:
        """Every row once in random order, in batches of nearly equal size of at most ``size``.

        Before each stands the share of the epoch that is over when it comes.
        """
        n = len(self)
        parts = np.array_split(rng.permutation(n), -(-n // size))
        for i, rows in enumerate(parts):
            yield i / len(parts), self.take(rows, rng)


@dataclass(frozen=True)
class Table(Rows):
    """``rows`` of X (n, p), dense or sparse, of which only those of a batch become ``dtype``.

    ``labels`` are those of ``rows``, task by task.
    """

    X: np.ndarray
    rows: np.ndarray
    labels: Sequence[Labels]
    dtype: np.dtype

    @classmethod
    def hold(cls, X, rows: np.ndarray, labels: Sequence[Labels], dtype) -> Table:
        """``rows`` of X, converted at once unless X is on disk."""
        if is_mapped(X):
            return cls(X, rows, labels, dtype)
        X = X if len(rows) == X.shape[0] else X[rows]
        return cls(X.astype(dtype, copy=False), np.arange(len(rows)), labels, dtype)

    def __len__(self):
        return len(self.rows)

    def take(self, rows, rng=None):
        X = self.X[self.rows[rows]].astype(self.dtype, copy=False)
        return X, [Labels(y[rows], w[rows]) for y, w in self.labels]

    def blocks(self):
        for first in range(0, len(self), PREDICT_ROWS):
            yield self.X[self.rows[first : first + PREDICT_ROWS]].astype(np.float64)


def is_mapped(X) -> bool:
    """Whether an array is a view of a file."""
    while isinstance(X, np.ndarray):
        if isinstance(X, np.memmap):
            return True
        X = X.base
    return False


class Stream:
    """Parts of a set, each of which is read when its turn comes and forgotten after it.

    Parameters
    ----------
    parts : iterable, or function that returns one
        Of tuples ``(X, y)`` or ``(X, y, sample_weight)``.
    epochs : int
        How often the parts will be asked for, at most.
    """

    def __init__(self, parts: Iterable | Callable[[], Iterable], epochs: int):
        self._again = parts if callable(parts) else lambda: parts
        self._next = iter(self._again())
        if epochs > 1 and not callable(parts) and self._next is parts:
            raise ValueError(
                f"batches can be read once, but max_iter={epochs}: give a list, or a function that returns a "
                "new iterator for each epoch, or max_iter=1"
            )
        self._count = len(parts) if hasattr(parts, "__len__") else None
        self.first = _next_part(next(self._next, None))
        self.read: Callable[[tuple], Rows]
        self.last: Rows | None = None

    def batches(self, size: int, rng: np.random.Generator) -> Iterator[tuple[float, Batch]]:
        """As of ``Rows``: part by part, the rows of each in random order.

        Where it is not known how many parts will come, half of the epoch counts as over.
        """
        count = 0
        for part in self._epoch():
            rows = self.read(part)
            count += 1
            if not len(rows):
                continue
            self.last = rows
            for share, batch in rows.batches(size, rng):
                yield (0.5 if self._count is None else min((count - 1 + share) / self._count, 1.0)), batch
        if not count:
            raise ValueError("batches gave nothing when it was asked a second time; return a new iterator")
        self._count = count

    def _epoch(self) -> Iterator[tuple]:
        if self._next is None:
            yield from map(_next_part, self._again())
            return
        parts, self._next = self._next, None
        yield self.first
        yield from map(_next_part, parts)

    def blocks(self) -> Iterator[np.ndarray]:
        """X of the last part."""
        return self.last.blocks()


def _next_part(part) -> tuple:
    if part is None:
        raise ValueError("batches is empty: at least one (X, y) is needed")
    return one_part(part, "batches")


def one_part(part, name: str) -> tuple:
    """X, y and the sample weights or None; ``name`` is what the parameter is called."""
    if not isinstance(part, tuple | list) or len(part) not in (2, 3):
        raise ValueError(f"{name} must hold (X, y) or (X, y, sample_weight), got {type(part).__name__}")
    return part[0], part[1], part[2] if len(part) == 3 else None
