"""Multi-task logistic regression."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator

from ..losses import LogisticLoss, MultinomialLoss
from ._docs import documented
from ._linear_classifier import LinearTaskClassifier


@documented
class MultiTaskLogisticRegression(LinearTaskClassifier, BaseEstimator):
    r"""Logistic regression of several tasks, of two or more classes each, tied by a coupling.

    Minimises, over W and intercepts b,

    .. math:: \sum_{it} \omega_{it} \, l(y_{it}, W_t^\top x_i + b_t) + \alpha R(W)

    with the logistic loss for a task of two classes (one column of W) and the multinomial loss for
    more (one column per class). The weights average over observed labels and sum over tasks: on
    complete data ``omega = 1 / n``, so that with ``Independent()`` it is scikit-learn's
    ``LogisticRegression`` with ``C = 1 / (alpha * n_samples)``.

    The coupling ties tasks *with equal classes*: they answer the same question. Tasks that own their
    rows all have the classes of y, whether or not each shows every class.

    Parameters
    ----------
    {{coupling}}
    {{data}}
    {{class_weight}}
    solver : {"auto", "newton-cg", "proximal-gradient", "proximal-newton"}, default "auto"
        Quadratic couplings take Newton's method. ``JointSparsity`` and ``ElementwiseSparsity`` take proximal
        Newton steps on working sets of features; so do the others where X is dense, the tasks have two
        classes, and a square of features for each task is smaller than X; else accelerated proximal gradient.
    {{stop}}

    Attributes
    ----------
    classes_ : array for 1-D y, else list of one array per task
    coef_ : (n_tasks, n_features) where every task has two classes, (n_tasks, n_classes, n_features)
        where all have the same number of them, a list of (n_columns, n_features) otherwise; for 1-D y
        without ``task_feature`` (n_columns, n_features)
    intercept_ : the same without the last axis
    {{findings}}

    References
    ----------
    Evgeniou & Pontil (2004), "Regularized multi-task learning".
    """

    def _loss(self, classes):
        return LogisticLoss() if len(classes) == 2 else MultinomialLoss()

    def predict_proba(self, X):
        """Class probabilities (n, n_classes); with a matrix y, a list of such arrays, one per task."""
        Z = self._raw(X)
        if self._form != "matrix":
            return class_probabilities(Z)
        return [class_probabilities(part) for part in self._split(Z)]

    def predict_log_proba(self, X):
        """Logarithm of ``predict_proba``, in the same form."""
        P = self.predict_proba(X)
        return [np.log(p) for p in P] if isinstance(P, list) else np.log(P)


def class_probabilities(Z: np.ndarray) -> np.ndarray:
    """Probabilities (n, n_classes) of raw scores (n, C)."""
    if Z.shape[1] > 1:
        return softmax(Z, axis=1)
    return np.hstack([expit(-Z), expit(Z)])
