"""k-means and spherical k-means: the products in float32 by BLAS, the centres summed in float64."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

_ROWS = 2048  # points compared with all centres at a time: their scores fit into the cache of a processor
_TINY = 1e-9  # of the length of a typical point: a shorter mean is rounding, and has no direction


def spread_out(points: np.ndarray, count: int, rng) -> np.ndarray:
    """``count`` of the ``points`` (n, d), each drawn with a chance proportional to its squared distance from
    the nearest one drawn before (Arthur & Vassilvitskii 2007, k-means++)."""
    single = points.astype(np.float32)
    length = np.square(single).sum(axis=1)
    chosen = [rng.randint(len(points))]
    distance = np.full(len(points), np.inf, np.float32)
    while len(chosen) < count:
        last = chosen[-1]
        distance = np.minimum(distance, length + length[last] - 2 * (single @ single[last]))
        distance[chosen] = 0  # not drawn twice, whatever rounding says
        reached = np.cumsum(np.maximum(distance, 0), dtype=np.float64)
        chosen.append(min(int(np.searchsorted(reached, rng.uniform() * reached[-1])), len(points) - 1))
    return points[chosen]


def k_means(points: np.ndarray, centres: np.ndarray, rounds: int) -> np.ndarray:
    """Centres (k, d) after at most ``rounds`` of Lloyd's algorithm on ``points`` (n, d).

    A centre without points, or with points whose mean is 0, stays where it is.
    """
    least = _TINY * np.sqrt(np.square(points).sum(axis=1).mean())
    single, owner = points.astype(np.float32), None
    for _ in range(rounds):
        before, owner = owner, _nearest(single, centres)
        if before is not None and np.array_equal(before, owner):
            break
        size = np.bincount(owner, minlength=len(centres))
        means = _sums(points, owner, 1 / size[owner], len(centres))
        moves = np.sqrt(np.square(means).sum(axis=1)) > least
        centres = np.where(moves[:, None], means, centres)
    return centres


def spherical_k_means(points: np.ndarray, centres: np.ndarray, rounds: int) -> np.ndarray:
    """Unit directions (k, d) after ``rounds`` of damped spherical k-means on ``points`` (n, d).

    A point x belongs to the direction c of largest \\|c . x\\|; the new direction is c plus the sum of
    (c . x) x over its points, made of length 1 (Coates & Ng 2012, section 2.2).
    """
    single = points.astype(np.float32)
    for _ in range(rounds):
        owner = _most_aligned(single, centres)
        weight = np.einsum("nd,nd->n", points, centres[owner])
        centres = centres + _sums(points, owner, weight, len(centres))
        centres = centres / np.sqrt(np.square(centres).sum(axis=1, keepdims=True))
    return centres


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    half = (np.square(centres).sum(axis=1) / 2).astype(np.float32)
    return _best(points, centres, lambda scores: np.subtract(scores, half, out=scores))


def _most_aligned(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return _best(points, centres, lambda scores: np.abs(scores, out=scores))


def _best(points: np.ndarray, centres: np.ndarray, score) -> np.ndarray:
    """For each of ``points`` (n, d) the centre of the largest ``score`` of their product."""
    columns = np.ascontiguousarray(centres.T, np.float32)
    blocks = (points[first : first + _ROWS] @ columns for first in range(0, len(points), _ROWS))
    return np.concatenate([score(block).argmax(axis=1) for block in blocks])


def _sums(points: np.ndarray, owner: np.ndarray, weight: np.ndarray, count: int) -> np.ndarray:
    """For each of ``count`` centres the weighted sum of the points that it owns, (count, d)."""
    members = csr_array((weight, (owner, np.arange(len(points)))), shape=(count, len(points)))
    return members @ points
