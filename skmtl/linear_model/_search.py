"""The table of a search and its best row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

# Scores that differ by less than this share are equal: folds are not fitted to more.
ROUNDING = 1e-4


def results_table(candidates, intercept_penalties: np.ndarray, scores: np.ndarray) -> dict[str, object]:
    """What ``GridSearchCV`` calls ``cv_results_``; ``scores`` is (n_candidates, n_folds)."""
    couplings = [coupling for coupling, alphas in candidates for _ in alphas]
    alphas = np.concatenate([alphas for _, alphas in candidates])
    mean, columns = scores.mean(axis=1), ("coupling", "alpha", "intercept_penalty")
    rows = zip(couplings, alphas.tolist(), intercept_penalties.tolist(), strict=True)
    return {
        "coupling": np.array(couplings, dtype=object),
        "alpha": alphas,
        "intercept_penalty": intercept_penalties,
        "params": [dict(zip(columns, row, strict=True)) for row in rows],
        **{f"split{k}_test_score": scores[:, k] for k in range(scores.shape[1])},
        "mean_test_score": mean,
        "std_test_score": scores.std(axis=1),
        "rank_test_score": rankdata(-_sunk(mean), method="min").astype(np.int32),
    }


def best_candidate(
    sizes: Sequence[int], scores: np.ndarray, cells: np.ndarray, *, caution: float, one_standard_error: bool
) -> int:
    """The place of the chosen candidate.

    The best of each coupling is found first, the largest alpha among equals. The best of all is taken, but
    only where it gains on the best of the first coupling more than ``caution`` standard errors of the gain:
    the best of many is better than it is. Then the largest alpha within one standard error, if wanted.

    Parameters
    ----------
    sizes : list of int
        How many candidates, with falling alphas, each coupling has.
    scores : (n_candidates, n_folds)
    cells : (n_candidates, n_cells)
        What the gain is averaged over: scores of each task in each fold, NaN where there is none.
    """
    mean, ends = _sunk(scores.mean(axis=1)), np.cumsum(sizes)
    blocks = [np.arange(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    bests = [block[_first_good(mean[block], 0.0)] for block in blocks]
    top = _first_good(mean[bests], 0.0)
    if not _gains(cells[bests[top]] - cells[bests[0]], caution):
        top = 0
    if not one_standard_error or scores.shape[1] == 1:
        return int(bests[top])
    margin = scores[bests[top]].std(ddof=1) / np.sqrt(scores.shape[1])
    return int(blocks[top][_first_good(mean[blocks[top]], margin)])


def _first_good(mean: np.ndarray, margin: float) -> int:
    """The first whose mean is as good as the best, but for the margin and rounding."""
    best = mean.max()
    rounding = ROUNDING * abs(best) if np.isfinite(best) else 0.0
    return int(np.argmax(mean >= best - max(margin, rounding)))


def _gains(gain: np.ndarray, caution: float) -> bool:
    """Whether the mean gain is more than so many of its standard errors."""
    gain = gain[~np.isnan(gain)]
    if len(gain) < 2:
        return True
    return bool(gain.mean() > caution * gain.std(ddof=1) / np.sqrt(len(gain)))


def _sunk(mean: np.ndarray) -> np.ndarray:
    """Scores that are no numbers come last."""
    return np.where(np.isnan(mean), -np.inf, mean)
