"""A given number of directions for all tasks."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from ._base import RankCoupling, TaskPrior
from ._low_rank import LowRank


class ReducedRank(RankCoupling):
    r"""All tasks' weights are combinations of a given number of directions: reduced-rank ridge regression.

    .. math:: R(W) = \frac12 \|W\|_F^2 \;\text{ where }\; \mathrm{rank}(W) \le r, \quad \text{else } \infty

    with ``r = rank``. On a complete, shared X the regression has a closed form: the ridge solution
    projected onto the r leading right singular vectors of its fitted values. Everywhere else the problem
    is **not convex**: the weights are fitted as ``W = U V'``, ``optimality_`` is the gradient along the
    matrices of rank r, and the minimum may be a local one. There is no duality gap.
    ``LowRank`` is the convex relative, which shrinks the directions and chooses their number itself.

    A fitted estimator has ``rank_``, the rank of the weights.

    Parameters
    ----------
    rank : int, default 1
        At least 1, at most the number of columns of W (tasks, or classes of tasks of more than two), of
        features and of samples.

    References
    ----------
    Mukherjee & Zhu (2011), "Reduced rank ridge regression and its kernel extensions", equation 7;
    Izenman (1975), "Reduced-rank regression for the multivariate linear model".
    """

    rotates = True

    def __init__(self, rank: int = 1):
        self.rank = rank

    def checked_rank(self, shape):
        largest = min(shape)
        if isinstance(self.rank, bool) or not isinstance(self.rank, Integral) or self.rank < 1:
            raise ValueError(f"ReducedRank.rank must be a whole number, at least 1, got {self.rank!r}")
        if self.rank > largest:
            raise ValueError(
                f"ReducedRank.rank is {self.rank}, but the weights of {shape[1]} columns (tasks, or classes) "
                f"on {shape[0]} features or samples, whichever are fewer, have at most rank {largest}"
            )
        return int(self.rank)

    def task_prior(self, parts, families, shared):
        """``D = U U'`` with the directions U of W, in which a further task costs its ridge."""
        left = np.linalg.svd(parts[0], full_matrices=False)[0]
        return TaskPrior(left[:, : np.linalg.matrix_rank(parts[0])])

    def describe(self, parts, families):
        return LowRank().describe(parts, families)
