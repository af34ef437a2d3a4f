"""``fit_new_task`` and ``feature_covariance_``: what a fitted linear model knows of tasks yet to come."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ..couplings import Coupling, LatentBasis
from ..fitting._quadratic_fit import USUAL_STEPS
from ..solvers import reachable
from ..targets import TaskTargets, read_known_targets
from ..utils._weights import checked_weights
from ._new_task import FrozenProblem, FrozenTask, solve_frozen, with_task


def _no_prior(coupling: Coupling) -> str:
    """Why no further task can be fitted, and what can be done instead."""
    if isinstance(coupling, LatentBasis):
        return (
            f"{coupling!r} prices the weights of its basis by their absolute values, which no "
            "feature_covariance_ can say; MultiTaskLatentRegressor and MultiTaskLatentClassifier fit the "
            "same model and have a fit_new_task of their own"
        )
    return (
        f"{coupling!r} leaves nothing that a new task could share; take a coupling with a "
        "feature_covariance_, as SharedParameters() or LowRank()"
    )


class NewTaskMixin:
    """For models with ``_W``, ``_b``, ``_layout`` that ``_remember_rows`` has been given the data of."""

    def _remember_rows(self, X, weight: np.ndarray) -> None:
        """Keep what a further task needs of the data: what a label weighs, the row of the intercepts."""
        self._label_share = self.n_tasks_ / weight.sum() if self.loss_average == "sample" else None
        rows = weight.sum(axis=1)
        self._row_mean = X.T @ (rows / rows.sum()).astype(X.dtype) if self._shrinks_intercepts else None

    @property
    def _shrinks_intercepts(self) -> float:
        """The intercepts' penalty that was fitted with: a search may have chosen it."""
        return getattr(self, "intercept_penalty_", self.intercept_penalty)

    @property
    def feature_covariance_(self):
        r"""The covariance D (n_features, n_features) of a task's weights around the shared ones, or None.

        With the other weights frozen a task costs ``(w - w_0)' D^+ (w - w_0) / 2``. For
        ``LowRank(squared=True)`` it is ``(W W')^(1/2) / tr (W W')^(1/2)`` (Argyriou, Evgeniou & Pontil 2008,
        equation 7), for ``JointSparsity()`` the diagonal of the row norms of W, for ``ReducedRank`` the
        projection onto the directions of W; None where the coupling has no room for a further task. Computed
        when it is asked for.
        """
        check_is_fitted(self)
        prior = self._task_prior()
        if prior is None:
            return None
        factor = prior.factor.toarray() if sp.issparse(prior.factor) else prior.factor
        return factor @ factor.T

    def _task_prior(self):
        if self._prior is None:
            shared = self._shared_W
            self._prior = self._fitted_coupling.task_prior(self._fitted_parts, self._families, shared)
        return self._prior

    def fit_new_task(self, X, y, *, task=None, classes=None, sample_weight=None, alpha=None):
        r"""A model that also knows one more task, learned from few rows; this one is left as it is.

        The new task's weights w minimise, with everything else frozen,

        .. math:: \sum_i \omega \, l(y_i, w^\top x_i + b)
                  + \frac{\alpha}{2} (w - w_0)^\top D^+ (w - w_0)

        with D = ``feature_covariance_`` and ``w_0`` = ``shared_coef_`` (or 0). A label weighs what it did
        in the fit, so that few rows stay close to what the tasks share and many go their own way;
        with ``loss_average="task"`` the weights sum to one. The shared part and D do not change.

        Parameters
        ----------
        X : (n_samples, n_features)
            In the form that ``predict`` takes. With ``task_feature`` its column holds one id, not seen
            before, in every row.
        y : (n_samples,)
            Numbers, or labels among the classes of the tasks that are known.
        task : str, optional
            The new task's name, for a shared X; by default "task" and its number.
        classes : array, optional
            The classes of the new task, where the known tasks have different ones.
        sample_weight : (n_samples,), optional
        alpha : float > 0, optional
            By default that of the fit.

        Returns
        -------
        model : a fitted estimator of ``n_tasks_ + 1`` tasks
            The new task is the last one. What describes the fit (``objective_``, ``task_covariance_``,
            ``support_``, ...) stays as it was.

        Raises
        ------
        ValueError
            A coupling under which tasks share nothing; a task that is known already, or more than one; labels
            that no known task has.

        References
        ----------
        Argyriou, Evgeniou & Pontil (2008), "Convex multi-task feature learning", section 3.
        """
        check_is_fitted(self)
        if self._task_prior() is None:
            raise ValueError(_no_prior(self._fitted_coupling))
        if alpha is not None and not alpha > 0:
            raise ValueError(f"alpha must be a positive number, got {alpha!r}")
        X, name, place, targets = self._read_new_task(X, y, task, classes)
        weight = checked_weights(sample_weight, (len(targets.values),), "sample_weight")[:, None]
        alpha = float(self.alpha if alpha is None else alpha)
        columns, b = self._solve_new(X, targets, weight, alpha, place)
        return with_task(self, place, name, columns, b)

    def _solve_new(self, X, targets: TaskTargets, weight, alpha: float, place: int):
        dtype, width, prior = self._W.dtype, self._layout[place][2], self._task_prior()
        share = 1.0 / weight.sum() if self._label_share is None else self._label_share
        origin = np.zeros((X.shape[1], width), dtype) if prior.origin is None else prior.origin
        mean = self._mean_of(X, weight)
        loss = self._loss(None if targets.classes is None else targets.classes[0])
        frozen = FrozenTask(
            (X.toarray() if sp.issparse(X) else X).astype(dtype) - mean,
            targets.values.astype(dtype),
            (weight * share).astype(dtype),
            loss,
            origin.astype(dtype, copy=False),
            prior.factor.astype(dtype, copy=False),
        )
        shrink, level = self._frozen_level(place)
        problem = FrozenProblem(frozen, alpha, intercept=self.fit_intercept, shrink=shrink, level=level)
        steps = USUAL_STEPS if self.max_iter is None else self.max_iter
        W, b = solve_frozen(problem, reachable(self.tol, dtype), steps)
        return W, b - mean @ W

    def _mean_of(self, X, weight: np.ndarray) -> np.ndarray:
        """The row at which the new intercept is sought: the fit's where intercepts are compared at one."""
        if not self.fit_intercept:
            return np.zeros(X.shape[1], self._W.dtype)
        mean = X.T @ (weight[:, 0] / weight.sum()) if self._row_mean is None else self._row_mean
        return np.asarray(mean, self._W.dtype)

    def _frozen_level(self, place: int):
        """How strongly the new intercept is drawn to the mean (C,) of the others, and that mean."""
        if self._row_mean is None:
            return 0.0, 0.0
        tasks, _, width = self._layout[place]
        columns = self._families[place].columns
        levels = self._b[columns] + self._row_mean @ self._W[:, columns]
        share = len(tasks) / (len(tasks) + 1)
        return self._shrinks_intercepts * share, levels.reshape(-1, width).mean(axis=0)

    def _read_new_task(self, X, y, task, classes) -> tuple:
        """Checked features, the new task's name, the family that it joins, and its targets."""
        X, name = self._read_new_rows(X, task)
        place, targets = self._read_new_labels(y, classes)
        check_consistent_length(X, targets.values)
        return X, name, place, targets

    def _read_new_rows(self, X, task):
        """Checked features, and the new task's name."""
        if self._form == "vector":
            raise ValueError("fit_new_task needs a model of several tasks; this one was fitted to a 1-D y")
        if self._form == "rows":
            return self._read_stranger(X, task)
        X, _ = self._read_predict(X)
        name = f"task{self.n_tasks_}" if task is None else task
        if name in self.task_names_in_.tolist():
            raise ValueError(f"task={name!r} is known already; fit_new_task adds a task that is not")
        return X, name

    def _read_new_labels(self, y, classes) -> tuple[int, TaskTargets]:
        """The family that the task joins, and its targets."""
        place = 0 if not self._classify else self._family_of(y, classes)
        known = None
        if self._classify:
            one = self._form == "rows"
            known = [self.classes_ if one else self.classes_[int(self._layout[place][0][0])]]
        return place, read_known_targets(y, ["y"], known, missing_label=self.missing_label, vector=True)

    def _family_of(self, y, classes) -> int:
        """The only family whose classes are ``classes`` or, without them, hold all labels."""
        if len(self._layout) == 1 and classes is None:
            return 0
        wanted = set(np.asarray(y if classes is None else classes).tolist())
        known = [self.classes_] if self._form == "rows" else self.classes_
        sets = [set(known[int(tasks[0])].tolist()) for tasks, _, _ in self._layout]
        fits = [i for i, one in enumerate(sets) if (wanted <= one if classes is None else wanted == one)]
        if len(fits) != 1:
            what = "the labels of y fit" if classes is None else f"classes={sorted(wanted, key=str)} equal"
            raise ValueError(
                f"{what} the classes of {len(fits)} groups of known tasks, expected one; the groups have "
                f"{[sorted(one, key=str) for one in sets]}: say which by classes="
            )
        return fits[0]
