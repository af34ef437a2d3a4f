"""Tasks that are weighted sums of a few predictors."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from ._base import Coupling, checked_number

USUAL_COMPONENTS = 5


class LatentBasis(Coupling):
    r"""Every task is a weighted sum of a few of k shared predictors: grouping with overlap, GO-MTL.

    .. math:: R(W) = \min_{L S = W} \frac12 \|L\|_F^2 + \mu \sum_{kt} |s_{kt}|

    with ``mu = sparsity``, the basis L (n_features, k) and the weights S (k, n_columns). Tasks that use the
    same predictors form a group; a task may be in several. W has rank k at most.

    R is not convex: a fit ends in a stationary point. The best of two starts is kept, both from the singular
    vectors of separate models, one of them rotated until few weights are large; no random number is drawn.

    A fitted estimator has ``basis_`` (k, n_features), ``task_weights_`` (n_tasks, k), in the form of
    ``coef_`` where tasks have more than two classes, and ``rank_``. Predictors that no task uses are zero.

    Parameters
    ----------
    n_components : int or None, default None
        The number k of shared predictors, at most the number of columns and of features; None: 5, or fewer
        where there are fewer of these.
    sparsity : float > 0, default 0.1
        The price of a weight; larger ones leave each task fewer predictors.

    References
    ----------
    Kumar & Daume (2012), "Learning task grouping and overlap in multi-task learning", equation 2.
    """

    rotates = True

    def __init__(self, n_components: int | None = None, sparsity: float = 0.1):
        self.n_components = n_components
        self.sparsity = sparsity

    def checked(self, shape: tuple[int, int]) -> tuple[int, float]:
        """k and mu for W of that shape.

        Raises
        ------
        ValueError
            Where k or mu cannot be.
        """
        k, most = self.n_components, min(shape)
        k = min(USUAL_COMPONENTS, most) if k is None else k
        if not isinstance(k, Integral) or isinstance(k, bool) or not 1 <= k <= most:
            raise ValueError(
                f"LatentBasis.n_components must be a whole number in [1, {most}], the smaller of {shape[0]} "
                f"dimensions of the features and {shape[1]} columns of tasks, got {k!r}"
            )
        return int(k), checked_number("LatentBasis.sparsity", self.sparsity, 0)

    def describe(self, parts, families):
        return {"rank_": int(np.linalg.matrix_rank(parts[0]))}
