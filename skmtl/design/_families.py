"""Which output columns belong to which task, and which of them answer the same question."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class Family:
    """Tasks whose columns may be tied to each other: they have equally many.

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


class Question(NamedTuple):
    """What a task asks.

    Tasks of equal ``tie`` form a family; in it those of equal ``loss`` are neighbours.
    """

    tie: Hashable
    loss: Hashable
    n_columns: int


def output_families(questions: Sequence[Question]) -> list[Family]:
    """Group the tasks by their questions and lay their columns out."""
    ties: dict[Hashable, dict[Hashable, list[int]]] = {}
    for t, question in enumerate(questions):
        ties.setdefault(question.tie, {}).setdefault(question.loss, []).append(t)
    families, start = [], 0
    for groups in ties.values():
        tasks = [t for group in groups.values() for t in group]
        families.append(Family(np.array(tasks), start, questions[tasks[0]].n_columns))
        start = families[-1].columns.stop
    return families


def tasks_of_columns(families: list[Family]) -> np.ndarray:
    """The task each column of W belongs to, (P,) intp."""
    return np.concatenate([np.repeat(family.tasks, family.n_columns) for family in families])
