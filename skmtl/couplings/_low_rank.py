"""Couplings under which tasks share a subspace."""

from __future__ import annotations

import numpy as np

from ._base import ProximalCoupling, TaskPrior
from ._penalties import SquaredTraceNorm, TraceNorm


class LowRank(ProximalCoupling):
    r"""The tasks' weights lie in a common subspace of few dimensions: the trace norm.

    .. math:: R(W) = \|W\|_* = \sum_i \sigma_i(W), \quad \text{or} \quad R(W) = \frac12 \|W\|_*^2

    with ``squared=True``. The squared form is multi-task feature learning (Argyriou, Evgeniou & Pontil
    2008: ``min over D, tr D <= 1`` of ``tr(W' D^+ W) / 2``) and, with ``alpha / n_tasks``, multi-task
    relationship learning (``LearnedRelation`` with ``sharing=0`` and ``smoothing`` to 0); for a
    suitable alpha each form has the solution of the other.

    A fitted estimator has ``rank_``, the rank of the weights.

    Parameters
    ----------
    squared : bool, default False

    References
    ----------
    Argyriou, Evgeniou & Pontil (2008), "Convex multi-task feature learning", theorem 1; Pong, Tseng,
    Ji & Ye (2010), "Trace norm regularization: reformulations, algorithms, and multi-task learning".
    """

    rotates = True

    def __init__(self, squared: bool = False):
        self.squared = squared

    def penalties(self, task_of_column):
        return (SquaredTraceNorm() if self.squared else TraceNorm(),)

    def task_prior(self, parts, families, shared):
        """``D = (W W')^(1/2)``, over its trace where squared: equation 7 of Argyriou et al."""
        left, values, _ = np.linalg.svd(parts[0], full_matrices=False)
        kept = values > values.max(initial=0.0) * len(parts[0]) * np.finfo(values.dtype).eps
        values = values[kept] / (values.sum() if self.squared else 1.0)
        return TaskPrior(left[:, kept] * np.sqrt(values))

    def describe(self, parts, families):
        return {"rank_": int(np.linalg.matrix_rank(parts[0]))}
