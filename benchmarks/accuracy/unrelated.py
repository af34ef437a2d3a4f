"""Tasks that have nothing in common, or opposite signs: what the search over couplings loses by looking.

Made data: 10 tasks of 30, 60 and 120 rows and 15 features, independent weights or weights of one vector with
random signs; and School with the scores of every second school turned around. The score is the mean squared
error on unseen rows over that of separate ridge regressions with their own inner search.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from comparison import Scores
from selection import folds_by, geometric, squared_loss, tuned

from skmtl import MultiTaskLinearRegressor, MultiTaskLinearRegressorCV
from skmtl.couplings import Independent

ALPHAS = geometric(1e-4, 10, 11)


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores for each set, and the loss against separate models in percent."""
    tables, said = [], []
    sets = {f"{kind}, {n} rows": (_made, kind, n) for kind in ("unrelated", "flipped") for n in (30, 60, 120)}
    sets["School, every second school flipped"] = (_school, data, None)
    for name, (draw, *arguments) in sets.items():
        scores = Scores(f"{name}: mean squared error")
        for seed in range(splits):
            for model, loss in _one_split(*draw(*arguments, seed), seed).items():
                scores.add(model, {"MSE": loss})
        ratio = scores.mean("joint", "MSE") / scores.mean("separate", "MSE") - 1
        tables.append(scores)
        said.append(f"{name}: joint against separate {100 * ratio:+.2f} % squared error")
    return tables, said


def _one_split(X, y, task, train, seed) -> dict[str, float]:
    scale = X[train].std(axis=0)
    rows = np.column_stack([(X - X[train].mean(axis=0)) / np.where(scale > 0, scale, 1.0), task])
    folds, pair = folds_by(task[train], seed), (rows[train], y[train])
    separate = MultiTaskLinearRegressor(coupling=Independent(), task_feature=-1, tol=1e-6)
    models = {
        "separate": tuned(separate, {"alpha": ALPHAS}, pair, folds, squared_loss),
        "joint": MultiTaskLinearRegressorCV(task_feature=-1, tol=1e-6, cv=folds).fit(*pair),
    }
    return {name: squared_loss(model, rows[~train], y[~train]) for name, model in models.items()}


def _made(kind: str, n_rows: int, seed: int, n_tasks: int = 10, n_features: int = 15):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n_tasks, n_features))
    if kind == "flipped":
        W = W[:1] * rng.choice([-1.0, 1.0], size=(n_tasks, 1))
    n = n_rows + 200
    X, task = rng.normal(size=(n_tasks * n, n_features)), np.repeat(np.arange(n_tasks), n)
    y = np.einsum("nd,nd->n", X, W[task]) + np.sqrt(n_features) * rng.normal(size=len(X))
    return X, y, task, np.tile(np.arange(n) < n_rows, n_tasks)


def _school(data: Path, _, seed: int):
    school = np.load(data / "school.npz")
    task, y = school["task"].astype(int), school["y"].astype(np.float64)
    y = np.where(task % 2 == 0, y, y.max() + y.min() - y)
    return school["X"][:, :-1].astype(np.float64), y, task, school["train_splits"][seed].astype(bool)
