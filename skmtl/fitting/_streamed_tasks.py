"""Sums of several tasks over rows that come in blocks, and each task's ridge from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ._row_sums import RowSums
from ._streamed_ridge import RidgeChoice, streamed_ridge


class TaskSums(NamedTuple):
    """Tasks (k,) whose labels have had the same weights in every row, and their sums."""

    tasks: np.ndarray
    sums: RowSums


class StreamedTasks:
    """What has been added up of tasks whose targets take ``widths`` (T,) columns each.

    Tasks whose labels have weighed the same in every row so far share their sums.
    """

    def __init__(self, widths: Sequence[int], *, intercept: bool, parts: list[TaskSums] | None = None):
        self.widths, self.intercept, self.parts = list(widths), intercept, parts
        ends = np.cumsum(self.widths)
        self.columns = [slice(end - width, end) for end, width in zip(ends, self.widths, strict=True)]

    def with_rows(self, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, n_jobs) -> StreamedTasks:
        """The sums with rows X (n, p), Y (n, columns), ``weight`` (n, T); these sums are used up."""
        parts = self.parts
        if parts is None:
            everything = RowSums.begin(X, Y, intercept=self.intercept)
            parts = [TaskSums(np.arange(len(self.widths)), everything)]
        parts = [piece for part in parts for piece in self._split(part, weight)]
        for tasks, sums in parts:
            sums.add(X, Y[:, self._places(tasks, self.columns)], weight[:, tasks[0]], n_jobs)
        return StreamedTasks(self.widths, intercept=self.intercept, parts=parts)

    def solve(self, alphas: Sequence[float], *, standardize: bool, n_jobs) -> RidgeChoice:
        """The weights of all tasks: see ``streamed_ridge``."""
        p, P, dtype = len(self.parts[0].sums.gram), self.columns[-1].stop, self.parts[0].sums.gram.dtype
        W, b = np.empty((p, P), dtype), np.empty(P, dtype)
        alpha, errors = np.empty(len(self.widths)), np.empty((len(alphas), len(self.widths)))
        options = {"intercept": self.intercept, "standardize": standardize, "n_jobs": n_jobs}
        for tasks, sums in self.parts:
            sums.check_whole()
            found = streamed_ridge(sums, self._own_columns(tasks), alphas, **options)
            places = self._places(tasks, self.columns)
            W[:, places], b[places] = found.W, found.b
            alpha[tasks], errors[:, tasks] = found.alpha, found.errors
        return RidgeChoice(W, b, alpha, errors)

    def without_labels(self) -> np.ndarray:
        """The tasks that no row has had a label of."""
        return np.concatenate([tasks[:0] if sums.total > 0 else tasks for tasks, sums in self.parts])

    def _split(self, part: TaskSums, weight: np.ndarray) -> Iterator[TaskSums]:
        """The part, or a copy for each group of its tasks where these rows tell them apart."""
        groups = equal_columns(weight[:, part.tasks])
        if len(groups) == 1:
            yield part
            return
        own = self._own_columns(part.tasks)
        for group in groups:
            yield TaskSums(part.tasks[group], part.sums.some(self._places(group, own)))

    def _own_columns(self, tasks: np.ndarray) -> list[slice]:
        """Columns of these tasks where they stand alone."""
        return StreamedTasks([self.widths[t] for t in tasks], intercept=self.intercept).columns

    @staticmethod
    def _places(tasks: np.ndarray, columns: list[slice]) -> np.ndarray:
        return np.concatenate([np.arange(columns[t].start, columns[t].stop) for t in tasks])


def equal_columns(weight: np.ndarray) -> list[np.ndarray]:
    """The places of equal columns of weight (n, T), group by group."""
    _, group = np.unique(weight, axis=1, return_inverse=True)
    return [np.flatnonzero(group == g) for g in range(group.max() + 1)]
