"""Multi-task regression with a shared trunk of dense layers."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.metaestimators import available_if

from ..utils._atomic import all_or_nothing
from ..utils._sklearn import StrOptions, fit_context
from ._base import MultiTaskMLP, trains_on_batches
from ._targets import REGRESSION_LOSSES, number_labels, number_scales, numbers


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
    hidden_layer_sizes : int or sequence of int, default (128,)
        Sizes of the trunk's layers. None at all, ``()``, means heads on X itself.
    head_layer_sizes : int or sequence of int, default ()
        Sizes of each head's own layers, before its output.
    loss : {"squared_error", "huber", "poisson"}, default "squared_error"
        On standardised numbers; "huber" is linear beyond one standard deviation. "poisson" is for counts
        and other numbers >= 0: half the deviance of y over its mean, with the logarithm as link.
    activation : {"relu", "gelu"}, default "gelu"
        GELU is smooth, as L-BFGS wants it; ReLU is faster for mini-batches.
    dropout : float in [0, 1), default 0
        Share of numbers after each activation that are set to 0 while learning.
    batch_norm : bool, default False
        Normalise each layer before its activation.
    balancer : Balancer, default ``Fixed()``
        What gives the weights lambda; see ``skmtl.balancers``.
    solver : {"auto", "adam", "adamw", "sgd", "lbfgs"}, default "auto"
        "auto" is L-BFGS up to 1,000 rows (where dropout, early stopping and the balancer allow it),
        else Adam. L-BFGS works in float64, the others in float32.
    alpha : float >= 0, default 1e-4
        Strength of the L2 penalty on weights, not on biases; "adamw" shrinks the weights by
        ``alpha * learning_rate`` in each step instead.
    learning_rate : float > 0, default 1e-3
    schedule : {"constant", "cosine", "triangle"}, default "constant"
        What becomes of the learning rate over ``max_iter`` epochs: nothing; down to 0 along half a cosine;
        up from 0 over a fifth of the steps and down to 0 again.
    momentum : float in [0, 1), default 0.9
        For "sgd".
    batch_size : int, default 128
        Rows in a step, at most; the batches of an epoch are of nearly equal size.
    max_iter : int, default 200
        Epochs, or iterations of L-BFGS.
    tol : float >= 0, default 1e-4
        Training stops when the mean loss over tasks has not fallen by more than ``tol`` for
        ``n_iter_no_change`` epochs; L-BFGS, when no entry of the gradient is larger, or an iteration
        lowers the objective (or its share, where it is above 1) by less than a hundredth of ``tol``.
    n_iter_no_change : int, default 10
    early_stopping : bool, default False
        Judge by the loss on rows held out, and keep the parameters that were best on them.
    validation_fraction : float in (0, 1), default 0.1
        Share of the rows held out for ``early_stopping``.
    warm_start : bool, default False
        Begin ``fit`` with the parameters of the fit before.
    record_conflict : bool, default False
        Measure the angles between the tasks' gradients once an epoch.
    missing_label : scalar, default NaN
        Marks a label that is not observed, besides NaN and None.
    random_state : int, RandomState or None
        Of first parameters, batches, dropout and held-out rows. The same number gives the same bits.
    verbose : bool, default False
        Show a progress bar.

    Attributes
    ----------
    params_ : dict of arrays
        Weights ``name.W`` (inputs, outputs) and biases ``name.b`` of the layers ``trunk.0``, ``trunk.1``,
        ..., ``head0.out``, ...
    loss_curve_ : (n_iter_, n_tasks)
        Mean training loss of each task in each epoch, without the penalty.
    validation_curve_ : (n_iter_, n_tasks)
        The same on the rows held out, with ``early_stopping``.
    task_weights_ : (n_iter_, n_tasks)
        Mean weight lambda of each task in each epoch.
    gradient_cosines_ : (n_iter_, n_tasks, n_tasks)
        Cosines of the angles between the tasks' gradients in the shared parameters, on the first batch
        of each epoch, with ``record_conflict``; below 0, two tasks pull in opposite directions.
    solver_ : str
        The solver that was used.
    n_tasks_, task_names_in_, n_features_in_, n_iter_

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
