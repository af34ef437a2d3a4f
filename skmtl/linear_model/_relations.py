"""Linear models whose point is how the tasks are related."""

from __future__ import annotations

from numbers import Real

import numpy as np

from ..couplings import LearnedRelation
from ..utils._init import extended_init
from ..utils._sklearn import Interval
from ._base import LinearTaskModel
from ._classifier import MultiTaskLogisticRegression
from ._docs import documented
from ._regressor import MultiTaskLinearRegressor

#: Parameters of the linear models that these have not, and their own.
FIXED = ("coupling", "loss", "solver")
OWN = {"sharing": 0.25, "smoothing": 1e-4}


class TaskRelations(LinearTaskModel):
    """A linear model with ``LearnedRelation``, whose parameters are the model's own."""

    _parameter_constraints = {
        **{name: rule for name, rule in LinearTaskModel._parameter_constraints.items() if name not in FIXED},
        "sharing": [Interval(Real, 0, 1, closed="left")],
        "smoothing": [Interval(Real, 0, None, closed="left")],
    }

    solver, loss = "auto", None

    def _tie(self):
        return LearnedRelation(self.sharing, self.smoothing)

    @property
    def task_correlation_(self) -> np.ndarray:
        """``task_covariance_`` with a diagonal of ones, (n_tasks, n_tasks): how alike the tasks are."""
        size = np.sqrt(np.diag(self.task_covariance_))
        return self.task_covariance_ / np.outer(size, size)


@documented
class TaskRelationRegressor(TaskRelations, MultiTaskLinearRegressor):
    r"""Linear regression of several tasks that learns how the tasks are related (MTRL).

    Minimises, over W (d, T), intercepts b, the common part ``w_0`` of ``W = w_0 1' + V`` and the relation
    Omega,

    .. math:: \frac{1}{2} \sum_{it} \omega_{it} (x_i^\top w_t + b_t - y_{it})^2
              + \alpha \left( \frac{\|w_0\|^2}{2s} + \frac12 tr(V \Omega^{-1} V^\top)
              + \frac{\epsilon}{2} tr(\Omega^{-1}) \right), \quad tr\,\Omega = (1 - s) T

    with ``s = sharing`` and ``epsilon = smoothing``. It is ``MultiTaskLinearRegressor`` with the coupling
    ``LearnedRelation(sharing, smoothing)``: one convex problem, solved to a duality gap with Omega minimised
    out.

    Parameters
    ----------
    {{alpha}}
    {{relation}}
    {{data}}
    {{stop}}

    Attributes
    ----------
    {{relations}}
    coef_ : (n_tasks, n_features), or (1, n_features) for 1-D y
    intercept_ : (n_tasks,), or (1,) for 1-D y
    {{findings}}

    References
    ----------
    Zhang & Yeung (2010), "A convex formulation for learning task relationships in multi-task learning",
    equation 8; the learned common part is an addition.
    """

    __init__ = extended_init(MultiTaskLinearRegressor, OWN, without=FIXED)


@documented
class TaskRelationClassifier(TaskRelations, MultiTaskLogisticRegression):
    r"""Logistic regression of several tasks that learns how the tasks are related (MTRL).

    Minimises, over W, intercepts b, the common part ``w_0`` of ``W = w_0 1' + V`` and the relation Omega,

    .. math:: \sum_{it} \omega_{it} \, l(y_{it}, W_t^\top x_i + b_t)
              + \alpha \left( \frac{\|w_0\|^2}{2s} + \frac12 tr(V \Omega^{-1} V^\top)
              + \frac{\epsilon}{2} tr(\Omega^{-1}) \right), \quad tr\,\Omega = (1 - s) T

    with ``s = sharing`` and ``epsilon = smoothing``. It is ``MultiTaskLogisticRegression`` with the coupling
    ``LearnedRelation(sharing, smoothing)``: one convex problem, solved to a duality gap with Omega minimised
    out.
    Tasks are related to those of equal classes.

    Parameters
    ----------
    {{alpha}}
    {{relation}}
    {{data}}
    {{class_weight}}
    {{stop}}

    Attributes
    ----------
    {{relations}}
    classes_ : array for 1-D y, else list of one array per task
    coef_ : (n_tasks, n_features) where every task has two classes, else as in ``MultiTaskLogisticRegression``
    intercept_ : the same without the last axis
    {{findings}}

    References
    ----------
    Zhang & Yeung (2010), "A convex formulation for learning task relationships in multi-task learning",
    equation 8; the learned common part is an addition.
    """

    _parameter_constraints = {
        **TaskRelations._parameter_constraints,
        "class_weight": MultiTaskLogisticRegression._parameter_constraints["class_weight"],
    }

    __init__ = extended_init(MultiTaskLogisticRegression, OWN, without=FIXED)
