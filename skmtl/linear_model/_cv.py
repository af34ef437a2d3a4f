"""Linear models that choose their coupling and alpha by cross-validation."""

from __future__ import annotations

import warnings
from dataclasses import replace
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv

from ..couplings import Coupling, Independent, JointSparsity, LowRank, SharedParameters
from ..fitting._fit import FitProblem, warn_if_short
from ..fitting._options import FitOptions
from ..model_selection import spread_folds
from ..utils._atomic import all_or_nothing
from ..utils._init import extended_init
from ..utils._parallel import run_blocks
from ..utils._sklearn import Interval, StrOptions, fit_context, rows_of
from ._classifier import MultiTaskLogisticRegression
from ._docs import documented
from ._path import alpha_grid, checked_alphas, checked_eps
from ._regressor import MultiTaskLinearRegressor
from ._search import best_candidate, results_table
from ._validation import Labelled, fold_losses, left_out_losses

LEFT_OUT = ("gcv", "loo")
SEARCHED = ("alpha", "coupling", "warm_start")


SEARCH = {
    "alphas": 30,
    "eps": 1e-3,
    "couplings": None,
    "intercept_penalties": None,
    "cv": 5,
    "scoring": None,
    "caution": 2.0,
    "one_standard_error": False,
    "n_jobs": None,
}


def search_init(model: type):
    """An ``__init__`` with the parameters of a search, and those of ``model`` that are not searched."""
    return extended_init(model, SEARCH, without=SEARCHED)


class CrossValidated:
    """Searches couplings and alphas, then fits the best on all data; stands before a linear model."""

    _search_constraints = {
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "eps": [Interval(Real, 0, 1, closed="neither")],
        "couplings": [Coupling, list, tuple, None],
        "intercept_penalties": ["array-like", None],
        "cv": ["cv_object", StrOptions(set(LEFT_OUT))],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "caution": [Interval(Real, 0, None, closed="left")],
        "one_standard_error": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def __init_subclass__(cls, **arguments):
        super().__init_subclass__(**arguments)
        cls._parameter_constraints = {**cls._parameter_constraints, **cls._search_constraints}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse &= not isinstance(self.cv, str)
        return tags

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, target_weight=None, groups=None):
        """Choose by cross-validation, then fit all tasks together on all rows.

        Parameters
        ----------
        X, y, sample_weight, target_weight : as in the plain model
        groups : (n_samples,), optional
            For splitters that want them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As in the plain model; folds that leave a task without a label to learn from; ``cv="gcv"`` or
            ``"loo"`` where they have no formula.
        """
        checked, targets = self._read_fit(X, y, classify=self._classify)
        weight = self._label_weights(targets, sample_weight, target_weight)
        data = Labelled(checked, targets, weight, self._losses(targets))
        options = self._fit_options(1.0, checked.dtype, targets)
        each = [replace(options, intercept_penalty=penalty) for penalty in self._intercept_penalties()]
        whole = data.problem(each[0])
        candidates = [(c, self._grid(whole, c)) for c in self._couplings()]
        if isinstance(self.cv, str):
            found = [left_out_losses(data.problem(one), candidates, exact=self.cv == "loo") for one in each]
            losses = np.concatenate(found)[:, None]
            scores = -losses.mean(axis=2)
        else:
            losses, scores = self._cross_validate(data, each, candidates, X, y, groups)
        options = self._report(candidates, each, losses, scores)
        whole = whole if options is each[0] else data.problem(options)
        solution = whole.minimise(self.coupling_, self.alpha_)
        warn_if_short(solution, options, stacklevel=4)
        self._remember_rows(data.X, data.weight)
        self._keep(whole.outside(self.coupling_, solution), self.coupling_)
        return self

    def _couplings(self) -> list[Coupling]:
        """The couplings to search, simplest first."""
        if isinstance(self.couplings, Coupling):
            return [self.couplings]
        if self.couplings is not None:
            wrong = [c for c in self.couplings if not isinstance(c, Coupling)]
            if wrong or not len(self.couplings):
                shown = f"{wrong[0]!r}" if wrong else "an empty list"
                raise ValueError(f"couplings must be a coupling or a list of couplings, got {shown}")
            return list(self.couplings)
        if self.n_tasks_ == 1:
            return [Independent()]
        if self._form == "rows" and self.unknown_task == "shared":
            return [SharedParameters(s) for s in (0.1, 0.5, 0.9, 1.0)]
        shared = [Independent(), *(SharedParameters(s) for s in (0.5, 0.9, 1.0))]
        return shared if isinstance(self.cv, str) else [*shared, JointSparsity(), LowRank()]

    def _intercept_penalties(self) -> list[float]:
        """Those to search; that of the plain model where none are given."""
        if self.intercept_penalties is None:
            return [float(self.intercept_penalty)]
        values = np.asarray(self.intercept_penalties, dtype=np.float64)
        if values.ndim != 1 or not len(values) or not np.isfinite(values).all() or (values < 0).any():
            raise ValueError(
                "intercept_penalties must be a 1-D list of finite numbers >= 0, got "
                f"{self.intercept_penalties!r}"
            )
        if values.any() and not self.fit_intercept:
            raise ValueError("intercept_penalties shrink intercepts, but fit_intercept=False leaves none")
        return values.tolist()

    def _grid(self, problem: FitProblem, coupling: Coupling) -> np.ndarray:
        return alpha_grid(
            problem.data(coupling)[0], coupling, checked_alphas(self.alphas), checked_eps(self.eps)
        )

    def _cross_validate(self, data: Labelled, each: list[FitOptions], candidates, X, y, groups):
        """Losses (n_candidates, n_folds, n_tasks) and scores (n_candidates, n_folds)."""
        X, y = _by_rows(X), _by_rows(y)
        folds = self._splits(data, X, y, groups)
        each = [replace(options, n_jobs=None) for options in each]  # threads go to the folds
        scorer = None if self.scoring is None else check_scoring(self, self.scoring)

        def one(fold):
            train, test = fold
            look = None if scorer is None else self._scored_by(scorer, rows_of(X, test), rows_of(y, test))
            parts = data.part(train), data.part(test)
            losses, seen, short = zip(
                *(fold_losses(*parts, one, candidates, look) for one in each), strict=True
            )
            return np.concatenate(losses), sum(seen, []), sum(short)

        losses, scores, short = zip(*run_blocks(one, folds, self.n_jobs), strict=True)
        if sum(short):
            warnings.warn(
                f"{sum(short)} of the {losses[0].shape[0] * len(folds)} fits to folds stopped short: raise "
                "max_iter, raise the smallest alpha, or standardise the features",
                ConvergenceWarning,
                stacklevel=5,
            )
        losses = np.stack(losses, axis=1)
        return losses, -np.nanmean(losses, axis=2) if scorer is None else np.array(scores).T

    def _splits(self, data: Labelled, X, y, groups) -> list[tuple[np.ndarray, np.ndarray]]:
        """Row numbers of each fold, in which every task can be learned."""
        if self.cv is None or isinstance(self.cv, Integral):
            folds = spread_folds(data.targets, self.cv or 5, data.weight > 0)
        else:
            folds = list(check_cv(self.cv, y).split(X, y, groups))
        for k, (train, test) in enumerate(folds):
            missing = data.part(train).without_labels()
            if missing:
                raise ValueError(
                    f"fold {k} leaves task {missing[0]!r} without a label to learn from: use fewer folds, a "
                    "number of folds for cv, or leave the task out"
                )
            if not data.weight[test].any():
                raise ValueError(f"fold {k} has no label to test on")
        return folds

    def _scored_by(self, scorer, X, y):
        return lambda fitted, coupling: scorer(self._copy_with(fitted, coupling), X, y)

    def _report(
        self, candidates, each: list[FitOptions], losses: np.ndarray, scores: np.ndarray
    ) -> FitOptions:
        """Keep the table and what is best in it; the options of the best."""
        penalties, n_each = [options.intercept_penalty for options in each], len(scores) // len(each)
        candidates = candidates * len(each)
        table = results_table(candidates, np.repeat(penalties, n_each), scores)
        best = best_candidate(
            [len(alphas) for _, alphas in candidates],
            scores,
            scores if self.scoring is not None else -losses.reshape(len(losses), -1),
            caution=self.caution,
            one_standard_error=self.one_standard_error,
        )
        self.coupling_, self.alpha_ = table["coupling"][best], float(table["alpha"][best])
        self.best_score_, self.n_splits_ = float(table["mean_test_score"][best]), scores.shape[1]
        self.best_index_, self.cv_results_, self.task_losses_ = best, table, losses
        self.alphas_ = np.array([alphas for _, alphas in candidates[: len(candidates) // len(each)]])
        self.intercept_penalty_ = penalties[best // n_each]
        return each[best // n_each]


def _by_rows(data):
    """Data whose rows can be picked."""
    if sp.issparse(data):
        return data.tocsr()
    return data if hasattr(data, "shape") or hasattr(data, "iloc") else np.asarray(data)


@documented
class MultiTaskLinearRegressorCV(CrossValidated, MultiTaskLinearRegressor):
    """``MultiTaskLinearRegressor`` with its coupling and alpha chosen by cross-validation.

    After the search one model is fitted to all rows: it has all that the plain model has.

    Parameters
    ----------
    {{search}}
    {{data}}
    solver : as in ``MultiTaskLinearRegressor``
    {{tolerance}}

    Attributes
    ----------
    {{found}}
    coef_ : (n_tasks, n_features), or (1, n_features) for 1-D y
    intercept_ : (n_tasks,), or (1,) for 1-D y
    {{findings}}

    References
    ----------
    Golub, Heath & Wahba (1979), "Generalized cross-validation as a method for choosing a good ridge
    parameter", equation 1.4, for ``cv="gcv"``; Allen (1974), "The relationship between variable selection
    and data augmentation and a method for prediction", for ``cv="loo"``.
    """

    __init__ = search_init(MultiTaskLinearRegressor)


@documented
class MultiTaskLogisticRegressionCV(CrossValidated, MultiTaskLogisticRegression):
    """``MultiTaskLogisticRegression`` with its coupling and alpha chosen by cross-validation.

    After the search one model is fitted to all rows: it has all that the plain model has.

    Parameters
    ----------
    {{search}}
    {{data}}
    solver : as in ``MultiTaskLogisticRegression``
    {{tolerance}}

    Attributes
    ----------
    {{found}}
    classes_, coef_, intercept_ : as in ``MultiTaskLogisticRegression``
    {{findings}}

    References
    ----------
    Sechidis, Tsoumakas & Vlahavas (2011), "On the stratification of multi-label data", for the folds.
    """

    __init__ = search_init(MultiTaskLogisticRegression)
