"""Linear models of several tasks: everything but the loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Integral, Real

import numpy as np

from ..couplings import Coupling, QuadraticCoupling, SharedParameters
from ..design import Family
from ..fitting._fit import FittedWeights, fit_weights
from ..fitting._losses import TaskLosses
from ..fitting._options import FitOptions
from ..fitting._proximal_fit import SOLVERS as PROXIMAL_SOLVERS
from ..fitting._quadratic_fit import SOLVERS as QUADRATIC_SOLVERS
from ..solvers import reachable
from ..targets import TaskTargets, TaskTargetsMixin, label_weights
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import Interval, StrOptions, fit_context
from ._decoding import TaskColumns
from ._frozen import NewTaskMixin
from ._path import PathMixin
from ._weights import task_weights


class LinearTaskModel(NewTaskMixin, PathMixin, TaskColumns, TaskTargetsMixin, ABC):
    """Fits weights W and serves raw predictions; subclasses give the loss and decode."""

    _parameter_constraints = {
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "coupling": [Coupling, None],
        "fit_intercept": ["boolean"],
        "task_feature": [Integral, str, None],
        "unknown_task": [StrOptions({"error", "shared"})],
        "missing_label": "no_validation",
        "loss_average": [StrOptions({"sample", "task"})],
        "task_weight": ["array-like", dict, None],
        "solver": [StrOptions({"auto", *QUADRATIC_SOLVERS, *PROXIMAL_SOLVERS})],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "intercept_penalty": [Interval(Real, 0, None, closed="left")],
        "feature_mask": ["array-like", None],
        "warm_start": ["boolean"],
        "n_jobs": [Integral, None],
    }

    _classify: bool
    _feature_dtypes = (np.float64, np.float32)

    def __init__(  # noqa: PLR0913 - scikit-learn's way: every choice is a parameter of its own
        self,
        alpha=0.01,
        *,
        coupling=None,
        fit_intercept=True,
        task_feature=None,
        unknown_task="error",
        missing_label=np.nan,
        loss_average="sample",
        task_weight=None,
        solver="auto",
        tol=1e-9,
        max_iter=None,
        intercept_penalty=0.0,
        feature_mask=None,
        warm_start=False,
        n_jobs=None,
    ):
        self.alpha = alpha
        self.coupling = coupling
        self.fit_intercept = fit_intercept
        self.task_feature = task_feature
        self.unknown_task = unknown_task
        self.missing_label = missing_label
        self.loss_average = loss_average
        self.task_weight = task_weight
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.intercept_penalty = intercept_penalty
        self.feature_mask = feature_mask
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        return tags

    def _tie(self) -> Coupling:
        """The coupling to fit with."""
        return SharedParameters() if self.coupling is None else self.coupling

    @abstractmethod
    def _loss(self, classes):
        """The loss of a task with these classes (None: numbers)."""

    def _losses(self, targets: TaskTargets) -> TaskLosses:
        classes = targets.classes or [None] * targets.n_tasks
        return TaskLosses([self._loss(labels) for labels in classes], targets)

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, target_weight=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : (n_samples, n_features) array, sparse matrix or data frame
            With ``task_feature``, one column holds the task each row belongs to.
        y : (n_samples,) or (n_samples, n_tasks)
            Targets; NaN, None or ``missing_label`` mean not observed.
        sample_weight : (n_samples,), optional
            Finite, not negative.
        target_weight : (n_samples, n_tasks), optional
            A weight for each label; multiplies ``sample_weight``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            NaN in X; a task with no observed label, or one class; weights that are negative or not
            finite; a ``task_feature`` that is constant, continuous or missing.
        """
        X, targets = self._read_fit(X, y, classify=self._classify)
        weight = self._label_weights(targets, sample_weight, target_weight)
        coupling = self._tie()
        last = self._last_fit() if self.warm_start else None
        options = self._fit_options(self.alpha, X.dtype, targets)
        fitted = fit_weights(X, targets, weight, self._losses(targets), coupling, options, last)
        self._remember_rows(X, weight)
        self._keep(fitted, coupling)
        return self

    def _last_fit(self) -> FittedWeights | None:
        """The weights of the last fit, None before the first."""
        if not hasattr(self, "_layout"):
            return None
        return FittedWeights(self._fitted_parts, self._b, self._families, None)

    def _label_weights(self, targets: TaskTargets, sample_weight, target_weight) -> np.ndarray:
        return label_weights(targets, sample_weight, target_weight)

    def _fit_options(self, alpha: float, dtype, targets: TaskTargets) -> FitOptions:
        if self.intercept_penalty and not self.fit_intercept:
            raise ValueError(
                f"intercept_penalty={self.intercept_penalty!r} shrinks intercepts, but fit_intercept=False "
                "leaves none; set one of them back to its default"
            )
        return FitOptions(
            float(alpha),
            self.fit_intercept,
            self.loss_average,
            self.solver,
            reachable(self.tol, dtype),
            self.max_iter,
            float(self.intercept_penalty),
            self.feature_mask,
            task_weights(targets, self.task_weight),
            self.n_jobs,
        )

    def _keep(self, fitted: FittedWeights, coupling: Coupling) -> None:
        self._fitted_parts, self._fitted_coupling, self._prior = fitted.parts, coupling, None
        parts = fitted.seen_parts
        self._W, self._b = parts[0] if len(parts) == 1 else sum(parts), fitted.b
        self._parts = parts if len(parts) > 1 else None
        self._layout = [(f.tasks, f.start, f.n_columns) for f in fitted.families]
        solution = fitted.solution
        self.n_iter_, self.objective_ = solution.n_iter, solution.objective
        self.optimality_, self.dual_gap_ = solution.residual, solution.gap
        self._keep_relation(fitted)
        findings = coupling.describe(fitted.parts, fitted.families) | self._show_basis(fitted)
        if isinstance(coupling, QuadraticCoupling):
            findings |= coupling.describe_relation(solution.covariances, fitted.families)
        self._show(findings)
        self._shared_W = self._shared_b = None
        if len(fitted.families) == 1 and isinstance(coupling, QuadraticCoupling):
            self._keep_shared(fitted, coupling)
        if self._form == "rows" and self._shared_W is None and self.unknown_task == "shared":
            raise ValueError(f"unknown_task='shared': {coupling!r} has no part that the tasks share")

    def _keep_relation(self, fitted: FittedWeights) -> None:
        self.task_covariance_ = None
        if fitted.solution.covariances is not None and len(fitted.families) == 1:
            self.task_covariance_ = fitted.solution.covariances[0]
        elif fitted.solution.covariances is not None:
            self.task_covariance_ = np.zeros((self.n_tasks_, self.n_tasks_))
            for family, C in zip(fitted.families, fitted.solution.covariances, strict=True):
                self.task_covariance_[np.ix_(family.tasks, family.tasks)] = C

    def _show_basis(self, fitted: FittedWeights) -> dict[str, np.ndarray]:
        if fitted.factors is None:
            return {}
        L, S = fitted.factors
        return {"basis_": L.T, "task_weights_": self._by_task(S.T)}

    def _show(self, findings: dict[str, object]) -> None:
        """Set what the coupling says of the weights, in place of what an earlier fit found."""
        for name in getattr(self, "_findings", ()):
            vars(self).pop(name, None)
        vars(self).update(findings)
        self._findings = list(findings)

    def _keep_shared(self, fitted: FittedWeights, coupling: QuadraticCoupling) -> None:
        """What all tasks share, which also serves tasks never seen: w_0 and the mean intercept."""
        family = fitted.families[0]
        W = family.by_task(fitted.W).transpose(0, 2, 1)
        shared = coupling.shared(W.reshape(-1, self.n_tasks_), fitted.solution.covariances[0])
        if shared is not None:
            self._shared_W = shared.reshape(len(fitted.W), family.n_columns).astype(W.dtype, copy=False)
            self._shared_b = fitted.b.reshape(self.n_tasks_, -1).mean(axis=0)

    @property
    def _families(self) -> list[Family]:
        return [Family(*layout) for layout in self._layout]

    @property
    def coef_parts_(self):
        """The parts that sum to ``coef_``, each in its form; None where the coupling does not split W."""
        return None if self._parts is None else [self._by_task(part.T) for part in self._parts]

    @property
    def shared_coef_(self):
        """Slopes that all tasks share, w_0 of ``w_t = w_0 + v_t``: (n_columns, n_features).

        None where the coupling shares nothing, or where tasks have different classes.
        """
        return None if self._shared_W is None else self._shared_W.T

    def _columns_of(self, t: int) -> slice:
        return next(f.columns_of(t) for f in self._families if t in f.tasks)

    def _raw(self, X) -> np.ndarray:
        """Raw predictions: (n, P) for a shared X, (n, C) where each row has its own task."""
        X, task = self._read_predict(X)
        if task is None:
            return X @ self._W + self._b
        return self._raw_rows(X, task)

    def _raw_rows(self, X, task: np.ndarray) -> np.ndarray:
        n_columns = self._layout[0][2]
        Z = np.empty((X.shape[0], n_columns), np.result_type(X, self._W))
        for t in np.unique(task):
            mine = np.flatnonzero(task == t)
            if t < 0:
                Z[mine] = X[mine] @ self._shared_W + self._shared_b
            else:
                columns = self._columns_of(t)
                Z[mine] = X[mine] @ self._W[:, columns] + self._b[columns]
        return Z
