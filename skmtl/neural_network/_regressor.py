"""Multi-task regression with a shared trunk of dense layers."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.metaestimators import available_if

from ..utils._atomic import all_or_nothing
from ..utils._init import extended_init
from ..utils._sklearn import StrOptions, fit_context
from ._base import MultiTaskMLP
from ._docs import documented
from ._incremental import trains_on_batches
from ._targets import REGRESSION_LOSSES, need_counts, number_labels, number_scales, numbers


@documented
class MultiTaskMLPRegressor(MultiTaskMLP, RegressorMixin, BaseEstimator):
    r"""Regression of several tasks by one network: a shared trunk, and a head a task.

    Minimises, over the weights W and biases of all layers,

    .. math:: \sum_t \lambda_t \sum_i \omega_{it} \, l(y_{it}, f_t(h(x_i))) + \frac{\alpha}{2} \|W\|^2

    where the trunk h is shared, each head f_t belongs to one task, the weights omega of a task's observed
    labels sum to 1, and the balancer gives lambda. Each task's numbers are standardised, so that
    tasks on large scales do not drown the others; predictions are on the scale of y.

    Scale the columns of X first (``StandardScaler``). Predictions are computed in float64.

    Parameters
    ----------
    {{layers}}
    loss : {"squared_error", "huber", "poisson"}, default "squared_error"
        On standardised numbers; "huber" is linear beyond one standard deviation. "poisson" is for counts
        and other numbers >= 0: half the deviance of y over its mean, with the logarithm as link.
    {{training}}

    Attributes
    ----------
    {{history}}

    References
    ----------
    Caruana (1997), "Multitask learning".
    """

    _parameter_constraints = MultiTaskMLP._parameter_constraints | {
        "loss": [StrOptions(set(REGRESSION_LOSSES))]
    }

    _classify = False

    __init__ = extended_init(MultiTaskMLP, {"loss": "squared_error"})

    @available_if(trains_on_batches)
    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, target_weight=None):
        """Learn from one more part of the data: one epoch of mini-batches over it.

        The first call sets the scale of each task.

        Parameters
        ----------
        X, y, sample_weight, target_weight : as in ``fit``
            A task may lack labels, but in the first call each needs one.

        Returns
        -------
        self
        """
        return self._learn_part((X, y, sample_weight, target_weight))

    @available_if(trains_on_batches)
    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def fit_batches(self, batches, *, validation=None):
        """Learn from rows that come in batches and are never in memory together; see `fit_batches` of
        ``MultiHeadNetwork``.

        The first batch sets the scale of each task.

        Parameters
        ----------
        batches : iterable, or function that returns one
            Of ``(X, y)`` or ``(X, y, sample_weight)``. In the first each task needs a label.
        validation : (X, y) or (X, y, sample_weight), optional
            Rows to judge by with ``early_stopping``, which needs them here.

        Returns
        -------
        self
        """
        return self._learn_stream(batches, validation=validation)

    def _asked_design(self, n_features):
        return super()._asked_design(n_features) | {"loss": self.loss}

    def _losses(self):
        return [(REGRESSION_LOSSES[self._design["loss"]](), 1)] * self.n_tasks_

    def _learn_scales(self, targets, weight):
        self._scales = number_scales(targets, weight, self.loss)

    def _labels(self, targets, weight, dtype):
        if self._design["loss"] == "poisson":
            need_counts(targets)
        return number_labels(targets, weight, self._scales, dtype)

    def predict(self, X) -> np.ndarray:
        """Predictions (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        Y = numbers(self._raw(X), self._scales, self._design["loss"])
        return Y if self._form == "matrix" else Y[:, 0]
