"""Which found object is which true one: the greedy matching of the COCO evaluation, many images at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

# Entries of the largest temporary array, threshold x area x object x candidate.
_ENTRIES = 2_000_000


@dataclass(frozen=True)
class Candidates:
    """Pairs of a found and a true object of one image and class that overlap enough for any threshold.

    ``found`` and ``true`` are positions (n_pairs,), sorted by found, then true; ``overlap`` (n_pairs,).
    ``group`` (n_found,) numbers image and class of a found object, ``rank`` (n_found,) its place by
    falling score within the group.
    """

    found: np.ndarray
    true: np.ndarray
    overlap: np.ndarray
    group: np.ndarray
    rank: np.ndarray


def match(pairs: Candidates, thresholds, ignored, crowd) -> tuple[np.ndarray, np.ndarray]:
    """Match found with true objects for every threshold and area range.

    In order of falling score each found object takes the free true object that it overlaps most, if by
    at least the threshold; one that counts before one to be ignored; a crowd is never used up. Between
    equal overlaps the later true object wins, as in the reference implementation.

    Parameters
    ----------
    pairs : Candidates
    thresholds : (T,)
    ignored : (A, n_true) bool
        True objects that do not count, for each area range.
    crowd : (n_true,) bool

    Returns
    -------
    matched, to_ignored : (T, A, n_found) bool
        Whether a found object has a partner, and whether this one is ignored.
    """
    n_found, (n_areas, n_true) = len(pairs.group), ignored.shape
    matched = np.zeros((len(thresholds), n_areas, n_found), dtype=bool)
    to_ignored = np.zeros_like(matched)
    # one more true object, never open: it fills up the short lists of candidates
    ignored = np.pad(ignored, ((0, 0), (0, 1)))
    crowd = np.append(crowd, False)
    taken = np.zeros((len(thresholds), n_areas, n_true + 1), dtype=bool)
    least = np.minimum(thresholds, 1 - 1e-10)[:, None, None, None]
    for found, true, overlap in _steps(pairs, n_true, len(thresholds) * n_areas):
        partner = _choose(true, overlap >= least, overlap, taken, ignored, crowd)
        hit = partner < n_true
        matched[:, :, found] = hit
        to_ignored[:, :, found] = hit & np.take_along_axis(ignored[None], partner, axis=2)
        np.put_along_axis(taken, partner, True, axis=2)
    return matched, to_ignored


def _choose(true, enough, overlap, taken, ignored, crowd) -> np.ndarray:
    """The partner (T, A, N) of each of N found objects with C candidates; n_true where there is none."""
    open_ = enough & (~taken[:, :, true] | crowd[true])
    counts = open_ & ~ignored[:, true]
    open_ = np.where(counts.any(axis=-1, keepdims=True), counts, open_)
    value = np.where(open_, overlap, -1.0)
    best = true.shape[1] - 1 - value[..., ::-1].argmax(axis=-1)
    partner = true[np.arange(len(true)), best]
    return np.where(open_.any(axis=-1), partner, len(crowd) - 1)


def _steps(pairs: Candidates, n_true: int, n_settings: int) -> Iterator[tuple]:
    """The k-th found object of all groups together, for k = 0, 1, ...: these cannot disturb each other.

    Yields the found objects (N,), their candidates (N, C) and the overlaps (N, C).
    """
    found, start, count = np.unique(pairs.found, return_index=True, return_counts=True)
    turn = running_count(pairs.group[found], pairs.rank[found])
    for step in range(turn.max(initial=-1) + 1):
        now = np.flatnonzero(turn == step)
        now = now[np.argsort(-count[now], kind="stable")]  # alike ones together: little padding
        while len(now):
            size = max(1, _ENTRIES // (n_settings * int(count[now[0]])))
            part, now = now[:size], now[size:]
            yield found[part], *_padded(pairs, start[part], count[part], n_true)


def _padded(pairs: Candidates, start, count, n_true: int) -> tuple[np.ndarray, np.ndarray]:
    column = np.arange(count.max())
    inside = column < count[:, None]
    at = np.where(inside, start[:, None] + column, 0)
    return np.where(inside, pairs.true[at], n_true), np.where(inside, pairs.overlap[at], -1.0)


def running_count(group: np.ndarray, key: np.ndarray) -> np.ndarray:
    """The place of each entry among those of its group, by rising ``key``; equal keys keep their order."""
    order = np.lexsort((key, group))
    sorted_group = group[order]
    first = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]][: len(group)])
    place = np.arange(len(group)) - np.repeat(first, np.diff(np.r_[first, len(group)]))
    out = np.empty(len(group), dtype=np.int64)
    out[order] = place
    return out
