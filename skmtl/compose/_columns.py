"""Models for heads that judge whole samples: a scikit-learn estimator per group of columns."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV

from ..heads import Head

# Up to this many coefficients Newton's method is exact and quick; above it, where features outnumber
# what the labels can tell, a loose L-BFGS predicts the same: the 4th digit of the log loss moves.
_NEWTON_SIZE = 300


def default_model(head: Head, z: np.ndarray, y: np.ndarray, total: float, weight: np.ndarray) -> Any:
    """The head's own estimator, or logistic regression or ridge with strengths free of scale.

    ``total`` is the total variance of the inputs: with it in the penalty, a result does not depend on
    how many columns say the same. 30 / total was best or within 0.5 % of the best of four strengths on
    digits seen through 2,400 convolution features.
    """
    if head.estimator is not None:
        return clone(head.estimator)
    if head.task == "regression":
        return RidgeCV(alphas=weight.sum() * total * np.logspace(-7, 1, 9))
    small = z.shape[1] * (len(np.unique(y[~np.isnan(y)])) if head.task == "multiclass" else 1) <= _NEWTON_SIZE
    solver = {"solver": "newton-cholesky"} if small else {"tol": 1e-3, "max_iter": 1000}
    return LogisticRegression(C=30.0 / total, **solver)


def check_model(name: str, head: Head, weighted: bool) -> None:
    """Refuse a head's own estimator that lacks what its kind of target, or the weights, need."""
    if head.estimator is None:
        return
    if head.task != "regression" and not hasattr(head.estimator, "predict_proba"):
        raise ValueError(
            f"head {name!r}: {head.estimator!r} has no predict_proba; give a classifier with probabilities, "
            "such as LogisticRegression() or CalibratedClassifierCV(...)."
        )
    takes = signature(head.estimator.fit).parameters
    if weighted and "sample_weight" not in takes and not any(p.kind == p.VAR_KEYWORD for p in takes.values()):
        raise ValueError(
            f"head {name!r}: {head.estimator!r} takes no sample_weight; fit without weights, or give another "
            "estimator."
        )


def fit_columns(head: Head, y: np.ndarray, z: np.ndarray, weight: np.ndarray | None, total: float) -> list:
    """Fit encoded columns ``y`` (n, q; NaN = not observed) on ``z``; a list of (columns, model)."""
    models = []
    for columns, rows in column_groups(head, y):
        w = np.ones(len(z)) if weight is None else weight
        part = y[rows][:, columns]
        model = default_model(head, z, part, total, w[rows])
        models.append((columns, _fit(model, head, part, z[rows], _cut(weight, rows))))
    return models


def predict_columns(head: Head, models: list, z: np.ndarray, width: int) -> np.ndarray:
    """(n, width) outputs: class probabilities, probabilities of 1, or values."""
    out = np.zeros((len(z), width))
    for columns, model in models:
        if head.task == "regression":
            out[:, columns] = np.asarray(model.predict(z)).reshape(len(z), len(columns))
            continue
        codes = np.asarray(model.classes_).astype(int)
        probability = model.predict_proba(z)
        if head.task == "multiclass":
            out[:, codes] = probability
        else:
            out[:, columns[0]] = probability @ (codes == 1)
    return out


def cross_fit(head, models, y, z, weight, seed, cv):
    """Outputs for every row from models that did not see its label, (n, width).

    Rows without a label take the full model, which did not see theirs either. So do the rows of a
    group with a single label.
    """
    width = head_width(head, y, models)
    out = predict_columns(head, models, z, width)
    for (columns, model), (_, rows) in zip(models, column_groups(head, y), strict=True):
        fold = folds(rows, cv, seed)
        for k in range(fold.max() + 1 if fold.max() > 0 else 0):
            train, test = rows & (fold != k), fold == k
            part = _fit(_for_fold(head, model), head, y[train][:, columns], z[train], _cut(weight, train))
            told = predict_columns(head, [(columns, part)], z[test], width)
            where = list(range(width)) if head.task == "multiclass" else columns
            out[np.ix_(test, where)] = told[:, where]
    return out


def head_width(head: Head, y: np.ndarray, models: list) -> int:
    """Columns of a head's output."""
    return len(models[0][1].classes_) if head.task == "multiclass" else y.shape[1]


def column_groups(head: Head, y: np.ndarray) -> list[tuple[list[int], np.ndarray]]:
    """Columns that one model learns together, with the rows on which they are observed."""
    seen = ~np.isnan(y)
    if head.task != "regression":
        return [([c], seen[:, c]) for c in range(y.shape[1])]
    groups: dict[bytes, list[int]] = {}
    for c in range(y.shape[1]):
        groups.setdefault(seen[:, c].tobytes(), []).append(c)
    return [(columns, seen[:, columns[0]]) for columns in groups.values()]


def folds(rows: np.ndarray, cv: int, seed: int) -> np.ndarray:
    """A fold number per row, -1 for rows outside; every fold gets its share of the rows inside."""
    order = np.random.default_rng(seed).permutation(len(rows))
    inside = order[rows[order]]
    fold = np.full(len(rows), -1)
    fold[inside] = np.arange(len(inside)) % max(min(cv, len(inside)), 1)
    return fold


def _fit(model: Any, head: Head, y: np.ndarray, z: np.ndarray, weight: np.ndarray | None) -> Any:
    target = y[:, 0] if y.shape[1] == 1 else y
    if head.task != "regression":
        target = target.astype(int)
        if len(np.unique(target)) == 1:
            model = DummyClassifier()
    return model.fit(z, target) if weight is None else model.fit(z, target, sample_weight=weight)


def _for_fold(head: Head, model: Any) -> Any:
    """What is fitted on a fold. The default ridge keeps the strength that all rows chose: 20 times faster."""
    if head.estimator is None and isinstance(model, RidgeCV):
        return Ridge(alpha=model.alpha_)
    return clone(model)


def _cut(weight: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weight is None else weight[rows]
