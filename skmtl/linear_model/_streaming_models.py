"""Ridge regression and classification of many features, from blocks of rows."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from ..targets import TaskTargets, known_classes
from ..utils._atomic import all_or_nothing
from ..utils._init import extended_init
from ..utils._sklearn import StrOptions, fit_context
from ._decoding import ClassDecoding
from ._docs import documented
from ._streaming import StreamingLinearModel
from ._weights import class_weighted


@documented
class StreamingRidge(StreamingLinearModel, RegressorMixin, BaseEstimator):
    r"""Ridge regression from blocks of rows, for many features: X is never held as a whole.

    Minimises, over W (d, T) and intercepts b, for each task

    .. math:: \frac{1}{2 n} \sum_i \omega_i (x_i^\top w + b - y_i)^2 + \frac{\alpha}{2} \sum_j s_j^2 w_j^2

    where n is the sum of the weights of the task's observed labels and s_j the standard deviation of
    feature j in their rows, or 1 without ``standardize``: scikit-learn's ``Ridge(alpha * n)`` on standardised
    features.

    {{streaming}}

    Parameters
    ----------
    {{streamed}}

    Attributes
    ----------
    coef_ : (n_tasks, n_features), or (1, n_features) for 1-D y
    intercept_ : (n_tasks,), or (1,) for 1-D y
    {{streamed_found}}
    """

    _classify = False

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, target_weight=None):
        """Add a block of rows.

        Parameters
        ----------
        X, y, sample_weight, target_weight : as in ``fit``
            A task may be without labels here.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            What ``fit`` refuses; another number of features or tasks than before; a model that ``freeze``
            has left without sums. RuntimeError: an earlier call was interrupted.
        """
        return self._learn_block(X, y, None, sample_weight, target_weight)

    def _n_columns(self, t: int) -> int:
        return 1

    def _coded(self, targets: TaskTargets, t: int) -> np.ndarray:
        return targets.values[:, [t]]


@documented
class StreamingRidgeClassifier(ClassDecoding, StreamingLinearModel, ClassifierMixin, BaseEstimator):
    r"""Classification by ridge regression from blocks of rows, for many features: X is never held as a whole.

    Each task is regressed on 1 and -1: the second of two classes against the first, or each class against the
    rest; the largest value wins. Minimises, over w and b for each such column,

    .. math:: \frac{1}{2 n} \sum_i \omega_i (x_i^\top w + b \mp 1)^2 + \frac{\alpha}{2} \sum_j s_j^2 w_j^2

    where n is the sum of the weights of the task's observed labels and s_j the standard deviation of
    feature j in their rows, or 1 without ``standardize``: scikit-learn's ``RidgeClassifier(alpha * n)`` on
    standardised features.

    {{streaming}}

    Parameters
    ----------
    {{streamed}}
    {{class_weight}}
        "balanced" is for ``fit``, which sees all labels.

    Attributes
    ----------
    classes_ : array for 1-D y, else list of one array per task
    coef_ : (n_tasks, n_features) where every task has two classes, else as in ``MultiTaskLogisticRegression``
    intercept_ : the same without the last axis
    {{streamed_found}}
    """

    _classify = True
    _parameter_constraints = {
        **StreamingLinearModel._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    __init__ = extended_init(StreamingLinearModel, {"class_weight": None})

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None, target_weight=None):
        """Add a block of rows.

        Parameters
        ----------
        X, y, sample_weight, target_weight : as in ``fit``
            A task may be without labels here, or show one class only.
        classes : array, or list of one array per task
            All classes that will ever come; one array serves all tasks. Needed in the first call.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            What ``fit`` refuses; no ``classes`` in the first call, or labels that are not among them; another
            number of features or tasks than before; a model that ``freeze`` has left without sums;
            ``class_weight="balanced"``. RuntimeError: an earlier call was interrupted.
        """
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all labels at once: use fit, or give the weights"
            )
        return self._learn_block(X, y, classes, sample_weight, target_weight)

    def _meet_tasks(self, y, classes) -> None:
        super()._meet_tasks(y, classes)
        each = known_classes(classes, self.n_tasks_)
        self.classes_ = each[0] if self._form == "vector" else each

    def _classes(self) -> list[np.ndarray]:
        return [self.classes_] if self._form == "vector" else self.classes_

    def _n_columns(self, t: int) -> int:
        n_classes = len(self._classes()[t])
        return 1 if n_classes == 2 else n_classes

    def _coded(self, targets: TaskTargets, t: int) -> np.ndarray:
        n_columns = self._n_columns(t)
        shown = np.arange(n_columns) if n_columns > 1 else np.ones(1)
        return np.where(targets.values[:, [t]] == shown, 1.0, -1.0)

    def _class_weighted(self, targets: TaskTargets, weight: np.ndarray) -> np.ndarray:
        return class_weighted(targets, weight, self.class_weight)
