"""Which rows to learn from: counted over all images first, then drawn image by image."""

from __future__ import annotations

import numpy as np

from ._head import UNKNOWN


def codes(targets: dict[str, np.ndarray]) -> np.ndarray:
    """The kind of every row; without a kind 0 where something is known and UNKNOWN elsewhere."""
    if "kind" in targets:
        return targets["kind"]
    known = [np.isfinite(part).reshape(len(part), -1).any(axis=1) for part in targets.values()]
    return np.where(np.any(known, axis=0), 0, UNKNOWN)


def count(kinds: np.ndarray, n: int) -> np.ndarray:
    """How many rows there are of each of ``n`` kinds."""
    return np.bincount(kinds[kinds != UNKNOWN], minlength=n)


def draw(kinds: np.ndarray, quota: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Numbers of the ``quota[k]`` rows of each kind k with the smallest ``keys`` (m,).

    By the same random keys, heads for which the same rows are of a kind draw the same ones.
    """
    return np.concatenate([_least(np.flatnonzero(kinds == k), n, keys) for k, n in enumerate(quota)])


def _least(rows: np.ndarray, n: int, keys: np.ndarray) -> np.ndarray:
    return rows if n >= len(rows) else rows[np.argpartition(keys[rows], n)[:n]]


def quotas(there: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How many rows of each kind to draw in each image, (n_images, n_kinds).

    ``there`` (n_images, n_kinds) are the rows there are. The ``wanted`` (n_kinds,) rows of a kind are spread
    over the images by how many each has.
    """
    share = wanted / np.maximum(there.sum(axis=0), 1)
    total = np.rint(np.cumsum(there, axis=0) * share).astype(np.int64)
    return np.minimum(np.diff(total, axis=0, prepend=0), there)
