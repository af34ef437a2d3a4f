"""Multi-task regression with a shared trunk of dense layers."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.metaestimators import available_if

from ..utils._atomic import all_or_nothing
from ..utils._sklearn import StrOptions, fit_context
from ._base import MultiTaskMLP, trains_on_batches
from ._docs import documented
from ._targets import REGRESSION_LOSSES, number_labels, number_scales, numbers


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

    def __init__(  # noqa: PLR0913 - as for the classifier, and one more
        self,
        hidden_layer_sizes=(128,),
        *,
        head_layer_sizes=(),
        loss="squared_error",
        activation="gelu",
        dropout=0.0,
        batch_norm=False,
        balancer=None,
        solver="auto",
        alpha=1e-4,
        learning_rate=1e-3,
        schedule="constant",
        momentum=0.9,
        batch_size=128,
        max_iter=200,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        warm_start=False,
        record_conflict=False,
        missing_label=np.nan,
        random_state=None,
        verbose=False,
    ):
        super().__init__(
            hidden_layer_sizes,
            head_layer_sizes=head_layer_sizes,
            activation=activation,
            dropout=dropout,
            batch_norm=batch_norm,
            balancer=balancer,
            solver=solver,
            alpha=alpha,
            learning_rate=learning_rate,
            schedule=schedule,
            momentum=momentum,
            batch_size=batch_size,
            max_iter=max_iter,
            tol=tol,
            n_iter_no_change=n_iter_no_change,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            warm_start=warm_start,
            record_conflict=record_conflict,
            missing_label=missing_label,
            random_state=random_state,
            verbose=verbose,
        )
        self.loss = loss

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
        return self._partial_fit(X, y, None, sample_weight, target_weight)

    def _asked_design(self, n_features):
        return super()._asked_design(n_features) | {"loss": self.loss}

    def _losses(self):
        return [(REGRESSION_LOSSES[self._design["loss"]](), 1)] * self.n_tasks_

    def _learn_scales(self, targets, weight):
        self._scales = number_scales(targets, weight, self.loss)

    def _labels(self, targets, weight, dtype):
        return number_labels(targets, weight, self._scales, dtype)

    def predict(self, X) -> np.ndarray:
        """Predictions (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        Y = numbers(self._raw(X), self._scales, self._design["loss"])
        return Y if self._form == "matrix" else Y[:, 0]
