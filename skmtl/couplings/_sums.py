"""Couplings that split the weights in two: one part that the tasks share, one for what they do not."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from ..design import Family, tasks_of_columns
from ._base import ProximalCoupling, checked_number
from ._low_rank import LowRank
from ._penalties import EntryNorm, Penalty, RowMax, RowNorm, TaskNorm, TraceNorm
from ._sparse import row_prior, used_rows


class SplitCoupling(ProximalCoupling):
    r"""``R(W) = min over P + Q = W of h(P) + price * g(Q)``: P common to the tasks, Q apart from it.

    ``alpha`` multiplies both; the price says how much dearer than the common part the other one is. A
    fitted estimator shows P and Q, in the shape of ``coef_``, as ``coef_parts_``.
    """

    _price: str

    @abstractmethod
    def _pair(self, price: float, task_of_column: np.ndarray) -> tuple[Penalty, Penalty]:
        """The penalties of P and of Q."""

    def penalties(self, task_of_column):
        name = f"{type(self).__name__}.{self._price}"
        return self._pair(checked_number(name, getattr(self, self._price), 0), task_of_column)


class Dirty(SplitCoupling):
    r"""Features that all tasks share, plus features of single tasks: the dirty model.

    .. math:: R(W) = \min_{P + Q = W} \|P\|_{2,1} + c \|Q\|_{1}

    with ``c = specific``; with ``norm="max"`` :math:`\|P\|_{1,\infty}`, the row's largest magnitude,
    stands in place of the row's Euclidean norm. Between ``1 / sqrt(n_tasks)`` (``1 / n_tasks`` for
    "max") and 1 both parts can be used; below it P is zero, above it Q is.

    A fitted estimator has ``support_`` (n_features,), True for the features of P.

    Parameters
    ----------
    specific : float > 0, default 0.75
        The price of a specific weight.
    norm : {"l2", "max"}, default "l2"

    References
    ----------
    Jalali, Ravikumar, Sanghavi & Ruan (2010), "A dirty model for multi-task learning", equation 2.
    """

    _price = "specific"

    def __init__(self, specific: float = 0.75, norm: str = "l2"):
        self.specific = specific
        self.norm = norm

    def _pair(self, price, task_of_column):
        if self.norm not in ("l2", "max"):
            raise ValueError(f"Dirty.norm must be 'l2' or 'max', got {self.norm!r}")
        return (RowNorm() if self.norm == "l2" else RowMax()), EntryNorm(price)

    def describe(self, parts, families):
        return {"support_": used_rows(parts[0])}

    def task_prior(self, parts, families, shared):
        return row_prior(parts[0]) if self.norm == "l2" else None


class OutlierTasks(SplitCoupling):
    r"""Tasks that use the same few features, but for a few tasks that go their own way: rMTFL.

    .. math:: R(W) = \min_{P + Q = W} \|P\|_{2,1} + c \sum_t \|q_t\|_2

    with ``c = outlier`` and :math:`q_t` the columns of task t. Between ``1 / sqrt(n_tasks)`` and
    ``sqrt(n_features)`` both parts can be used.

    A fitted estimator has ``outlier_tasks_`` (n_tasks,), True for the tasks with a part of their own,
    and ``support_`` (n_features,), True for the features of P.

    Parameters
    ----------
    outlier : float > 0, default 2

    References
    ----------
    Gong, Ye & Zhang (2012), "Robust multi-task feature learning", equation 1.
    """

    _price = "outlier"

    def __init__(self, outlier: float = 2.0):
        self.outlier = outlier

    def _pair(self, price, task_of_column):
        return RowNorm(), TaskNorm(task_of_column, price)

    def describe(self, parts, families):
        return {"support_": used_rows(parts[0]), "outlier_tasks_": used_tasks(parts[1], families)}

    def task_prior(self, parts, families, shared):
        return row_prior(parts[0])


class RobustLowRank(SplitCoupling):
    r"""Tasks in a common subspace, but for a few tasks that go their own way: RMTL.

    .. math:: R(W) = \min_{P + Q = W} \|P\|_* + c \sum_t \|q_t\|_2

    with ``c = outlier`` and :math:`q_t` the columns of task t. Between ``1 / sqrt(n_tasks)`` and 1
    both parts can be used.

    A fitted estimator has ``rank_``, the rank of P, and ``outlier_tasks_`` (n_tasks,).

    Parameters
    ----------
    outlier : float > 0, default 0.75

    References
    ----------
    Chen, Zhou & Ye (2011), "Integrating low-rank and group-sparse structures for robust multi-task
    learning", equation 1.
    """

    rotates = True
    _price = "outlier"

    def __init__(self, outlier: float = 0.75):
        self.outlier = outlier

    def _pair(self, price, task_of_column):
        return TraceNorm(), TaskNorm(task_of_column, price)

    def describe(self, parts, families):
        return {
            **LowRank().describe(parts[:1], families),
            "outlier_tasks_": used_tasks(parts[1], families),
        }

    def task_prior(self, parts, families, shared):
        return LowRank().task_prior(parts[:1], families, shared)


class SparseLowRank(SplitCoupling):
    r"""Tasks in a common subspace, plus a few single weights of their own.

    .. math:: R(W) = \min_{P + Q = W} \|P\|_* + c \|Q\|_1

    with ``c = specific``. Between ``1 / sqrt(n_features * n_tasks)`` and 1 both parts can be used.

    A fitted estimator has ``rank_``, the rank of P, and ``support_`` (n_features,), True for the
    features of Q.

    Parameters
    ----------
    specific : float > 0, default 0.5

    References
    ----------
    Chen, Liu & Ye (2010), "Learning incoherent sparse and low-rank patterns from multiple tasks": the
    penalised form of equation 3, whose low-rank part is bounded there.
    """

    _price = "specific"

    def __init__(self, specific: float = 0.5):
        self.specific = specific

    def _pair(self, price, task_of_column):
        return TraceNorm(), EntryNorm(price)

    def describe(self, parts, families):
        return {**LowRank().describe(parts[:1], families), "support_": used_rows(parts[1])}

    def task_prior(self, parts, families, shared):
        return LowRank().task_prior(parts[:1], families, shared)


def used_tasks(W: np.ndarray, families: Sequence[Family]) -> np.ndarray:
    """True for the tasks (n_tasks,) with a column of W that is not zero."""
    return np.bincount(tasks_of_columns(families), weights=(W != 0).any(axis=0)) > 0
