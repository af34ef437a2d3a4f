"""A latent basis that goes on learning: from chunks of rows, and for tasks that come later."""

from __future__ import annotations

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from ..couplings import ElementwiseSparsity, LatentBasis
from ..design import Question, output_families
from ..fitting._fit import FittedWeights, fit_weights
from ..fitting._latent_fit import solve, starts
from ..fitting._latent_problem import Factors, LatentProblem
from ..fitting._losses import TaskLosses
from ..fitting._options import FitOptions
from ..fitting._summary import SquaredSummary
from ..targets import label_weights
from ..utils._atomic import all_or_nothing
from ..utils._sklearn import Interval
from ._base import LinearTaskModel
from ._chunks import read_features, read_form, task_chunks
from ._new_task import with_task
from ._task_rows import TaskRows, add_rows, no_rows, separate_ridge, summary_of

#: Parameters of the linear models that these have not, and their own.
FIXED = (
    "class_weight",
    "coupling",
    "feature_mask",
    "intercept_penalty",
    "loss",
    "n_jobs",
    "solver",
    "task_weight",
    "unknown_task",
    "warm_start",
)
OWN = {"n_components": None, "sparsity": 0.1, "summary_rank": None, "tol": 1e-6}


class LatentModel(LinearTaskModel):
    """A linear model with ``LatentBasis``, whose parameters are the model's own; see its two subclasses."""

    _parameter_constraints = {
        **{name: rule for name, rule in LinearTaskModel._parameter_constraints.items() if name not in FIXED},
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "sparsity": [Interval(Real, 0, None, closed="neither")],
        "summary_rank": [Interval(Integral, 0, None, closed="left"), None],
    }

    _feature_dtypes = (np.float64,)
    # What the other linear models let the user choose.
    unknown_task, solver, task_weight, class_weight, loss = "error", "auto", None, None, None
    intercept_penalty, feature_mask, warm_start, n_jobs = 0.0, None, False, None

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

    def _questions(self) -> list[Question]:
        classes = self._classes_by_task() or [None] * self.n_tasks_
        ties = [None if one is None else tuple(one.tolist()) for one in classes]
        return [Question(tie, None, self._n_columns(t)) for t, tie in enumerate(ties)]

    def _solve(self, kept: list) -> None:
        families = output_families(self._questions())
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
        self._keep(FittedWeights(best.parts, b, families, best, factors=best.factors), coupling)
        self._task_rows = kept

    def _starts(self, problem: LatentProblem, summary: SquaredSummary):
        W, b = separate_ridge(summary, self.alpha), np.zeros(summary.shape[1])
        yield from starts(problem, W, b)
        before = getattr(self, "_factors", None)
        if before is not None and before[0].shape[1] == problem.k:
            L, S = before
            S = np.hstack([S, np.linalg.pinv(L) @ W[:, S.shape[1] :]])
            yield Factors(L, S, b)

    # ------------------------------------------------------------------------------------ a new task

    def fit_new_task(self, X, y, *, task=None, classes=None, sample_weight=None):
        """A model that knows one more task, learned with the basis as it is; this one stays as it was.

        Minimises ``loss(L s + b) + alpha * sparsity * |s|_1`` over the new task's weights s (k,) and its
        intercept: a handful of numbers, for which a handful of rows will do.

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

        Returns
        -------
        model : a fitted estimator of ``n_tasks_ + 1`` tasks
            The new task is the last one. ``objective_`` and what else describes the fit stay as they were;
            ``partial_fit`` cannot go on from it.

        Raises
        ------
        ValueError
            A task that is known already, or more than one; a model of 1-D y; labels that no known task has.
        """
        check_is_fitted(self)
        X, name, place, targets = self._read_new_task(X, y, task, classes)
        weight = label_weights(targets, sample_weight, None)
        losses = TaskLosses([self._loss(None if targets.classes is None else targets.classes[0])], targets)
        options = self._options(self.alpha * self.sparsity)
        fitted = fit_weights(X @ self.basis_.T, targets, weight, losses, ElementwiseSparsity(), options)
        model = with_task(self, place, name, self.basis_.T @ fitted.W, fitted.b)
        L, S = self._factors
        start = self._families[place].columns.stop
        model._factors = L, np.hstack([S[:, :start], fitted.W, S[:, start:]])
        model._task_rows, model.task_weights_ = None, model._by_task(model._factors[1].T)
        return model


def _objective(solution) -> float:
    return solution.objective
