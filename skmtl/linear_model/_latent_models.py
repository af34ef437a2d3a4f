"""Linear models whose tasks are weighted sums of shared predictors."""

from __future__ import annotations

import numpy as np

from ..targets import known_classes
from ..utils._atomic import all_or_nothing
from ..utils._init import extended_init
from ..utils._sklearn import fit_context
from ._chunks import coded_classes, coded_numbers
from ._classifier import MultiTaskLogisticRegression
from ._docs import documented
from ._latent_online import FIXED, OWN, LatentModel
from ._regressor import MultiTaskLinearRegressor
from ._task_rows import label_rows, number_rows


@documented
class MultiTaskLatentRegressor(LatentModel, MultiTaskLinearRegressor):
    r"""Linear regression of several tasks, each a weighted sum of k predictors that all tasks share.

    Minimises, over the basis L (d, k), the weights S (k, T) and intercepts b,

    .. math:: \frac{1}{2} \sum_{it} \omega_{it} (x_i^\top L s_t + b_t - y_{it})^2
              + \alpha \left( \frac12 \|L\|_F^2 + \mu \sum_{kt} |s_{kt}| \right)

    with ``mu = sparsity``: ``MultiTaskLinearRegressor`` with the coupling ``LatentBasis``, which says more of
    it, and with two ways to go on learning: ``partial_fit`` and ``fit_new_task``.

    Parameters
    ----------
    {{alpha}}
    {{latent}}
    {{seen}}
    {{summaries}}
    {{stationary}}

    Attributes
    ----------
    {{basis}}
    coef_ : (n_tasks, n_features), or (1, n_features) for 1-D y
    intercept_ : (n_tasks,), or (1,) for 1-D y
    {{fitted}}

    References
    ----------
    Kumar & Daume (2012), "Learning task grouping and overlap in multi-task learning", equation 2; Ruvolo &
    Eaton (2013), "ELLA: An efficient lifelong learning algorithm", for ``partial_fit``.
    """

    __init__ = extended_init(MultiTaskLinearRegressor, OWN, without=FIXED)

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, target_weight=None):
        """Go on learning from more rows of known tasks and, with ``task_feature``, from new tasks.

        Of each task ``summary_rank`` rows are kept that stand for all it has shown; basis and weights are
        then solved for from these. With the default rank the model is that of ``fit`` on all rows.

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
            What ``fit`` refuses; another number of features or, for a matrix y, of tasks than before; a
            ``summary_rank`` of 0.
        """
        return self._learn_chunk(X, y, None, sample_weight, target_weight)

    def _begin_classes(self, classes, *, first: bool) -> None:
        """Numbers have none."""

    def _classes_by_task(self) -> None:
        return None

    def _coded(self, t: int, labels: np.ndarray) -> np.ndarray:
        return coded_numbers(labels, f"task {self.task_names_in_[t].item()!r}")

    def _n_columns(self, t: int) -> int:
        return 1

    def _rows_of(self, chunk, known) -> list[np.ndarray]:
        return [number_rows(chunk.X, chunk.y, chunk.w)]

    def _check_same_classes(self, targets, name) -> None:
        """Numbers have none."""


@documented
class MultiTaskLatentClassifier(LatentModel, MultiTaskLogisticRegression):
    r"""Logistic regression of several tasks, each a weighted sum of k predictors that all tasks share.

    Minimises, over the basis L (d, k), the weights S (k, P) and intercepts b,

    .. math:: \sum_{it} \omega_{it} \, l(y_{it}, (L S_t)^\top x_i + b_t)
              + \alpha \left( \frac12 \|L\|_F^2 + \mu \sum_{kp} |s_{kp}| \right)

    with ``mu = sparsity``: ``MultiTaskLogisticRegression`` with the coupling ``LatentBasis``, which says more
    of it, and with two ways to go on learning: ``partial_fit`` and ``fit_new_task``.

    Parameters
    ----------
    {{alpha}}
    {{latent}}
    {{seen}}
    {{summaries}}
    {{stationary}}

    Attributes
    ----------
    {{basis}}
    classes_ : array for 1-D y, else list of one array per task
    coef_ : (n_tasks, n_features) where every task has two classes, else as in ``MultiTaskLogisticRegression``
    intercept_ : the same without the last axis
    {{fitted}}

    References
    ----------
    Kumar & Daume (2012), "Learning task grouping and overlap in multi-task learning", equation 2; Ruvolo &
    Eaton (2013), "ELLA: An efficient lifelong learning algorithm", section 3.2, for ``partial_fit``.
    """

    __init__ = extended_init(MultiTaskLogisticRegression, OWN, without=FIXED)

    @all_or_nothing
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None, target_weight=None):
        """Go on learning from more rows of known tasks and, with ``task_feature``, from new tasks.

        Of each task ``summary_rank`` rows are kept that stand for all it has shown: those of the parabola
        that its loss is close to at its own best weights; for more than two classes, one for each class
        against the rest. Basis and weights are then solved for from these.

        Parameters
        ----------
        X, y, sample_weight, target_weight : as in ``fit``
            A task may be without labels here, or show one class only.
        classes : (n_classes,) array, or list of one such array per task
            Needed by the first call; one array counts for all tasks.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            What ``fit`` refuses; no ``classes`` in the first call, or labels that are not among them; another
            number of features or, for a matrix y, of tasks than before; a ``summary_rank`` of 0.
        """
        return self._learn_chunk(X, y, classes, sample_weight, target_weight)

    def _begin_classes(self, classes, *, first: bool) -> None:
        if not first:
            return
        each = known_classes(classes, self.n_tasks_ if self._form == "matrix" else 1)
        self.classes_ = each if self._form == "matrix" else each[0]

    def _classes_by_task(self) -> list[np.ndarray]:
        return self.classes_ if self._form == "matrix" else [self.classes_] * self.n_tasks_

    def _coded(self, t: int, labels: np.ndarray) -> np.ndarray:
        return coded_classes(labels, self._classes_by_task()[t], f"task {self.task_names_in_[t].item()!r}")

    def _n_columns(self, t: int) -> int:
        n_classes = len(self._classes_by_task()[t])
        return 1 if n_classes == 2 else n_classes

    def _rows_of(self, chunk, known) -> list[np.ndarray]:
        """For more than two classes, each against the rest."""
        shown = [1.0] if len(known) == 1 else range(len(known))
        settings = {"ridge": self.alpha, "intercept": self.fit_intercept}
        pairs = zip(known, shown, strict=True)
        return [label_rows(rows, chunk.X, (chunk.y == c) * 1.0, chunk.w, **settings) for rows, c in pairs]

    def _check_same_classes(self, targets, name) -> None:
        if self._form == "rows" and targets.classes[0].tolist() != self.classes_.tolist():
            raise ValueError(
                f"task {name!r} has the classes {targets.classes[0].tolist()}, the other tasks have "
                f"{self.classes_.tolist()}"
            )
