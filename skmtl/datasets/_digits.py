"""Handwritten digits as smooth ink: which digits a split owns, their pose, their ink, its geometry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.ndimage import affine_transform, spline_filter1d
from sklearn.datasets import load_digits

_BORDER = 3
_MARGIN = 1.5
_TEST_SHARE = 1 / 3
_PARTITION_SEED = 1797


@cache
def glyphs() -> tuple[np.ndarray, np.ndarray]:
    """Cubic spline coefficients ``(1797, 14, 14)`` of the digits, ink from 0 to 1, and their labels."""
    digits = load_digits()
    # The square root strengthens thin strokes, so that the loop of a faint 0 or 8 stays closed.
    ink = np.pad(np.sqrt(digits.images / 16.0), ((0, 0), (_BORDER, _BORDER), (_BORDER, _BORDER)))
    spline = spline_filter1d(spline_filter1d(ink, axis=1), axis=2)
    return spline, digits.target


@cache
def split_digits(split: str) -> np.ndarray:
    """Indices into ``load_digits`` of one split: a third of every class is for the test, always the same."""
    rng = np.random.RandomState(_PARTITION_SEED)
    labels = glyphs()[1]
    chosen = []
    for digit in range(10):
        members = rng.permutation(np.flatnonzero(labels == digit))
        n_test = round(_TEST_SHARE * len(members))
        chosen.append(members[:n_test] if split == "test" else members[n_test:])
    return np.sort(np.concatenate(chosen))


def draw_digits(split: str, n: int, rng: np.random.RandomState) -> np.ndarray:
    """``n`` indices of digits: every digit of the split once, in random order, before any comes again."""
    pool = split_digits(split)
    rounds = [rng.permutation(pool) for _ in range(-(-n // len(pool)))]
    return np.concatenate(rounds)[:n]


@dataclass(frozen=True)
class Poses:
    """How each digit lies in its image: ``image (x, y) = forward @ digit (x, y) + shift``, in pixels."""

    forward: np.ndarray
    shift: np.ndarray
    cell: np.ndarray
    level: np.ndarray


def draw_poses(which: np.ndarray, size: int, rng: np.random.RandomState) -> Poses:
    """Random pose of each digit: rotation, slant, width, size, place and thickness of the pen.

    The longer side of the ink covers 45 to 85 % of the image, and the ink stays inside.
    """
    n = len(which)
    turn = np.deg2rad(rng.uniform(-13, 13, n))
    slant, width = rng.uniform(-0.18, 0.18, n), rng.uniform(0.9, 1.2, n)
    share, place = rng.uniform(0.45, 0.85, n), rng.uniform(size=(n, 2))
    level = rng.uniform(0.58, 0.74, n)
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]).transpose(2, 0, 1)
    shape = np.zeros((n, 2, 2))
    shape[:, 0, 0], shape[:, 0, 1], shape[:, 1, 1] = width, slant, 1.0
    forward = rotate @ shape
    low, high = _extent(which, forward)
    cell = share * size / (high - low).max(axis=1)
    low, high = low * cell[:, None], high * cell[:, None]
    shift = _MARGIN - low + place * (size - 2 * _MARGIN - (high - low))
    return Poses(forward * cell[:, None, None], shift, cell, level)


def _extent(which: np.ndarray, forward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest x, y of every digit's ink cells under ``forward``."""
    ink = load_digits().images[which].reshape(len(which), 64) > 5
    rows, columns = np.divmod(np.arange(64), 8)
    cells = np.stack([columns + 0.5, rows + 0.5])
    at = (forward @ cells).transpose(0, 2, 1)
    half = 0.4
    low = np.where(ink[..., None], at, np.inf).min(axis=1) - half
    return low, np.where(ink[..., None], at, -np.inf).max(axis=1) + half


def render_ink(which: int, poses: Poses, i: int, size: int) -> np.ndarray:
    """Share of each pixel that ink covers, ``(size, size)`` in [0, 1]; a half is the outline."""
    inverse = np.linalg.inv(poses.forward[i])
    # Pixel centres lie at +0.5 in both grids, and ndimage wants (row, column) order.
    offset = inverse @ (0.5 - poses.shift[i]) + _BORDER - 0.5
    value = affine_transform(
        glyphs()[0][which], inverse[::-1, ::-1], offset[::-1], output_shape=(size, size), order=3, prefilter=False
    )
    return np.clip(0.5 + 0.8 * poses.cell[i] * (value - poses.level[i]), 0.0, 1.0)


def ink_box(mask: np.ndarray) -> np.ndarray:
    """Tight box x1, y1, x2, y2 on pixel edges: ``x2 - x1`` is the number of columns with ink."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float32)


def ink_ends(mask: np.ndarray) -> np.ndarray:
    """The upper and the lower end of the ink, ``(2, 2)`` as x, y.

    An end is the mean position of the outermost eighth of the ink's height, moved to the nearest
    pixel of that ink: the middle of the bar of a 7, the middle of the arc of a 0.
    """
    rows, columns = np.nonzero(mask)
    depth = max(1, (rows[-1] + 1 - rows[0]) / 8)
    ends = (rows < rows[0] + depth, rows > rows[-1] - depth)
    return np.array([_middle(columns[end], rows[end]) for end in ends], dtype=np.float32)


def _middle(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    nearest = np.argmin((x - x.mean()) ** 2 + (y - y.mean()) ** 2)
    return x[nearest] + 0.5, y[nearest] + 0.5
