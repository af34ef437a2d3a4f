"""A latent basis that goes on learning: from chunks of rows, and for tasks that come later."""

from __future__ import annotations

import copy
import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_array, check_is_fitted

from ..couplings import ElementwiseSparsity, LatentBasis
from ..design import output_families
from ..targets import label_weights, read_targets
from ..targets._estimator import _CHECKS
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import Interval
from ._base import LinearTaskModel
from ._chunks import read_features, read_form, task_chunks
from ._fit import FittedWeights, fit_weights
from ._latent_fit import solve, starts
from ._latent_problem import Factors, LatentProblem
from ._options import FitOptions
from ._task_rows import RowsSummary, TaskRows, add_rows, no_rows, summary_of


class LatentModel(LinearTaskModel):
    """A linear model with ``LatentBasis``, whose parameters are the model's own; see its two subclasses."""

    _parameter_constraints = {
        **{
            name: rule
            for name, rule in LinearTaskModel._parameter_constraints.items()
            if name not in ("coupling", "solver", "unknown_task")
        },
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "sparsity": [Interval(Real, 0, None, closed="neither")],
        "summary_rank": [Interval(Integral, 0, None, closed="left"), None],
    }

    def __init__(
        self,
        alpha=0.01,
        *,
        n_components=None,
        sparsity=0.1,
        fit_intercept=True,
        task_feature=None,
        missing_label=np.nan,
        loss_average="sample",
        summary_rank=None,
        tol=1e-6,
        max_iter=None,
    ):
        super().__init__(
            alpha,
            fit_intercept=fit_intercept,
            task_feature=task_feature,
            missing_label=missing_label,
            loss_average=loss_average,
            tol=tol,
            max_iter=max_iter,
        )
        self.n_components = n_components
        self.sparsity = sparsity
        self.summary_rank = summary_rank

    def _tie(self):
        return LatentBasis(self.n_components, self.sparsity)

    def _keep(self, fitted, coupling):
        super()._keep(fitted, coupling)
        self._task_rows, self._factors = None, fitted.factors

    def _options(self, alpha: float) -> FitOptions:
        return FitOptions(alpha, self.fit_intercept, self.loss_average, "auto", self.tol, self.max_iter)

    # ------------------------------------------------------------------------------------ in chunks

    @all_or_nothing
    def fit(self, X, y, sample_weight=None, target_weight=None):
        """Fit all tasks together; see ``MultiTaskLinearRegressor.fit`` for the arguments and errors.

        Besides, ``summary_rank`` rows are kept of each task, from which ``partial_fit`` can go on.
        """
        super().fit(X, y, sample_weight, target_weight)
        if self.summary_rank != 0:
            self._task_rows = self._absorbed(X, y, None, sample_weight, target_weight)
        return self

    def _learn_chunk(self, X, y, classes, sample_weight, target_weight):
        if self.summary_rank == 0:
            raise ValueError("partial_fit needs rows to go on from: summary_rank must not be 0")
        if hasattr(self, "_W") and self._task_rows is None:
            raise ValueError("partial_fit cannot go on: fit or fit_new_task kept no rows of the tasks")
        self._solve(self._absorbed(X, y, classes, sample_weight, target_weight))
        return self

    def _absorbed(self, X, y, classes, sample_weight, target_weight) -> list[list[TaskRows]]:
        """What is kept of the tasks, column by column of each, with the rows of this chunk."""
        first = not hasattr(self, "_W")
        kept = list(getattr(self, "_task_rows", None) or [])
        X, task = read_features(self, X, first=first)
        columns, form, names = read_form(y, task, None if first else self.task_names_in_)
        self._begin(form, names, classes, first=first)
        kept += [[no_rows(X.shape[1])] * self._n_columns(t) for t in range(len(kept), self.n_tasks_)]
        weights = sample_weight, target_weight, self.missing_label
        rank = self.summary_rank or X.shape[1] + 2
        for chunk in task_chunks(X, columns, task, self._coded, weights):
            new = self._rows_of(chunk, kept[chunk.t])
            pairs = zip(kept[chunk.t], new, strict=True)
            kept[chunk.t] = [add_rows(known, rows, chunk.w.sum(), rank) for known, rows in pairs]
        return kept

    def _begin(self, form: str, names: list, classes, *, first: bool) -> None:
        """Tasks and classes: set by the first chunk; tasks that own their rows may come later."""
        if first:
            self._form = form
        if form == "rows":
            names = self._task_ids
        if first or form == "rows":
            self.n_tasks_, self.task_names_in_ = len(names), np.array(names)
        self._begin_classes(classes, first=first)

    def _solve(self, kept: list) -> None:
        families = output_families(self.n_tasks_, self._classes_by_task())
        in_order = [rows for family in families for t in family.tasks for rows in kept[t]]
        weight = np.array([rows.weight for rows in in_order])
        labels = sum(rows[0].weight for rows in kept)
        by_task = 1.0 / np.where(weight > 0, weight, 1.0)
        scales = by_task if self.loss_average == "task" else np.full(len(weight), self.n_tasks_ / labels)
        summary = summary_of(in_order, scales, intercept=self.fit_intercept)
        most = min(summary.shape)
        coupling = LatentBasis(self.n_components and min(self.n_components, most), self.sparsity)
        k, sparsity = coupling.checked(summary.shape)
        problem = LatentProblem(summary, k, self.alpha, self.alpha * sparsity)
        options = self._options(self.alpha)
        best = min((solve(problem, x, options) for x in self._starts(problem, summary)), key=_objective)
        if not best.converged:
            warnings.warn(
                f"partial_fit stopped after {best.n_iter} iterations with a {best.measure} of "
                f"{best.residual:.2g} (tol={self.tol:g}): raise max_iter, alpha or sparsity",
                ConvergenceWarning,
                stacklevel=6,
            )
        b = summary.intercepts(best.parts[0])
        self._keep(FittedWeights(best.parts, b, families, best, best.factors), coupling)
        self._task_rows = kept

    def _starts(self, problem: LatentProblem, summary: RowsSummary):
        W, b = summary.ridge(self.alpha), np.zeros(summary.shape[1])
        yield from starts(problem, W, b)
        before = getattr(self, "_factors", None)
        if before is not None and before[0].shape[1] == problem.k:
            L, S = before
            S = np.hstack([S, np.linalg.pinv(L) @ W[:, S.shape[1] :]])
            yield Factors(L, S, b)

    # ------------------------------------------------------------------------------------ a new task

    def fit_new_task(self, X, y, task=None, *, sample_weight=None):
        """A model that knows one more task, learned with the basis as it is; this one stays as it was.

        Minimises ``loss(L s + b) + alpha * sparsity * |s|_1`` over the new task's weights s (k,) and its
        intercept: a handful of numbers, for which a handful of rows will do.

        Parameters
        ----------
        X : (n_samples, n_features) array or sparse matrix
            Rows of the new task, without a task column.
        y : (n_samples,)
            Its targets; for tasks that own their rows, of the same classes.
        task : task id or str, optional
            Its name; needed for tasks that own their rows. Default ``"task"`` and its number.
        sample_weight : (n_samples,), optional

        Returns
        -------
        model : a copy of this one with the task as its last
            ``objective_`` and what else describes the fit stay those of the other tasks.

        Raises
        ------
        ValueError
            A task that is known already or not named, a model of 1-D y without ``task_feature``, X of another
            number of features, classes that the other tasks do not have.
        """
        check_is_fitted(self)
        name = self._checked_name(task)
        X = check_array(X, estimator=self, input_name="X", **_CHECKS)
        if X.shape[1] != self.basis_.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} features, the basis has {self.basis_.shape[1]}: give them without a "
                "task column"
            )
        targets = read_targets(y, classify=self._classify, missing_label=self.missing_label)
        self._check_same_classes(targets, name)
        weight = label_weights(targets, sample_weight, None)
        options = self._options(self.alpha * self.sparsity)
        fitted = fit_weights(X @ self.basis_.T, targets, weight, self._loss, ElementwiseSparsity(), options)
        return self._with_task(name, fitted, targets.classes)

    def _checked_name(self, task):
        if self._form == "vector":
            raise ValueError("fit_new_task needs a model of several tasks; this one has learned a 1-D y")
        if task is None and self._form == "rows":
            raise ValueError("fit_new_task needs the id of the new task, task=...: predict finds it in X")
        name = f"task{self.n_tasks_}" if task is None else task
        if name in self.task_names_in_.tolist():
            raise ValueError(f"task={name!r} is known already: the tasks are {self.task_names_in_.tolist()}")
        return name

    def _with_task(self, name, fitted: FittedWeights, classes):
        model, t = copy.copy(self), self.n_tasks_
        columns = fitted.W.shape[1]
        model._layout = [*self._layout, (np.array([t]), self._W.shape[1], columns)]
        model._W = np.hstack([self._W, self.basis_.T @ fitted.W])
        model._b = np.concatenate([self._b, fitted.b])
        model._factors, model._task_rows = (self._factors[0], np.hstack([self._factors[1], fitted.W])), None
        model.n_tasks_, model.task_names_in_ = t + 1, np.array([*self.task_names_in_.tolist(), name])
        if self._form == "rows":
            model._task_ids = [*self._task_ids, name]
        elif classes is not None:
            model.classes_ = [*self.classes_, classes[0]]
        model.task_weights_ = model._by_task(model._factors[1].T)
        return model


def _objective(solution) -> float:
    return solution.objective
