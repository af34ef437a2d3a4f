"""Multi-layer perceptrons on tables: one with a head a task beside one for each task, of equal total size."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from comparison import Scores
from network_sizes import summary
from sklearn.metrics import f1_score, r2_score
from sklearn.preprocessing import StandardScaler

from skmtl import MultiTaskMLPClassifier, MultiTaskMLPRegressor

HIDDEN = (128,)


class Table(NamedTuple):
    """A set, how many rows to learn from, what is fitted, and how it is judged."""

    name: str
    n: int
    model: type
    judge: Callable[[np.ndarray, np.ndarray], float]


TABLES = (
    Table("ml_emotions", 150, MultiTaskMLPClassifier, partial(f1_score, average="macro")),
    Table("ml_yeast", 300, MultiTaskMLPClassifier, partial(f1_score, average="micro")),
    Table("parkinsons", 500, MultiTaskMLPRegressor, r2_score),
)


def run(folder: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores of both on every table; rows to judge on are all that are not learned from."""
    tables = []
    for table in TABLES:
        tables.append(_scores(table, *load_table(folder, table.name), splits))
        print(tables[-1].table("separate"), flush=True)
    return tables, summary(tables)


def load_table(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    arrays = np.load(folder / f"{name}.npz")
    if "X" not in arrays:
        return tuple(np.vstack([arrays[f"{key}_train"], arrays[f"{key}_test"]]) for key in "XY")
    if "task" not in arrays:
        return arrays["X"], arrays["Y"]
    patients = arrays["task"][:, None] == np.unique(arrays["task"])
    return np.hstack([arrays["X"], patients]), arrays["Y"]


def _scores(table: Table, X: np.ndarray, Y: np.ndarray, splits: int) -> Scores:
    scores = Scores(f"{table.name}: {Y.shape[1]} tasks; {table.n} rows to learn from")
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(X))
        train, test = order[: table.n], order[table.n :]
        scale = StandardScaler().fit(X[train])
        parts = scale.transform(X[train]), Y[train], scale.transform(X[test])
        for name, told in (
            ("separate", _separate(table, *parts, seed)),
            ("joint", _joint(table, *parts, seed)),
        ):
            scores.add(name, {"score": table.judge(Y[test], told)})
    return scores


def _joint(table: Table, X, Y, X_test, seed: int) -> np.ndarray:
    return table.model(HIDDEN, random_state=seed).fit(X, Y).predict(X_test)


def _separate(table: Table, X, Y, X_test, seed: int) -> np.ndarray:
    hidden = _equal_size(X, Y)
    models = [table.model(hidden, random_state=seed).fit(X, column) for column in Y.T]
    return np.column_stack([model.predict(X_test) for model in models])


def _equal_size(X, Y) -> tuple[int, ...]:
    """The widest layer with which networks of one task each have no more parameters than the joint one."""
    (width,), tasks, inputs = HIDDEN, Y.shape[1], X.shape[1] + 1
    whole = width * inputs + (width + 1) * tasks
    return ((whole - tasks) // (tasks * (inputs + 1)),)
