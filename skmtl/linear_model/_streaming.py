"""Ridge regression and classification from rows that come in blocks and are forgotten."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Integral, Real

import numpy as np
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from ..fitting._streamed_ridge import RidgeChoice
from ..fitting._streamed_tasks import StreamedTasks
from ..targets import TaskTargets, TaskTargetsMixin, label_weights, read_known_targets
from ..targets._columns import task_columns
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import Interval, fit_context
from ._decoding import TaskColumns
from ._path import checked_alphas


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
        self._sums = self._with_rows(self._no_sums(), X, targets, weight)
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
        self._sums = None
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
        if not first and self._sums is None:
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
        self._sums = self._with_rows(self._no_sums() if first else self._sums, X, targets, weight)
        self._solution = None
        return self

    def _meet_tasks(self, y, classes) -> None:
        columns, names, one_dim = task_columns(y)
        self._form, self.n_tasks_ = "vector" if one_dim else "matrix", len(columns)
        self.task_names_in_ = np.array(names or [f"task{t}" for t in range(len(columns))])

    def _class_weighted(self, targets: TaskTargets, weight: np.ndarray) -> np.ndarray:
        return weight

    def _with_rows(self, sums: StreamedTasks, X, targets: TaskTargets, weight: np.ndarray) -> StreamedTasks:
        Y = np.hstack([self._coded(targets, t) for t in range(self.n_tasks_)])
        return sums.with_rows(X, Y, self._class_weighted(targets, weight), self.n_jobs)

    def _no_sums(self) -> StreamedTasks:
        widths = [self._n_columns(t) for t in range(self.n_tasks_)]
        return StreamedTasks(widths, intercept=self.fit_intercept)

    def _columns_of(self, t: int) -> slice:
        return self._no_sums().columns[t]

    # ------------------------------------------------------------------------------------ solved

    def _solved(self) -> RidgeChoice:
        """The weights, from the sums where they have changed."""
        check_is_fitted(self)
        if self._solution is None:
            missing = self.task_names_in_[self._sums.without_labels()].tolist()
            if missing:
                raise ValueError(f"tasks {missing} have no observed label with a positive weight so far")
            alphas = checked_alphas(np.atleast_1d(self.alphas))
            self._solution = self._sums.solve(alphas, standardize=self.standardize, n_jobs=self.n_jobs)
        return self._solution

    @property
    def _W(self) -> np.ndarray:
        return self._solved().W

    @property
    def _b(self) -> np.ndarray:
        return self._solved().b

    def _raw(self, X) -> np.ndarray:
        found = self._solved()
        return validate_data(self, X, reset=False, **self._checks) @ found.W + found.b
