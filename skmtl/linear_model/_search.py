"""The table of a search and its best row."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

# Scores that differ by less than this share are equal: folds are not fitted to more.
ROUNDING = 1e-4


def results_table(candidates, scores: np.ndarray) -> dict[str, object]:
    """What ``GridSearchCV`` calls ``cv_results_``; ``scores`` is (n_candidates, n_folds)."""
    couplings = [coupling for coupling, alphas in candidates for _ in alphas]
    alphas = np.concatenate([alphas for _, alphas in candidates])
    mean = scores.mean(axis=1)
    return {
        "coupling": np.array(couplings, dtype=object),
        "alpha": alphas,
        "params": [{"coupling": c, "alpha": a} for c, a in zip(couplings, alphas.tolist(), strict=True)],
        **{f"split{k}_test_score": scores[:, k] for k in range(scores.shape[1])},
        "mean_test_score": mean,
        "std_test_score": scores.std(axis=1),
        "rank_test_score": rankdata(-_sunk(mean), method="min").astype(np.int32),
    }


def best_candidate(scores: np.ndarray, *, one_standard_error: bool) -> int:
    """The first candidate, hence the simplest, whose mean score is as good as the best.

    As good as: up to rounding, or within one standard error of the best mean. ``scores`` is
    (n_candidates, n_folds).
    """
    mean, n_folds = _sunk(scores.mean(axis=1)), scores.shape[1]
    best = int(np.argmax(mean))
    margin = ROUNDING * abs(mean[best])
    if one_standard_error and n_folds > 1:
        margin = max(margin, scores[best].std(ddof=1) / np.sqrt(n_folds))
    return int(np.argmax(mean >= mean[best] - margin))


def _sunk(mean: np.ndarray) -> np.ndarray:
    """Scores that are no numbers come last."""
    return np.where(np.isnan(mean), -np.inf, mean)
