"""Cross-validation folds in which every task keeps its share of labels."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral

import numpy as np

from ..component import Component
from ..targets import TaskTargets, read_targets
from ..targets._tasks import distinct_tasks, encode_tasks, find_task_column, split_task_column


class TaskKFold(Component):
    """K folds over which every task, and every class of it, is spread evenly.

    For scikit-learn's searches on y with missing labels, and on tasks that own their rows; the ``CV``
    estimators make these folds themselves. Rows are not shuffled: rows that show the same labels go to
    the folds in blocks, in their order.

    Parameters
    ----------
    n_splits : int >= 2, default 5
    task_feature : int or str, optional
        The column of X that holds each row's task, for tasks that own their rows.
    classify : bool, default False
        Whether labels are classes, to be spread too.
    missing_label : scalar, default NaN
        Marks a label that is not observed, besides NaN and None.
    """

    def __init__(self, n_splits: int = 5, *, task_feature=None, classify=False, missing_label=np.nan):
        self.n_splits = n_splits
        self.task_feature = task_feature
        self.classify = classify
        self.missing_label = missing_label

    def get_n_splits(self, X=None, y=None, groups=None) -> int:
        """The number of folds."""
        return self.n_splits

    def split(self, X, y, groups=None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs of row numbers, to train on and to test on.

        Raises
        ------
        ValueError
            ``n_splits`` that is not a whole number from 2 to the number of rows; y that cannot be read.
        """
        task = ids = None
        if self.task_feature is not None:
            position, shown = find_task_column(X, self.task_feature)
            _, column = split_task_column(X, position, shown)
            ids = distinct_tasks(column, shown)
            task = encode_tasks(column, ids, shown, "error")
        targets = read_targets(
            y, classify=self.classify, missing_label=self.missing_label, task=task, task_ids=ids
        )
        yield from spread_folds(targets, self.n_splits)


def spread_folds(
    targets: TaskTargets, n_splits: int, seen: np.ndarray | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Row numbers to train on and to test on, for each fold.

    Rows with the same labels observed, of the same classes, are dealt to the folds in blocks of equal
    size; those that remain go, the rows with the rarest labels first, to the folds that miss them most
    (Sechidis, Tsoumakas & Vlahavas 2011, "On the stratification of multi-label data").

    Parameters
    ----------
    targets : TaskTargets
    n_splits : int, 2 to the number of rows
    seen : bool array like ``targets.values``, optional
        The labels that count; by default the observed ones.
    """
    seen = targets.observed if seen is None else seen
    n = len(seen)
    if not isinstance(n_splits, Integral) or isinstance(n_splits, bool) or not 2 <= n_splits <= n:
        raise ValueError(
            f"the number of folds must be a whole number in [2, {n}] for n_samples = {n}, got {n_splits!r}"
        )
    shows = _strata(targets, seen)
    patterns, pattern = np.unique(shows, axis=0, return_inverse=True)
    fold = _deal(patterns, pattern.ravel(), int(n_splits))
    rows = np.arange(n)
    return [(rows[fold != k], rows[fold == k]) for k in range(n_splits)]


def _strata(targets: TaskTargets, seen: np.ndarray) -> np.ndarray:
    """Whether each row shows each stratum (n, strata): a label of a task or of a class of it."""
    n_tasks, task = targets.n_tasks, np.arange(seen.shape[1])[None, :]
    if targets.form == "rows":
        task = targets.task[:, None]
    task = np.broadcast_to(task, seen.shape)
    label = np.zeros(seen.shape, dtype=np.intp) if targets.classes is None else targets.values.astype(np.intp)
    stratum = np.where(seen, task + n_tasks * label, -1)
    numbers = np.unique(stratum[seen])
    shows = np.zeros((len(seen), len(numbers)), dtype=bool)
    rows, columns = np.nonzero(seen)
    shows[rows, np.searchsorted(numbers, stratum[rows, columns])] = True
    return shows


def _deal(patterns: np.ndarray, pattern: np.ndarray, n_splits: int) -> np.ndarray:
    """The fold of each row; patterns with the rarest stratum first."""
    sizes = np.bincount(pattern, minlength=len(patterns))
    totals = np.maximum(sizes @ patterns, 1)
    wanted = np.tile(totals / n_splits, (n_splits, 1))
    room = np.full(n_splits, len(pattern) / n_splits)
    members = np.split(np.argsort(pattern, kind="stable"), np.cumsum(sizes)[:-1])
    rarest = np.where(patterns, totals, np.inf).min(axis=1, initial=np.inf)
    fold = np.empty(len(pattern), dtype=np.intp)
    for p in np.lexsort((np.arange(len(patterns)), rarest)):
        count = np.full(n_splits, sizes[p] // n_splits)
        need = (wanted - count[:, None])[:, patterns[p]] @ (1.0 / totals[patterns[p]])
        first = np.lexsort((np.arange(n_splits), -np.round(room - count, 9), -np.round(need, 9)))
        count[first[: sizes[p] % n_splits]] += 1
        fold[members[p]] = np.repeat(np.arange(n_splits), count)
        wanted[:, patterns[p]] -= count[:, None]
        room -= count
    return fold
