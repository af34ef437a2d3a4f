"""One linear model of tasks of different kinds: numbers, counts and labels under one coupling."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from ..fitting._losses import TaskLosses
from ..losses import LogisticLoss, Loss, MultinomialLoss, SquaredLoss
from ..targets import TaskTargets
from ..targets._mixed import mixed_columns, mixed_observed, read_mixed_targets, restore_columns
from ..targets._scores import task_score
from ..utils._init import extended_init
from ..utils._weights import checked_weights
from ._base import LinearTaskModel
from ._classifier import class_probabilities
from ._decoding import positions
from ._docs import documented


def _knows_probabilities(model) -> bool:
    if hasattr(model, "losses_") and not any(map(_is_probability, model.losses_.values())):
        raise AttributeError("predict_proba: no task has a logistic or multinomial loss")
    return True


def _is_probability(loss: Loss) -> bool:
    return isinstance(loss, LogisticLoss | MultinomialLoss)


@documented
class MultiTaskMixedModel(LinearTaskModel, BaseEstimator):
    r"""Linear models of numbers, counts and labels side by side, tied by one coupling.

    Minimises, over W and intercepts b,

    .. math:: \sum_{it} \omega_{it} \, l_t(y_{it}, W_t^\top x_i + b_t) + \alpha R(W)

    with a loss l_t for each task. The weights average over observed labels and sum over tasks, so that a
    missing label costs its own task only. Losses are not brought to one scale: standardise numbers, or give
    ``task_weight``.

    All tasks of one column (numbers, counts, two classes) may be tied, whatever their losses; tasks of
    more classes are tied by a quadratic coupling where their classes are equal, and by the others, as
    ``JointSparsity``, always.

    Parameters
    ----------
    alpha : float > 0, default 0.01
        Strength of the coupling; keeps its meaning when the number of rows changes.
    losses : dict, optional
        Task name -> loss, see ``skmtl.losses``. Tasks left out get ``SquaredLoss()`` where they hold floats,
        and else, as labels, ``LogisticLoss()`` (two classes) or ``MultinomialLoss()``.
    coupling : Coupling, default ``SharedParameters()``
        How tasks are tied; see ``skmtl.couplings``.
    fit_intercept : bool, default True
        Free intercepts per task; they are not penalised.
    missing_label : scalar, default NaN
        Marks a label that is not observed, besides NaN, None and the empty text: the integer that was
        given to ``make_targets``.
    loss_average : {"sample", "task"}, default "sample"
        Whether every label counts the same, ``omega = T / N``, or every task, ``omega = 1 / n_t``.
    task_weight : dict or (n_tasks,) array-like, optional
        Multiplies each task's ``omega`` after averaging: task name -> positive weight (1 where a name is
        left out), or a weight for each task.
    solver : {"auto", "newton-cg", "closed-form", "proximal-gradient", "block-descent"}, default "auto"
        As for ``MultiTaskLinearRegressor``.
    {{stop}}

    Attributes
    ----------
    losses_ : dict, task name -> loss
    classes_ : list with an array for each task of labels, None for each of numbers; for 1-D y its entry
    coef_ : (n_tasks, n_features), or a list of (n_columns, n_features) where a task has more than two classes
    intercept_ : the same without the last axis
    {{findings}}

    References
    ----------
    Yang, Kim & Xing (2009), "Heterogeneous multitask learning with joint sparsity constraints", equation 4,
    for numbers and labels under the L2,1 norm.
    """

    _classify = False
    task_feature, unknown_task = None, "error"
    _parameter_constraints = {**LinearTaskModel._parameter_constraints, "losses": [dict, None]}

    __init__ = extended_init(LinearTaskModel, {"losses": None}, without=("task_feature", "unknown_task"))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags()  # checks ask for it where there is a predict_proba
        return tags

    def _read_fit(self, X, y, *, classify: bool):
        X = validate_data(self, X, **self._checks)
        self._task_ids, given = None, self.losses or {}

        def takes_labels(name: str, column: np.ndarray) -> bool:
            return given[name].takes_labels if name in given else column.dtype.kind != "f"

        self._check_losses(given)
        targets, self._y_form = read_mixed_targets(y, takes_labels, self.missing_label)
        strangers = [name for name in given if name not in targets.names]
        if strangers:
            raise ValueError(f"losses names the task {strangers[0]!r}; the tasks of y are {targets.names}")
        check_consistent_length(X, targets.values)
        self._remember(targets)
        return X, targets

    @staticmethod
    def _check_losses(given: dict) -> None:
        for name, loss in given.items():
            if not isinstance(loss, Loss):
                raise ValueError(f"losses[{name!r}] must be a Loss, see skmtl.losses, got {loss!r}")

    def _loss(self, classes):
        if classes is None:
            return SquaredLoss()
        return LogisticLoss() if len(classes) == 2 else MultinomialLoss()

    def _losses(self, targets: TaskTargets) -> TaskLosses:
        pairs = zip(targets.names, targets.classes, strict=True)
        given = self.losses or {}
        self.losses_ = {name: given.get(name) or self._loss(classes) for name, classes in pairs}
        return TaskLosses(list(self.losses_.values()), targets, tie_columns=True)

    def predict(self, X):
        """Labels and expected numbers, in the form of the y that was fitted.

        A structured array or data frame with a field for each task, (n_samples, n_tasks) for a matrix,
        (n,) for 1-D y. Counts are predicted by their expectation, ``exp`` of the raw prediction.
        """
        return restore_columns(self._predicted(X), self._y_form)

    @available_if(_knows_probabilities)
    def predict_proba(self, X):
        """Class probabilities, task name -> (n, n_classes), of tasks with a logistic or multinomial loss.

        For 1-D y the one array (n, n_classes).
        """
        parts = self._raw_by_task(X)
        chosen = {name: class_probabilities(parts[name]) for name, loss in self.losses_.items()
                  if _is_probability(loss)}  # fmt: skip
        return next(iter(chosen.values())) if self._form == "vector" else chosen

    def score_tasks(self, X, y, sample_weight=None) -> dict:
        """Score of each task on its observed labels: accuracy for labels, R2 for numbers.

        A task without an observed label in y scores NaN.

        Parameters
        ----------
        X, y : as in ``fit``
        sample_weight : (n_samples,), optional

        Returns
        -------
        dict : name of the task -> score

        Raises
        ------
        ValueError
            Where y has other tasks, or holds a class that its task never showed at fit.
        """
        predicted = self._predicted(X)
        columns, _ = mixed_columns(y, self.missing_label)
        if list(columns) != list(predicted):
            raise ValueError(f"y has the tasks {list(columns)}, the model was fitted on {list(predicted)}")
        weight = checked_weights(sample_weight, (len(next(iter(columns.values()))),), "sample_weight")
        classes = dict(zip(predicted, self._classes_by_task(), strict=True))
        scores = {}
        for name, column in columns.items():
            rows = np.flatnonzero(mixed_observed(column, self.missing_label))
            mine = predicted[name][rows]
            scores[name] = task_score(name, classes[name], column[rows], mine, weight[rows])
        return scores

    def _predicted(self, X) -> dict[str, np.ndarray]:
        columns = {}
        pairs = zip(self._raw_by_task(X).items(), self._classes_by_task(), strict=True)
        for (name, Z), classes in pairs:
            numbers = classes is None
            columns[name] = self.losses_[name].mean(Z)[:, 0] if numbers else classes[positions(Z)]
        return columns

    def _classes_by_task(self) -> list:
        return [self.classes_] if self._form == "vector" else self.classes_

    def _raw_by_task(self, X) -> dict[str, np.ndarray]:
        check_is_fitted(self)
        Z = self._raw(X)
        return {name: Z[:, self._columns_of(t)] for t, name in enumerate(self.losses_)}
