"""Multi-task classification with a shared trunk of dense layers."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if

from ..targets import join_labels
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import fit_context
from ._base import MultiTaskMLP, trains_on_batches
from ._targets import class_labels, class_loss, class_positions, class_probabilities


class MultiTaskMLPClassifier(MultiTaskMLP, ClassifierMixin, BaseEstimator):
    r"""Classification of several tasks by one network: a shared trunk, and a head a task.

    Minimises, over the weights W and biases of all layers,

    .. math:: \sum_t \lambda_t \sum_i \omega_{it} \, l(y_{it}, f_t(h(x_i))) + \frac{\alpha}{2} \|W\|^2

    where the trunk h is shared, each head f_t belongs to one task, the loss is logistic for two classes
    and multinomial for more, the weights omega of a task's observed labels sum to 1, and the
    balancer gives lambda.

    Scale the columns of X first (``StandardScaler``). Predictions are computed in float64.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (128,)
        Sizes of the trunk's layers. None at all, ``()``, means heads on X itself.
    head_layer_sizes : int or sequence of int, default ()
        Sizes of each head's own layers, before its output.
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
    classes_ : array for 1-D y, else list of one array per task
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

    _classify = True

    @available_if(trains_on_batches)
    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None, target_weight=None):
        """Learn from one more part of the data: one epoch of mini-batches over it.

        Parameters
        ----------
        X, y, sample_weight, target_weight : as in ``fit``
            A task may lack labels, or labels of some classes, but in the first call each task needs one.
        classes : array, or list of one array per task
            All classes that will ever come; one array serves all tasks. Needed in the first call.

        Returns
        -------
        self
        """
        return self._partial_fit(X, y, classes, sample_weight, target_weight)

    def _meet_tasks(self, y, classes):
        super()._meet_tasks(y, classes)
        if classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if not isinstance(classes, list) or np.ndim(classes[0]) == 0:
            classes = [classes] * self.n_tasks_
        if len(classes) != self.n_tasks_:
            raise ValueError(f"classes has entries for {len(classes)} tasks, but y has {self.n_tasks_}")
        classes = [np.unique(own) for own in classes]
        self.classes_ = classes[0] if self._form == "vector" else classes

    def _classes(self) -> list[np.ndarray]:
        return [self.classes_] if self._form == "vector" else self.classes_

    def _losses(self):
        return [class_loss(classes) for classes in self._classes()]

    def _labels(self, targets, weight, dtype):
        return class_labels(targets, weight, dtype)

    def predict_proba(self, X):
        """Class probabilities (n, n_classes); with a matrix y, a list of such arrays, one per task."""
        P = [class_probabilities(Z) for Z in self._raw(X)]
        return P[0] if self._form == "vector" else P

    def predict_log_proba(self, X):
        """Logarithm of ``predict_proba``, in the same form."""
        P = self.predict_proba(X)
        return [np.log(p) for p in P] if isinstance(P, list) else np.log(P)

    def predict(self, X) -> np.ndarray:
        """Labels (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        outputs = self._raw(X)
        columns = [c[class_positions(Z)] for c, Z in zip(self._classes(), outputs, strict=True)]
        return columns[0] if self._form == "vector" else join_labels(columns)
