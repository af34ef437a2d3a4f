"""Multi-task linear regression."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from ..losses import Loss, PoissonLoss, SquaredLoss
from ..utils._init import extended_init
from ._base import LinearTaskModel
from ._docs import documented


@documented
class MultiTaskLinearRegressor(LinearTaskModel, RegressorMixin, BaseEstimator):
    r"""Linear regression of several tasks, tied by a coupling.

    Minimises, over W (d, T) and intercepts b,

    .. math:: \sum_{it} \omega_{it} \, l(y_{it}, x_i^\top w_t + b_t) + \alpha R(W)

    where R is the coupling's, l the loss, half the squared error by default, and the weights average over
    observed labels and sum over tasks: on complete data ``omega = 1 / n``, so that with ``Independent()``
    it is scikit-learn's ``Ridge`` with ``alpha * n_samples``.

    Parameters
    ----------
    {{coupling}}
    loss : Loss, default ``SquaredLoss()``
        The loss of every task, one of numbers: ``HuberLoss()``, ``QuantileLoss(0.9)``, ``PoissonLoss()``,
        ...; see ``skmtl.losses``.
    {{data}}
    solver : str, default "auto"
        "auto", "newton-cg", "closed-form", "proximal-gradient", "proximal-newton" or "block-descent".
        Quadratic couplings take Newton's method or, for a dense, complete, shared X, the closed form;
        the others take accelerated proximal gradient or, for ``JointSparsity``, ``ElementwiseSparsity``,
        ``Dirty`` and ``OutlierTasks``, block coordinate descent where the data allow it.
    {{stop}}

    Attributes
    ----------
    coef_ : (n_tasks, n_features), or (1, n_features) for 1-D y
    intercept_ : (n_tasks,), or (1,) for 1-D y
    {{findings}}

    Raises
    ------
    ValueError
        In ``fit``: a loss of class labels; a label out of the loss's range, as a negative count.

    References
    ----------
    Evgeniou & Pontil (2004), "Regularized multi-task learning".
    """

    _classify = False
    _parameter_constraints = {**LinearTaskModel._parameter_constraints, "loss": [Loss, None]}

    __init__ = extended_init(LinearTaskModel, {"loss": None})

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = isinstance(self.loss, PoissonLoss)
        return tags

    def _loss(self, classes):
        loss = SquaredLoss() if self.loss is None else self.loss
        if loss.takes_labels:
            raise ValueError(f"loss={loss!r} is one of class labels; a regressor needs one of numbers")
        return loss

    def predict(self, X) -> np.ndarray:
        """Predictions (n_samples,) for 1-D y, else (n_samples, n_tasks): expectations, for counts."""
        Z = self._loss(None).mean(self._raw(X))
        return Z if self._form == "matrix" else Z[:, 0]
