"""Handwritten digits as smooth ink, and which of them belong to the train and to the test split."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.ndimage import spline_filter1d
from sklearn.datasets import load_digits

BORDER = 3
_TEST_SHARE = 1 / 3
_PARTITION_SEED = 1797


class Glyphs(NamedTuple):
    """The digits of ``load_digits``: spline coefficients (n, 14, 14), inked cells (n, 8, 8), labels (n,)."""

    spline: np.ndarray
    cells: np.ndarray
    label: np.ndarray


@cache
def glyphs() -> Glyphs:
    """Every digit as a cubic spline of its ink, which runs from 0 to 1, with an empty border."""
    digits = load_digits()
    # The square root strengthens thin strokes, so that the loop of a faint 0 or 8 stays closed.
    ink = np.pad(np.sqrt(digits.images / 16), ((0, 0), (BORDER, BORDER), (BORDER, BORDER)))
    spline = spline_filter1d(spline_filter1d(ink, axis=1), axis=2)
    return Glyphs(spline, digits.images > 5, digits.target.astype(np.int64))


@cache
def split_digits(split: str) -> np.ndarray:
    """Indices into ``load_digits`` of one split: the test has a third of every class, always the same."""
    rng = np.random.RandomState(_PARTITION_SEED)
    chosen = []
    for digit in range(10):
        members = rng.permutation(np.flatnonzero(glyphs().label == digit))
        n_test = round(_TEST_SHARE * len(members))
        chosen.append(members[:n_test] if split == "test" else members[n_test:])
    return np.sort(np.concatenate(chosen))


def draw_digits(split: str, n: int, rng: np.random.RandomState) -> np.ndarray:
    """``n`` indices of digits: every digit of the split once, in random order, before any comes again."""
    pool = split_digits(split)
    rounds = [rng.permutation(pool) for _ in range(-(-n // len(pool)))]
    return np.concatenate(rounds)[:n]
