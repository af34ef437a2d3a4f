"""Hyper-parameters by cross-validation inside the training part, the same way for every model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid, StratifiedKFold

N_FOLDS = 5

Folds = list[tuple[np.ndarray, np.ndarray]]
Loss = Callable[[object, np.ndarray, np.ndarray], float]


def folds_by(strata: np.ndarray, seed: int) -> Folds:
    """Folds with every stratum (task, class) spread over all of them."""
    splitter = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(strata)), strata))


def tuned(model, grid: dict | list, data: tuple[np.ndarray, np.ndarray], folds: Folds, loss: Loss):
    """``model`` with the parameters of least mean loss over the folds, fitted on all of the data."""
    X, y = data
    candidates = list(ParameterGrid(grid))
    losses = [_mean_loss(clone(model).set_params(**one), X, y, folds, loss) for one in candidates]
    return clone(model).set_params(**candidates[int(np.argmin(losses))]).fit(X, y)


def _mean_loss(model, X: np.ndarray, y: np.ndarray, folds: Folds, loss: Loss) -> float:
    return float(np.mean([loss(clone(model).fit(X[a], y[a]), X[b], y[b]) for a, b in folds]))


def squared_loss(model, X: np.ndarray, y: np.ndarray) -> float:
    """Mean squared error over the observed entries."""
    return float(np.nanmean((model.predict(X) - y) ** 2))


def log_loss(model, X: np.ndarray, y: np.ndarray) -> float:
    """Mean negative log-likelihood of labels 0/1 over the observed entries."""
    chance = np.clip(positive_chance(model, X), 1e-12, 1 - 1e-12)
    picked = np.where(y == 1, chance, 1 - chance)
    return float(-np.log(picked[~np.isnan(y)]).mean())


def positive_chance(model, X: np.ndarray) -> np.ndarray:
    """Probability of class 1, (n,) or (n, n_tasks)."""
    P = model.predict_proba(X)
    return np.column_stack([p[:, 1] for p in P]) if isinstance(P, list) else P[:, 1]


def geometric(low: float, high: float, count: int) -> list[float]:
    """A grid with equal ratios."""
    return np.geomspace(low, high, count).tolist()
