"""Ridge regression and classification from rows that come in blocks and are forgotten."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from ..fitting._row_sums import RowSums
from ..fitting._streamed_ridge import RidgeChoice, streamed_ridge
from ..targets import TaskTargets, TaskTargetsMixin, known_classes, label_weights, read_known_targets
from ..targets._columns import task_columns
from ..utils._atomic import all_or_nothing
from ..utils._init import extended_init
from ..utils._sklearn import Interval, StrOptions, fit_context
from ._decoding import ClassDecoding, TaskColumns
from ._docs import documented
from ._path import checked_alphas
from ._weights import class_weighted


class StreamingLinearModel(TaskColumns, TaskTargetsMixin, ABC):
    """Adds rows up, and solves when the weights are asked for; subclasses code the targets."""

    _parameter_constraints = {
        "alphas": ["array-like", Interval(Real, 0, None, closed="neither")],
        "fit_intercept": ["boolean"],
        "standardize": ["boolean"],
        "missing_label": "no_validation",
        "n_jobs": [Integral, None],
    }

    _classify: bool
    _feature_dtypes = (np.float64, np.float32)
    task_feature, unknown_task = None, "error"

    def __init__(
        self,
        alphas=(1e-4, 1e-3, 1e-2, 1e-1, 1.0),
        *,
        fit_intercept=True,
        standardize=True,
        missing_label=np.nan,
        n_jobs=None,
    ):
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.missing_label = missing_label
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    @property
    def _checks(self) -> dict:
        return {"dtype": list(self._feature_dtypes)}

    @abstractmethod
    def _n_columns(self, t: int) -> int:
        """Columns of W of task t."""

    @abstractmethod
    def _coded(self, targets: TaskTargets, t: int) -> np.ndarray:
        """The numbers (n, columns of t) that task t's labels are fitted to."""

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, target_weight=None):
        """Fit to these rows alone. ``partial_fit`` can go on from here until ``freeze``.

        Parameters
        ----------
        X : (n_samples, n_features)
            float32 is added up in float32: half the time and memory.
        y : (n_samples,) or (n_samples, n_tasks)
            NaN, None or ``missing_label`` mean not observed.
        sample_weight : (n_samples,), optional
            Finite, not negative. A weight of two is the row twice.
        target_weight : (n_samples, n_tasks), optional
            A weight for each label; multiplies ``sample_weight``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            NaN in X; a task with no observed label, or one class; weights that are negative or not finite;
            ``alphas`` so small that rounding decides.
        """
        X, targets = self._read_fit(X, y, classify=self._classify)
        weight = label_weights(targets, sample_weight, target_weight)
        self._parts = self._added([], X, targets, self._class_weighted(targets, weight))
        self._solution = None
        self._solved()
        return self

    def freeze(self):
        """Solve, and forget the sums: the model becomes small to save, and ``partial_fit`` cannot go on.

        Returns
        -------
        self
        """
        self._solved()
        self._parts = None
        return self

    def predict(self, X) -> np.ndarray:
        """Predictions (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        Z = self._raw(X)
        return Z if self._form == "matrix" else Z[:, 0]

    @property
    def alpha_(self):
        """The chosen alpha; with a matrix y one for each task, (n_tasks,)."""
        alpha = self._solved().alpha
        return alpha if self._form == "matrix" else float(alpha[0])

    @property
    def gcv_errors_(self) -> np.ndarray:
        """Generalised error of each alpha, (n_alphas,) or (n_alphas, n_tasks); NaN where rounding decides.

        A single alpha is not judged: 0.
        """
        errors = self._solved().errors
        return errors if self._form == "matrix" else errors[:, 0]

    # ------------------------------------------------------------------------------------ in blocks

    def _learn_block(self, X, y, classes, sample_weight, target_weight):
        first = not hasattr(self, "n_tasks_")
        if not first and self._parts is None:
            raise ValueError(
                "partial_fit cannot go on: freeze has forgotten the rows; begin with a new model"
            )
        X = validate_data(self, X, reset=first, **self._checks)
        if first:
            self._meet_tasks(y, classes)
        known = self._classes() if self._classify else None
        vector = self._form == "vector"
        names = self.task_names_in_.tolist()
        targets = read_known_targets(y, names, known, missing_label=self.missing_label, vector=vector)
        check_consistent_length(X, targets.values)
        weight = label_weights(targets, sample_weight, target_weight, every_task=False)
        weight = self._class_weighted(targets, weight)
        self._parts = self._added([] if first else self._parts, X, targets, weight)
        self._solution = None
        return self

    def _meet_tasks(self, y, classes) -> None:
        columns, names, one_dim = task_columns(y)
        self._form, self.n_tasks_ = "vector" if one_dim else "matrix", len(columns)
        self.task_names_in_ = np.array(names or [f"task{t}" for t in range(len(columns))])

    def _class_weighted(self, targets: TaskTargets, weight: np.ndarray) -> np.ndarray:
        return weight

    def _added(self, parts: list[TaskSums], X, targets: TaskTargets, weight: np.ndarray) -> list[TaskSums]:
        """The sums with these rows: tasks whose labels weigh the same in all rows so far share theirs."""
        Y = np.hstack([self._coded(targets, t) for t in range(self.n_tasks_)])
        parts = parts or [TaskSums(np.arange(self.n_tasks_), None)]
        return [done for part in parts for done in self._extended(part, X, Y, weight)]

    def _extended(self, part: TaskSums, X, Y: np.ndarray, weight: np.ndarray) -> Iterator[TaskSums]:
        groups = equal_columns(weight[:, part.tasks])
        for places in groups:
            tasks = part.tasks[places]
            columns = self._places(tasks)
            if part.sums is None:
                sums = RowSums.begin(X, Y[:, columns], intercept=self.fit_intercept)
            else:
                sums = part.sums if len(groups) == 1 else part.sums.some(self._places(part.tasks, places))
            sums.add(X, Y[:, columns], weight[:, tasks[0]], self.n_jobs)
            yield TaskSums(tasks, sums)

    def _places(self, tasks: np.ndarray, chosen: np.ndarray | None = None) -> np.ndarray:
        """Columns of the tasks in W; or those of some of them among the columns of these tasks alone."""
        widths = [self._n_columns(t) for t in tasks]
        if chosen is None:
            return np.concatenate([np.arange(s.start, s.stop) for s in map(self._columns_of, tasks)])
        ends = np.cumsum(widths)
        return np.concatenate([np.arange(ends[i] - widths[i], ends[i]) for i in chosen])

    def _columns_of(self, t: int) -> slice:
        start = sum(self._n_columns(s) for s in range(t))
        return slice(start, start + self._n_columns(t))

    # ------------------------------------------------------------------------------------ solved

    def _solved(self) -> RidgeChoice:
        """The weights, from the sums where they have changed."""
        check_is_fitted(self)
        if self._solution is None:
            self._solution = self._solve()
        return self._solution

    def _solve(self) -> RidgeChoice:
        alphas = checked_alphas(np.atleast_1d(self.alphas))
        n_columns = self._columns_of(self.n_tasks_ - 1).stop
        dtype = self._parts[0].sums.gram.dtype
        W, b = np.empty((self.n_features_in_, n_columns), dtype), np.empty(n_columns, dtype)
        alpha, errors = np.empty(self.n_tasks_), np.empty((len(alphas), self.n_tasks_))
        for tasks, sums in self._parts:
            self._need_labels(tasks, sums)
            widths = np.array([self._n_columns(t) for t in tasks])
            slices = [slice(end - width, end) for end, width in zip(np.cumsum(widths), widths, strict=True)]
            options = {"intercept": self.fit_intercept, "standardize": self.standardize}
            found = streamed_ridge(sums, slices, alphas, n_jobs=self.n_jobs, **options)
            columns = self._places(tasks)
            W[:, columns], b[columns] = found.W, found.b
            alpha[tasks], errors[:, tasks] = found.alpha, found.errors
        return RidgeChoice(W, b, alpha, errors)

    def _need_labels(self, tasks: np.ndarray, sums: RowSums) -> None:
        sums.check_whole()
        if not sums.total > 0:
            names = self.task_names_in_[tasks].tolist()
            raise ValueError(f"tasks {names} have no observed label with a positive weight so far")

    @property
    def _W(self) -> np.ndarray:
        return self._solved().W

    @property
    def _b(self) -> np.ndarray:
        return self._solved().b

    def _raw(self, X) -> np.ndarray:
        found = self._solved()
        return validate_data(self, X, reset=False, **self._checks) @ found.W + found.b


class TaskSums(NamedTuple):
    """Tasks (k,) whose labels have had the same weights in every row, and their sums."""

    tasks: np.ndarray
    sums: RowSums | None


def equal_columns(weight: np.ndarray) -> list[np.ndarray]:
    """The places of equal columns of weight (n, T), group by group."""
    _, group = np.unique(weight, axis=1, return_inverse=True)
    return [np.flatnonzero(group == g) for g in range(group.max() + 1)]


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
