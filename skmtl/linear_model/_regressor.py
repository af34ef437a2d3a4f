"""Multi-task linear regression."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from ..losses import SquaredLoss
from ._base import LinearTaskModel


class MultiTaskLinearRegressor(LinearTaskModel, RegressorMixin, BaseEstimator):
    r"""Linear regression of several tasks, tied by a coupling.

    Minimises, over W (d, T) and intercepts b,

    .. math:: \frac{1}{2} \sum_{it} \omega_{it} (x_i^\top w_t + b_t - y_{it})^2 + \alpha R(W)

    where R is the coupling's and the weights average over observed labels and sum over tasks: on
    complete data ``omega = 1 / n``, so that with ``Independent()`` it is scikit-learn's ``Ridge`` with
    ``alpha * n_samples``.

    Parameters
    ----------
    alpha : float > 0, default 0.01
        Strength of the coupling; keeps its meaning when the number of rows changes.
    coupling : Coupling, default ``SharedParameters()``
        How tasks are tied; see ``skmtl.couplings``.
    fit_intercept : bool, default True
        A free intercept per task; it is not penalised.
    task_feature : int or str, optional
        The column of X that holds each row's task, for tasks that own their rows; y is then 1-D. Ids
        are whole numbers, texts or categories.
    unknown_task : {"error", "shared"}, default "error"
        What predict does with a task it has not seen: refuse, or use the shared part of the model.
    missing_label : scalar, default NaN
        Marks a label that is not observed, besides NaN and None.
    loss_average : {"sample", "task"}, default "sample"
        Whether every label counts the same, ``omega = T / N``, or every task, ``omega = 1 / n_t``.
    solver : {"auto", "newton-cg", "closed-form", "proximal-gradient", "block-descent"}, default "auto"
        Quadratic couplings take Newton's method or, for a dense, complete, shared X, the closed form;
        the others take accelerated proximal gradient or, for ``JointSparsity`` on a dense, complete,
        shared X, block coordinate descent.
    tol : float, default 1e-9
        Where to stop. For quadratic couplings the largest entry of the gradient, relative to that at
        zero; for the others the duality gap, relative to the loss of the best intercepts alone.
    max_iter : int, optional
        By default 200 Newton steps, or 10,000 proximal-gradient steps or sweeps over features.

    Attributes
    ----------
    coef_ : (n_tasks, n_features), or (1, n_features) for 1-D y
    intercept_ : (n_tasks,), or (1,) for 1-D y
    shared_coef_ : (n_columns, n_features) or None
        The part w_0 that all tasks share, where the coupling has one and all tasks have equal classes.
    task_covariance_ : (n_tasks, n_tasks) or None
        The covariance C of the coupling: given, or learned; None where it is not quadratic.
    n_tasks_, task_names_in_, n_features_in_, n_iter_
    objective_ : float
        The minimised value.
    optimality_ : float
        The residual that ``tol`` bounds, at the solution.
    dual_gap_ : float or None
        How far ``objective_`` can at most be from the minimum, for couplings that are not quadratic.
    coef_parts_ : list or None
        The parts that sum to ``coef_``, each in its form, where the coupling splits the weights.
    support_, rank_, outlier_tasks_, ...
        What the coupling finds in the weights: see its own page.

    References
    ----------
    Evgeniou & Pontil (2004), "Regularized multi-task learning".
    """

    _classify = False

    def _loss(self, classes):
        return SquaredLoss()

    def predict(self, X) -> np.ndarray:
        """Predictions (n_samples,) for 1-D y, else (n_samples, n_tasks)."""
        Z = self._raw(X)
        return Z if self._form == "matrix" else Z[:, 0]
