"""Linear support vector machines of several tasks."""

from __future__ import annotations

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from ..losses import EpsilonInsensitiveLoss, SquaredEpsilonInsensitiveLoss, SquaredHingeLoss
from ..utils._init import extended_init
from ..utils._sklearn import Interval
from ._base import LinearTaskModel
from ._docs import documented
from ._linear_classifier import LinearTaskClassifier


@documented
class MultiTaskLinearSVC(LinearTaskClassifier, BaseEstimator):
    r"""Linear support vector classification of several tasks, tied by a coupling.

    Minimises, over W and intercepts b, the squared hinge loss

    .. math:: \frac12 \sum_{itc} \omega_{it} \max(1 - s_{itc} (w_{tc}^\top x_i + b_{tc}), 0)^2 + \alpha R(W)

    with ``s = 1`` for the label's class and -1 for others: one column for a task of two classes, one for
    each class against the rest for more. The weights average over observed labels and sum over tasks: on
    complete data ``omega = 1 / n``, so that with ``Independent()`` and no intercept it is scikit-learn's
    ``LinearSVC`` with ``C = 1 / (2 * alpha * n_samples)``; intercepts are free here, and shrunk there.

    The coupling ties tasks *with equal classes*: they answer the same question. Tasks that own their
    rows all have the classes of y, whether or not each shows every class.

    Parameters
    ----------
    {{coupling}}
    {{data}}
    {{class_weight}}
    solver : {"auto", "newton-cg", "proximal-gradient"}, default "auto"
        Quadratic couplings take Newton's method;
        the others take accelerated proximal gradient.
    {{stop}}

    Attributes
    ----------
    classes_ : array for 1-D y, else list of one array per task
    coef_ : (n_tasks, n_features) where every task has two classes, (n_tasks, n_classes, n_features)
        where all have the same number of them, a list of (n_columns, n_features) otherwise; for 1-D y
        without ``task_feature`` (n_columns, n_features)
    intercept_ : the same without the last axis
    {{findings}}

    References
    ----------
    Evgeniou & Pontil (2004), "Regularized multi-task learning", equation 1 with squared slacks.
    """

    def _loss(self, classes):
        return SquaredHingeLoss()


@documented
class MultiTaskLinearSVR(LinearTaskModel, RegressorMixin, BaseEstimator):
    r"""Linear support vector regression of several tasks, tied by a coupling.

    Minimises, over W (d, T) and intercepts b,

    .. math:: \sum_{it} \omega_{it} \max(|x_i^\top w_t + b_t - y_{it}| - \epsilon, 0) + \alpha R(W)

    or, with ``squared=True``, half the squares of those excesses. The weights average over observed labels
    and sum over tasks: on complete data ``omega = 1 / n``, so that with ``Independent()`` it is
    scikit-learn's ``SVR(kernel="linear")`` with ``C = 1 / (alpha * n_samples)``.

    Parameters
    ----------
    {{coupling}}
    epsilon : float >= 0, default 0.1
        Errors up to it cost nothing; in the units of y.
    squared : bool, default False
        Whether excesses count squared: smoother, and faster to fit, but less robust.
    {{data}}
    solver : {"auto", "newton-cg", "proximal-gradient"}, default "auto"
        Quadratic couplings take Newton's method;
        the others take accelerated proximal gradient.
    {{stop}}

    Attributes
    ----------
    coef_ : (n_tasks, n_features), or (1, n_features) for 1-D y
    intercept_ : (n_tasks,), or (1,) for 1-D y
    {{findings}}

    References
    ----------
    Drucker, Burges, Kaufman, Smola & Vapnik (1997), "Support vector regression machines"; Evgeniou &
    Pontil (2004), "Regularized multi-task learning".
    """

    _classify = False
    _parameter_constraints = {
        **LinearTaskModel._parameter_constraints,
        "epsilon": [Interval(Real, 0, None, closed="left")],
        "squared": ["boolean"],
    }

    __init__ = extended_init(LinearTaskModel, {"epsilon": 0.1, "squared": False, "tol": 1e-6})

    def _loss(self, classes):
        kind = SquaredEpsilonInsensitiveLoss if self.squared else EpsilonInsensitiveLoss
        return kind(self.epsilon)

    def predict(self, X) -> np.ndarray:
        """Predictions (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        Z = self._raw(X)
        return Z if self._form == "matrix" else Z[:, 0]
