"""The two baselines every multi-task model is compared with: no sharing at all, and nothing but sharing."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from .targets import TaskTargets, TaskTargetsMixin, join_labels, label_weights
from .utils._atomic import all_or_nothing
from .utils._sklearn import HasMethods, StrOptions, fit_context


def _inner_has(method: str):
    return lambda self: hasattr(self.estimator, method)


class _Baseline(TaskTargetsMixin, MetaEstimatorMixin, BaseEstimator):
    """Fits clones of a single-task estimator; subclasses say on which rows."""

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "task_feature": [Integral, str, None],
        "unknown_task": [StrOptions({"error", "shared"})],
        "missing_label": "no_validation",
    }

    def __init__(self, estimator, *, task_feature=None, unknown_task="error", missing_label=np.nan):
        self.estimator = estimator
        self.task_feature = task_feature
        self.unknown_task = unknown_task
        self.missing_label = missing_label

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        tags.input_tags.sparse = inner.input_tags.sparse
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, target_weight=None):
        """Fit clones of ``estimator``.

        Parameters
        ----------
        X : (n_samples, n_features); with ``task_feature``, one column holds each row's task
        y : (n_samples,) or (n_samples, n_tasks); NaN, None or ``missing_label``: not observed
        sample_weight : (n_samples,), optional
        target_weight : (n_samples, n_tasks), optional

        Returns
        -------
        self
        """
        X, targets = self._read_fit(X, y, classify=is_classifier(self.estimator))
        weighted = sample_weight is not None or target_weight is not None
        weight = label_weights(targets, sample_weight, target_weight)
        self.estimators_ = self._fit_clones(X, targets, weight if weighted else None)
        return self

    def predict(self, X) -> np.ndarray:
        """Predictions (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        X, task = self._read_predict(X)
        if task is not None:
            return self._by_rows(X, task, "predict")
        columns = [model.predict(X) for model in self._models()]
        return columns[0] if self._form == "vector" else join_labels(columns)

    @available_if(_inner_has("predict_proba"))
    def predict_proba(self, X):
        """Class probabilities (n, n_classes); with a matrix y, a list of such arrays, one per task."""
        return self._per_task(X, "predict_proba", self._all_classes)

    @available_if(_inner_has("decision_function"))
    def decision_function(self, X):
        """Raw scores of the inner models, in the form of ``predict_proba``.

        With a matrix y: (n, n_tasks) where every task has two classes, else a list per task.
        """
        parts = self._per_task(X, "decision_function", lambda scores, model: scores)
        if isinstance(parts, list) and all(part.ndim == 1 for part in parts):
            return np.column_stack(parts)
        return parts

    def _per_task(self, X, method: str, align):
        X, task = self._read_predict(X)
        if task is not None:
            return self._by_rows(X, task, method, align)
        parts = [align(getattr(model, method)(X), model) for model in self._models()]
        return parts[0] if self._form == "vector" else parts

    def _by_rows(self, X, task: np.ndarray, method: str, align=lambda part, model: part) -> np.ndarray:
        out = None
        for t in np.unique(task):
            rows = np.flatnonzero(task == t)
            model = self._model_of(t)
            part = align(getattr(model, method)(X[rows]), model)
            if out is None:
                out = np.empty((len(task), *part.shape[1:]), dtype=self._result_type(part))
            out[rows] = part
        return out

    def _result_type(self, part: np.ndarray):
        return (
            self.classes_.dtype
            if part.ndim == 1 and is_classifier(self) and part.dtype.kind in "USO"
            else part.dtype
        )

    def _all_classes(self, probabilities: np.ndarray, model) -> np.ndarray:
        """Columns for every class of the task, 0 for those that the model's rows did not show."""
        if self._form == "matrix" or len(model.classes_) == len(self.classes_):
            return probabilities
        full = np.zeros((len(probabilities), len(self.classes_)))
        full[:, np.searchsorted(self.classes_, model.classes_)] = probabilities
        return full


class IndependentTasks(_Baseline):
    """One clone of an estimator per task, fitted on that task's labels alone.

    Parameters
    ----------
    estimator : classifier or regressor for one task
    task_feature : int or str, optional
        The column of X that holds each row's task; y is then 1-D.
    unknown_task : {"error"}
        Separate models share nothing, so an unseen task cannot be served.
    missing_label : scalar, default NaN

    Attributes
    ----------
    estimators_ : list of fitted clones, one per task
    n_tasks_, task_names_in_, classes_
    """

    def _fit_clones(self, X, targets: TaskTargets, weight):
        if self.unknown_task == "shared":
            raise ValueError("unknown_task='shared': IndependentTasks has no part that the tasks share")
        return [self._fit_one(X, targets, t, weight) for t in range(targets.n_tasks)]

    def _fit_one(self, X, targets: TaskTargets, t: int, weight):
        rows, labels = targets.rows_of(t), _labels(targets, t)
        if weight is None:
            return clone(self.estimator).fit(X[rows], labels)
        column = 0 if targets.form == "rows" else t
        return clone(self.estimator).fit(X[rows], labels, sample_weight=weight[rows, column])

    def _models(self):
        return self.estimators_

    def _model_of(self, t: int):
        return self.estimators_[t]


class PooledTasks(_Baseline):
    """One clone of an estimator for all tasks together, which are treated as if they were one.

    Every observed label becomes a row; the task is forgotten, so tasks must have the same classes.

    Parameters
    ----------
    estimator : classifier or regressor for one task
    task_feature : int or str, optional
        The column of X that holds each row's task; y is then 1-D.
    unknown_task : {"error", "shared"}, default "error"
        "shared" serves an unseen task by the pooled model.
    missing_label : scalar, default NaN

    Attributes
    ----------
    estimators_ : list of the one fitted clone
    n_tasks_, task_names_in_, classes_
    """

    def _fit_clones(self, X, targets: TaskTargets, weight):
        _need_equal_classes(targets)
        tasks = [0] if targets.form == "vector" else range(targets.n_tasks)
        rows = np.concatenate([targets.rows_of(t) for t in tasks])
        labels = np.concatenate([_labels(targets, t) for t in tasks])
        if weight is None:
            return [clone(self.estimator).fit(X[rows], labels)]
        columns = [0 if targets.form == "rows" else t for t in tasks]
        stacked = np.concatenate([weight[targets.rows_of(t), c] for t, c in zip(tasks, columns, strict=True)])
        return [clone(self.estimator).fit(X[rows], labels, sample_weight=stacked)]

    def _models(self):
        return self.estimators_ * self.n_tasks_

    def _model_of(self, t: int):
        return self.estimators_[0]


def _labels(targets: TaskTargets, t: int) -> np.ndarray:
    if targets.classes is None:
        return targets.labels_of(t)
    return targets.classes[t][targets.labels_of(t).astype(int)]


def _need_equal_classes(targets: TaskTargets) -> None:
    if targets.classes is None:
        return
    for name, classes in zip(targets.names, targets.classes, strict=True):
        if classes.tolist() != targets.classes[0].tolist():
            raise ValueError(
                f"PooledTasks needs tasks with the same classes: task {targets.names[0]!r} has "
                f"{targets.classes[0].tolist()}, task {name!r} has {classes.tolist()}"
            )
