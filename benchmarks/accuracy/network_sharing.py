"""Balancers and trunks that are shared in part, beside plain hard sharing, on real tables.

Perceptrons of two layers, trained by Adam with the same steps. Cross-stitched columns, experts and separate
networks have together no more parameters than the one trunk: their layers are narrower. What is beyond error
on the first splits is tried anew on others, for of so many comparisons some come out so by chance.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from comparison import Scores
from network_sizes import narrowed
from network_tables import TABLES, Table, load_table
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from skmtl import MultiTaskMLPRegressor, balancers
from skmtl.neural_network import CrossStitchTrunk, DenseTrunk, MixtureTrunk

HARD = DenseTrunk((128, 64))
TRAINING = {"solver": "adam", "schedule": "cosine", "max_iter": 60, "batch_size": 32}
N_EXPERTS = 4

SETS = (
    *TABLES,
    Table("mtr_atp1d", 200, MultiTaskMLPRegressor, r2_score),
    Table("mtr_jura", 200, MultiTaskMLPRegressor, r2_score),
)

BALANCERS = {
    name: getattr(balancers, name)
    for name in (
        "Uncertainty",
        "DynamicWeightAverage",
        "FAMO",
        "GradNorm",
        "PCGrad",
        "MGDA",
        "CAGrad",
        "IMTLG",
        "NashMTL",
        "Aligned",
    )
}


def run(folder: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores of all ways on every table, and what the better ones are worth on as many new splits."""
    tables, said = [], ["Better than hard sharing beyond its 95 % interval, and again on new splits:", ""]
    for table in SETS:
        arrays = load_table(folder, table.name)
        found = _scores(table, *arrays, _ways(), range(splits))
        tables.append(found)
        print(found.table("hard sharing"), flush=True)
        better = [way for way in found.values if way != "hard sharing" and _gain(found, way)[2] > 0]
        if better:
            said += _confirmed(table, arrays, found, better, range(splits, 2 * splits))
    return tables, said


def _confirmed(table: Table, arrays, found: Scores, better: list[str], seeds) -> list[str]:
    """Lines on ways that were better in ``found``: their gains there, and on new splits."""
    kept = {way: options for way, options in _ways().items() if way in ("hard sharing", *better)}
    anew = _scores(table, *arrays, kept, seeds)
    return [f"{table.name}, {way}: {_told(found, way)}; on new splits {_told(anew, way)}" for way in better]


def _gain(scores: Scores, way: str) -> tuple[float, float, float]:
    """Mean difference from hard sharing, half its 95 % interval, and the interval's lower end."""
    gap, half = scores.difference(way, "hard sharing", "score")
    return gap, half, gap - half


def _told(scores: Scores, way: str) -> str:
    return "{:+.4f} ± {:.4f}".format(*_gain(scores, way)[:2])


def _ways() -> dict[str, dict]:
    """Names of ways to share, and what is set for each."""
    learned = {name: {"balancer": kind()} for name, kind in BALANCERS.items()}
    return {
        "hard sharing": {},
        "separate": {"trunk": None},
        "cross-stitch": {"trunk": CrossStitchTrunk(HARD)},
        f"{N_EXPERTS} experts": {"trunk": MixtureTrunk(HARD, n_experts=N_EXPERTS)},
        **learned,
    }


def _scores(table: Table, X, Y, ways: dict[str, dict], seeds) -> Scores:
    scores = Scores(f"{table.name}: {Y.shape[1]} tasks; {table.n} rows to learn from")
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(X))
        train, test = order[: table.n], order[table.n :]
        scale = StandardScaler().fit(X[train])
        parts = scale.transform(X[train]), Y[train], scale.transform(X[test])
        for way, options in ways.items():
            told = _predicted(table, options, *parts, seed)
            scores.add(way, {"score": table.judge(Y[test], told)})
    return scores


def _predicted(table: Table, options: dict, X, Y, X_test, seed: int) -> np.ndarray:
    options = TRAINING | {"trunk": HARD, "random_state": seed} | options
    trunk = options["trunk"]
    if trunk is None:
        alone = table.model(**options | {"trunk": narrowed(HARD, Y.shape[1], X)})
        return np.column_stack([clone(alone).fit(X, column).predict(X_test) for column in Y.T])
    if isinstance(trunk, CrossStitchTrunk):
        options["trunk"] = CrossStitchTrunk(narrowed(HARD, Y.shape[1], X))
    if isinstance(trunk, MixtureTrunk):
        options["trunk"] = MixtureTrunk(narrowed(HARD, N_EXPERTS, X), n_experts=N_EXPERTS)
    return table.model(**options).fit(X, Y).predict(X_test)
