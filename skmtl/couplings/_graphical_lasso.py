"""The sparse precision that fits a covariance best."""

from __future__ import annotations

import numpy as np

# What the gap may be, for each task: a rough precision serves an alternation as well.
GAP = 1e-9
MAX_STEPS = 500
STEPS_BETWEEN_CHECKS = 10


def graphical_lasso(S: np.ndarray, sparsity: float, start: np.ndarray) -> np.ndarray:
    """The P (T, T) that minimises ``tr(S P) - log det P + sparsity * sum over s != t of |P[s, t]|``.

    Alternating directions (Boyd et al. 2011, "Distributed optimization and statistical learning via the
    alternating direction method of multipliers", section 6.5) from a positive definite ``start``, on S
    scaled to a unit diagonal, until the duality gap is 1e-9 a task: any covariance that is S up to
    ``sparsity`` beside the diagonal bounds the minimum from below by its log-determinant, plus T.

    S is positive definite. Entries of P that the penalty removes are exactly 0. Where 500 steps do not
    lead to a positive definite P, ``start`` comes back.
    """
    if sparsity == 0 or len(S) == 1:
        return _symmetric(np.linalg.inv(S))
    sizes = np.sqrt(S.diagonal())
    both = np.outer(sizes, sizes)
    scaled, prices = S / both, sparsity / both
    np.fill_diagonal(prices, 0.0)
    P = _alternate(scaled, prices, start * both) / both
    return P if np.linalg.eigvalsh(P)[0] > 0 else start


def _alternate(S: np.ndarray, prices: np.ndarray, P: np.ndarray) -> np.ndarray:
    weight, dual = 1.0, np.zeros_like(S)  # the multipliers over the weight
    for step in range(1, MAX_STEPS + 1):
        values, vectors = np.linalg.eigh(weight * (P - dual) - S)
        smooth = (vectors * ((values + np.sqrt(values**2 + 4.0 * weight)) / (2.0 * weight))) @ vectors.T
        before, ahead = P, smooth + dual
        P = np.sign(ahead) * np.maximum(np.abs(ahead) - prices / weight, 0.0)
        dual = ahead - P
        if step % STEPS_BETWEEN_CHECKS == 0:
            if _gap(S, prices, P, weight * dual) <= GAP * len(S):
                break
            apart, moved = np.linalg.norm(smooth - P), weight * np.linalg.norm(P - before)
            factor = float(np.clip(np.sqrt(apart / max(moved, 1e-300)), 0.2, 5.0))
            weight, dual = weight * factor, dual / factor
    return _symmetric(P)


def _gap(S: np.ndarray, prices: np.ndarray, P: np.ndarray, multipliers: np.ndarray) -> float:
    """How far P can be from the minimum; infinite where it, or the covariance, is not positive definite."""
    covariance = S + np.clip(multipliers, -prices, prices)
    signs, logs = zip(np.linalg.slogdet(P), np.linalg.slogdet(covariance), strict=True)
    if min(signs) <= 0 or np.linalg.eigvalsh(P)[0] <= 0 or np.linalg.eigvalsh(covariance)[0] <= 0:
        return np.inf
    return float(np.vdot(S, P) + np.abs(prices * P).sum() - sum(logs) - len(S))


def _symmetric(P: np.ndarray) -> np.ndarray:
    return 0.5 * (P + P.T)
