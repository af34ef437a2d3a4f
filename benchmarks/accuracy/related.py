"""Sets of related binary tasks with few rows each: the joint model beside separate and pooled ones.

``schools``: is a pupil of one of 139 schools above the median of all pupils? ``functions``: the 14 functions
of yeast genes, every function with genes of its own. ``made``: 15 made tasks ``w_t = w_0 + v_t``.
The score is the mean over tasks of the log-loss on rows that no model has seen; hyper-parameters by inner
folds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from comparison import Scores
from scipy.special import expit
from selection import folds_by, geometric, log_loss, positive_chance, tuned
from sklearn.linear_model import LogisticRegression

from skmtl import MultiTaskLogisticRegression, MultiTaskLogisticRegressionCV, PooledTasks
from skmtl.couplings import Independent, SharedParameters

SIZES = (20, 40, 80, 160)


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores for each set and size, and what they say."""
    tables, said = [], []
    for name, load in {"schools": _schools, "functions": _functions, "made": _made}.items():
        X, y, task = load(data)
        for size in SIZES:
            scores = Scores(f"{name}, {size} rows a task: mean log-loss of the tasks")
            for seed in range(splits):
                for model, loss in _one_split(X, y, task, size, seed).items():
                    scores.add(model, {"log-loss": loss})
            tables.append(scores)
            said.append(f"{name}, {size} rows: {_verdict(scores)}")
    return tables, said


def _one_split(X: np.ndarray, y: np.ndarray, task: np.ndarray, size: int, seed: int) -> dict[str, float]:
    train = _drawn(y, task, size, np.random.default_rng(seed))
    test = ~train & np.isin(task, task[train])
    scale = X[train].std(axis=0)
    rows = np.column_stack([(X - X[train].mean(axis=0)) / np.where(scale > 0, scale, 1.0), task])
    # by task alone: folds with equal shares of classes would praise free intercepts
    folds, pair = folds_by(task[train], seed), (rows[train], y[train])
    alphas = geometric(1e-3, 30, 10)
    separate = MultiTaskLogisticRegression(coupling=Independent(), task_feature=-1, tol=1e-6)
    pooled = PooledTasks(LogisticRegression(max_iter=1000), task_feature=-1)
    models = {
        "separate": tuned(separate, {"alpha": alphas}, pair, folds, log_loss),
        "pooled": tuned(pooled, {"estimator__C": geometric(1e-5, 1, 10)}, pair, folds, log_loss),
        "joint": MultiTaskLogisticRegressionCV(
            alphas=10,
            couplings=[Independent(), *map(SharedParameters, (0.5, 0.9, 1.0))],
            intercept_penalties=[0.0, 0.1, 1.0],
            task_feature=-1,
            tol=1e-6,
            cv=folds,
        ).fit(*pair),
    }
    return {name: _task_loss(model, rows[test], y[test], task[test]) for name, model in models.items()}


def _drawn(y: np.ndarray, task: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """True for ``size`` rows of every task that has more, at least five of each class among them."""
    train = np.zeros(len(y), dtype=bool)
    for t in np.unique(task):
        mine = rng.permutation(np.flatnonzero(task == t))
        few = np.concatenate([mine[y[mine] == label][:5] for label in (0, 1)])
        chosen = np.concatenate([few, np.setdiff1d(mine, few, assume_unique=True)])[:size]
        if len(few) == 10 and len(mine) >= size + 20:
            train[chosen] = True
    return train


def _task_loss(model, X: np.ndarray, y: np.ndarray, task: np.ndarray) -> float:
    chance = np.clip(positive_chance(model, X), 1e-12, 1 - 1e-12)
    loss = -np.log(np.where(y == 1, chance, 1 - chance))
    sizes = np.bincount(task)
    return float((np.bincount(task, weights=loss)[sizes > 0] / sizes[sizes > 0]).mean())


def _verdict(scores: Scores) -> str:
    """Whether the joint model is worse than the better of the two by more than a standard error."""
    best = min(("separate", "pooled"), key=lambda name: scores.mean(name, "log-loss"))
    gap = np.subtract(scores.values["joint"]["log-loss"], scores.values[best]["log-loss"])
    error = gap.std(ddof=1) / np.sqrt(len(gap))
    said = "worse than" if gap.mean() > error else "better than" if gap.mean() < -error else "as good as"
    return f"joint is {said} {best}, {gap.mean():+.4f} with standard error {error:.4f}"


def _schools(data: Path):
    school = np.load(data / "school.npz")
    y = school["y"].astype(np.float64)
    return (
        school["X"][:, :-1].astype(np.float64),
        (y > np.median(y)).astype(float),
        school["task"].astype(int),
    )


def _functions(data: Path):
    """Every gene is asked one function, drawn among those that are not too rare for small samples."""
    yeast = np.load(data / "ml_yeast.npz")
    X, Y = np.vstack([yeast["X_train"], yeast["X_test"]]), np.vstack([yeast["Y_train"], yeast["Y_test"]])
    task = np.random.default_rng(0).integers(0, Y.shape[1], len(X))
    return X.astype(np.float64), Y[np.arange(len(X)), task].astype(float), task


def _made(data: Path, n_tasks: int = 15, n_features: int = 20, n_rows: int = 1000):
    rng = np.random.default_rng(0)
    W = rng.normal(size=n_features) + 0.5 * rng.normal(size=(n_tasks, n_features))
    X, task = rng.normal(size=(n_tasks * n_rows, n_features)), np.repeat(np.arange(n_tasks), n_rows)
    chance = expit(np.einsum("nd,nd->n", X, W[task]) / 2)
    return X, (rng.random(len(X)) < chance).astype(float), task
