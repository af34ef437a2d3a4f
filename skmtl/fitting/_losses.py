"""Which loss each task has, and which tasks may be tied."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby

import numpy as np

from ..design import Family, Question
from ..losses import Loss
from ..targets import TaskTargets
from ._data import LossPart


class TaskLosses:
    """The losses of the tasks, one each.

    Tasks are tied where they have equal classes, or all are numbers; with ``tie_columns`` all tasks of
    one column are tied, whatever they predict.

    Raises
    ------
    ValueError
        Where a label is out of the range of its task's loss; the message names the task.
    """

    def __init__(self, losses: Sequence[Loss], targets: TaskTargets, *, tie_columns: bool = False):
        self.losses, self.tie_columns = losses, tie_columns
        for t, loss in enumerate(losses):
            shown = "y" if targets.form == "vector" else f"task {targets.names[t]!r}"
            loss.check(targets.labels_of(t), shown)

    @property
    def kinked(self) -> bool:
        """Whether any loss has kinks."""
        return any(loss.kinked for loss in self.losses)

    def questions(self, targets: TaskTargets) -> list[Question]:
        """What each task asks."""
        classes = targets.classes or [None] * targets.n_tasks
        return [self._question(loss, labels) for loss, labels in zip(self.losses, classes, strict=True)]

    def _question(self, loss: Loss, classes: np.ndarray | None) -> Question:
        n_columns = loss.n_columns(None if classes is None else len(classes))
        key = _key(loss)
        if n_columns == 1 and self.tie_columns:
            return Question("one column", key, n_columns)
        tie = None if classes is None else tuple(classes.tolist())
        return Question((tie, n_columns), key, n_columns)

    def parts(self, targets: TaskTargets, weight: np.ndarray, family: Family) -> Iterator[LossPart]:
        """A family's tasks by their loss; tasks that own their rows have one loss."""
        if targets.form == "rows":
            yield LossPart(self.losses[0], slice(0, family.n_columns), targets.values, weight)
            return
        for _, group in groupby(family.tasks, key=lambda t: _key(self.losses[t])):
            tasks = np.array(list(group))
            columns = slice(family.columns_of(tasks[0]).start, family.columns_of(tasks[-1]).stop)
            # all tasks in their order need no copy
            mine = slice(None) if np.array_equal(tasks, np.arange(targets.n_tasks)) else tasks
            yield LossPart(self.losses[tasks[0]], columns, targets.values[:, mine], weight[:, mine])


def _key(loss: Loss) -> Hashable:
    """Equal for losses of one class with equal parameters."""
    return type(loss), repr(sorted(loss.get_params().items()))
