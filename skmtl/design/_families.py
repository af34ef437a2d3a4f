"""Which output columns belong to which task, and which of them answer the same question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Family:
    """Tasks that answer the same question: their columns may be tied to each other.

    The family's weights stand side by side in W, task after task, ``n_columns`` columns each: one
    for a number or a two-class task, one per class otherwise.
    """

    tasks: np.ndarray
    start: int
    n_columns: int

    @property
    def columns(self) -> slice:
        """Columns of W of all the family's tasks."""
        return slice(self.start, self.start + len(self.tasks) * self.n_columns)

    def columns_of(self, t: int) -> slice:
        """Columns of W of task ``t``."""
        first = self.start + int(np.flatnonzero(self.tasks == t)[0]) * self.n_columns
        return slice(first, first + self.n_columns)

    def by_task(self, W: np.ndarray) -> np.ndarray:
        """The family's part of W (d, P) as (d, tasks, columns)."""
        return W[:, self.columns].reshape(len(W), len(self.tasks), self.n_columns)

    def stacked(self, W: np.ndarray) -> np.ndarray:
        """The family's part of W (d, P) with one column per task, its C columns under each other."""
        return self.by_task(W).transpose(0, 2, 1).reshape(-1, len(self.tasks))

    def unstacked(self, V: np.ndarray) -> np.ndarray:
        """The inverse of ``stacked``: (d, tasks * C), the family's columns of W."""
        by_task = V.reshape(-1, self.n_columns, len(self.tasks)).transpose(0, 2, 1)
        return by_task.reshape(len(by_task), -1)


def output_families(n_tasks: int, classes_of_tasks: list[np.ndarray] | None) -> list[Family]:
    """Group tasks with equal classes (all tasks, for numbers) and lay their columns out."""
    if classes_of_tasks is None:
        return [Family(np.arange(n_tasks), 0, 1)]
    groups: dict[tuple, list[int]] = {}
    for t, classes in enumerate(classes_of_tasks):
        groups.setdefault(tuple(classes.tolist()), []).append(t)
    families, start = [], 0
    for classes, tasks in groups.items():
        n_columns = 1 if len(classes) == 2 else len(classes)
        families.append(Family(np.array(tasks), start, n_columns))
        start = families[-1].columns.stop
    return families


def tasks_of_columns(families: list[Family]) -> np.ndarray:
    """The task each column of W belongs to, (P,) intp."""
    return np.concatenate([np.repeat(family.tasks, family.n_columns) for family in families])
