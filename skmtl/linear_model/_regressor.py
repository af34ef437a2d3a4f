"""Multi-task linear regression."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from ..losses import SquaredLoss
from ._base import LinearTaskModel
from ._docs import documented


@documented
class MultiTaskLinearRegressor(LinearTaskModel, RegressorMixin, BaseEstimator):
    r"""Linear regression of several tasks, tied by a coupling.

    Minimises, over W (d, T) and intercepts b,

    .. math:: \frac{1}{2} \sum_{it} \omega_{it} (x_i^\top w_t + b_t - y_{it})^2 + \alpha R(W)

    where R is the coupling's and the weights average over observed labels and sum over tasks: on
    complete data ``omega = 1 / n``, so that with ``Independent()`` it is scikit-learn's ``Ridge`` with
    ``alpha * n_samples``.

    Parameters
    ----------
    {{coupling}}
    {{data}}
    solver : str, default "auto"
        "auto", "newton-cg", "closed-form", "proximal-gradient", "proximal-newton" or "block-descent".
        Quadratic couplings take Newton's method or, for a dense, complete, shared X, the closed form;
        the others take accelerated proximal gradient or, for ``JointSparsity`` on a dense, complete,
        shared X, block coordinate descent.
    {{stop}}

    Attributes
    ----------
    coef_ : (n_tasks, n_features), or (1, n_features) for 1-D y
    intercept_ : (n_tasks,), or (1,) for 1-D y
    {{findings}}

    References
    ----------
    Evgeniou & Pontil (2004), "Regularized multi-task learning".
    """

    _classify = False

    def _loss(self, classes):
        return SquaredLoss()

    def predict(self, X) -> np.ndarray:
        """Predictions (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        Z = self._raw(X)
        return Z if self._form == "matrix" else Z[:, 0]
