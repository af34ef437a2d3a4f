"""School: exam scores of 15,362 pupils of 139 schools, the ten published splits (train 75 %).

Both definitions of explained variance are given, in percent: ``EV`` with the variance of all test scores, and
``EV within`` with their variance around each school's own mean. Every hyper-parameter is chosen inside the
training part. Features are standardised with the training part's means and deviations.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from comparison import Scores
from selection import folds_by, geometric, squared_loss, tuned

from skmtl import MultiTaskLinearRegressor, MultiTaskLinearRegressorCV
from skmtl.couplings import Independent, JointSparsity, LearnedRelation, LowRank, SharedParameters

ALPHAS = geometric(1e-3, 10, 9)
POOLED, FREE, SHRUNK = "pooled slopes, free intercepts", "mean-regularised", "mean-regularised, all shrunk"


def candidates() -> dict[str, tuple]:
    """Name -> (model, grid); the last column of X is the school."""

    def model(coupling):
        return MultiTaskLinearRegressor(coupling=coupling, task_feature=-1, tol=1e-6)

    sharing = [0.9, 0.97, 0.99, 0.997]
    shared = {"alpha": ALPHAS, "coupling__sharing": sharing}
    shrunk = {
        "alpha": geometric(3e-2, 1, 4),
        "coupling__sharing": [0.97, 0.99],
        "intercept_penalty": [0.03, 0.3, 3],
    }
    return {
        "separate": (model(Independent()), {"alpha": ALPHAS}),
        POOLED: (model(SharedParameters(1.0)), {"alpha": ALPHAS}),
        FREE: (model(SharedParameters()), shared),
        SHRUNK: (model(SharedParameters()), shrunk),
        "learned relation": (model(LearnedRelation(0.9)), {"alpha": geometric(0.3, 10, 6)}),
        "trace norm": (model(LowRank()), {"alpha": geometric(0.3, 10, 6)}),
        "joint sparsity": (model(JointSparsity()), {"alpha": geometric(0.1, 10, 7)}),
    }


def run(data: Path, splits: int) -> tuple[Scores, list[str]]:
    """Scores by split, and what they say of the two bars."""
    school = np.load(data / "school.npz")
    X, y = school["X"].astype(np.float64)[:, :-1], school["y"].astype(np.float64)
    task = school["task"].astype(np.int64)
    scores = Scores("School, mean (sd) over splits")
    for number, train in enumerate(school["train_splits"][:splits].astype(bool)):
        scale = X[train].std(axis=0)
        rows = np.column_stack([(X - X[train].mean(axis=0)) / np.where(scale > 0, scale, 1.0), task])
        folds = folds_by(task[train], number)
        fitted = {
            name: tuned(model, grid, (rows[train], y[train]), folds, squared_loss)
            for name, (model, grid) in candidates().items()
        }
        search = MultiTaskLinearRegressorCV(task_feature=-1, tol=1e-6, cv=folds)
        fitted["...CV, all couplings"] = search.fit(rows[train], y[train])
        for name, model in fitted.items():
            scores.add(name, explained(y[~train], model.predict(rows[~train]), task[~train]))
    return scores, [_verdict(scores, name, bar) for name in (FREE, SHRUNK) for bar in (POOLED, FREE)
                    if name != bar]  # fmt: skip


def explained(y: np.ndarray, predicted: np.ndarray, task: np.ndarray) -> dict[str, float]:
    """Both explained variances in percent, RMSE, and the mean over schools of their own RMSE."""
    error = (y - predicted) ** 2
    sizes = np.bincount(task)
    means = np.bincount(task, weights=y) / np.maximum(sizes, 1)
    by_task = np.bincount(task, weights=error)[sizes > 0] / sizes[sizes > 0]
    return {
        "EV": 100 * (1 - error.sum() / ((y - y.mean()) ** 2).sum()),
        "EV within": 100 * (1 - error.sum() / ((y - means[task]) ** 2).sum()),
        "RMSE": np.sqrt(error.mean()),
        "task RMSE": np.sqrt(by_task).mean(),
    }


def _verdict(scores: Scores, model: str, bar: str) -> str:
    gap, half = scores.difference(model, bar, "EV")
    said = "beats" if gap > half else "loses to" if gap < -half else "cannot be told from"
    return f"{model!r} {said} {bar!r}: EV {gap:+.2f} ± {half:.2f} (paired, 95 %)"
