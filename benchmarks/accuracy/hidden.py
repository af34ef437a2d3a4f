"""Labels hidden at random: one joint model of all columns beside a model fitted column by column.

Multi-label sets (log-loss) and multi-target sets (squared error over each target's variance); 0, 50, 80 and
95 % of the training labels are hidden. Each column's own model has its own inner search; the joint one is the
search over couplings.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from comparison import Scores
from selection import geometric
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.model_selection import train_test_split

from skmtl import MultiTaskLinearRegressorCV, MultiTaskLogisticRegressionCV

HIDDEN = (0.0, 0.5, 0.8, 0.95)
LABELS, NUMBERS = ("ml_emotions", "ml_yeast"), ("mtr_edm", "mtr_enb", "mtr_jura", "mtr_atp1d")


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores for each set and share of hidden labels, and what they say."""
    tables, said = [], []
    for name in (*LABELS, *NUMBERS):
        X, Y = _load(data, name)
        for share in HIDDEN:
            scores = Scores(f"{name}, {share:.0%} of the labels hidden")
            for seed in range(splits):
                for model, loss in _one_split(X, Y, share, seed, name in LABELS).items():
                    scores.add(model, {"loss": loss})
            gap, half = scores.difference("joint", "by column", "loss")
            tables.append(scores)
            said.append(f"{name}, {share:.0%} hidden: joint {gap:+.4f} ± {half:.4f} against by column")
    return tables, said


def _load(data: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    arrays = np.load(data / f"{name}.npz")
    if name in NUMBERS:
        return arrays["X"].astype(np.float64), arrays["Y"]
    parts = [np.vstack([arrays[f"{key}_train"], arrays[f"{key}_test"]]) for key in "XY"]
    return parts[0].astype(np.float64), parts[1].astype(np.float64)


def _one_split(X: np.ndarray, Y: np.ndarray, share: float, seed: int, labels: bool) -> dict[str, float]:
    train, test = train_test_split(np.arange(len(X)), test_size=1 / 3, random_state=seed)
    scale = X[train].std(axis=0)
    X = (X - X[train].mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    shown = Y[train].astype(np.float64)
    shown[_hidden(shown, share, np.random.default_rng(seed), labels)] = np.nan
    joint = (MultiTaskLogisticRegressionCV if labels else MultiTaskLinearRegressorCV)(alphas=12, tol=1e-6)
    joint.fit(X[train], shown)
    alone = [_column(X[train], column, labels) for column in shown.T]
    if labels:
        chances = np.column_stack([p[:, 1] for p in joint.predict_proba(X[test])])
        own = np.column_stack([model.predict_proba(X[test])[:, 1] for model in alone])
        return {"by column": _log_loss(Y[test], own), "joint": _log_loss(Y[test], chances)}
    own = np.column_stack([model.predict(X[test]) for model in alone])
    return {
        "by column": _relative(Y[test], own, Y[train]),
        "joint": _relative(Y[test], joint.predict(X[test]), Y[train]),
    }


def _hidden(Y: np.ndarray, share: float, rng: np.random.Generator, labels: bool) -> np.ndarray:
    """True where a label is hidden; six of every class (or number) of a column always stay."""
    hidden = rng.random(Y.shape) < share
    for column, mask in zip(Y.T, hidden.T, strict=True):
        for group in [column == 0, column == 1] if labels else [np.ones(len(column), bool)]:
            mask[rng.permutation(np.flatnonzero(group))[:6]] = False
    return hidden


def _column(X: np.ndarray, y: np.ndarray, labels: bool):
    seen = ~np.isnan(y)
    if labels:
        model = LogisticRegressionCV(
            Cs=geometric(1e-4, 10, 10),
            cv=5,
            scoring="neg_log_loss",
            l1_ratios=(0,),
            use_legacy_attributes=False,
        )
    else:
        model = RidgeCV(geometric(1e-2, 1e5, 15))
    return model.fit(X[seen], y[seen])


def _log_loss(Y: np.ndarray, chance: np.ndarray) -> float:
    chance = np.clip(chance, 1e-12, 1 - 1e-12)
    return float(-np.log(np.where(Y == 1, chance, 1 - chance)).mean())


def _relative(Y: np.ndarray, predicted: np.ndarray, train: np.ndarray) -> float:
    return float((((Y - predicted) ** 2).mean(axis=0) / train.var(axis=0)).mean())
