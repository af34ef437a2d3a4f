"""Multi-task classification with a shared trunk of dense layers."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if

from ..targets import join_labels, known_classes
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import fit_context
from ._base import MultiTaskMLP
from ._docs import documented
from ._incremental import trains_on_batches
from ._targets import class_labels, class_log_probabilities, class_loss, class_positions, class_probabilities


@documented
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
    {{layers}}
    {{training}}

    Attributes
    ----------
    classes_ : array for 1-D y, else list of one array per task
    {{history}}

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
        return self._learn_part((X, y, sample_weight, target_weight), classes)

    @available_if(trains_on_batches)
    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def fit_batches(self, batches, classes, *, validation=None):
        """Learn from rows that come in batches and are never in memory together; see `fit_batches` of
        ``MultiHeadNetwork``.

        Parameters
        ----------
        batches : iterable, or function that returns one
            Of ``(X, y)`` or ``(X, y, sample_weight)``. In the first each task needs a label.
        classes : array, or list of one array per task
            As in ``partial_fit``.
        validation : (X, y) or (X, y, sample_weight), optional
            Rows to judge by with ``early_stopping``, which needs them here.

        Returns
        -------
        self
        """
        return self._learn_stream(batches, classes, validation)

    def _meet_tasks(self, y, classes):
        super()._meet_tasks(y, classes)
        classes = known_classes(classes, self.n_tasks_)
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
        L = [class_log_probabilities(Z) for Z in self._raw(X)]
        return L[0] if self._form == "vector" else L

    def predict(self, X) -> np.ndarray:
        """Labels (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        outputs = self._raw(X)
        columns = [c[class_positions(Z)] for c, Z in zip(self._classes(), outputs, strict=True)]
        return columns[0] if self._form == "vector" else join_labels(columns)
