"""Where a digit lies in its image, the ink it leaves there, and the geometry of that ink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.ndimage import affine_transform

from ._cameras import Camera
from ._digits import BORDER, glyphs

_MARGIN = 2.5
_TURN = 9.0
# How steeply coverage rises across an outline: edges come out about one and a half pixels wide.
_EDGE = 0.8


class Poses(NamedTuple):
    """How digits lie in their images: ``image xy = forward @ digit xy + shift``, in pixels.

    ``cell`` is the side of a digit's cell in pixels; ink above ``level`` is drawn, so that a low
    level is a thick pen.
    """

    forward: np.ndarray
    shift: np.ndarray
    cell: np.ndarray
    level: np.ndarray


def draw_poses(
    which: np.ndarray,
    cameras: Sequence[Camera],
    size: int,
    digit_size: tuple[float, float],
    drift: float,
    rng: np.random.RandomState,
) -> Poses:
    """A random pose for each digit, as its camera frames it; the ink stays inside the image.

    ``cameras`` holds the camera of each digit. ``drift`` is the share of the free room that is
    left to chance; the rest follows where the camera aims.
    """
    n = len(which)
    turn = np.deg2rad([camera.tilt for camera in cameras] + rng.uniform(-_TURN, _TURN, n))
    slant, width = rng.uniform(-0.18, 0.18, n), rng.uniform(0.8, 1.1, n)
    cover, level = rng.uniform(*digit_size, n), rng.uniform(0.58, 0.74, n)
    aim = np.array([camera.aim for camera in cameras])
    place = 0.5 + (1 - drift) * aim / 2 + drift * rng.uniform(-0.5, 0.5, (n, 2))
    forward = _turned(turn, slant, width)
    low, high = _extent(glyphs().cells[which], forward)
    cell = cover * size / (high - low).max(axis=1)
    low, high = low * cell[:, None], high * cell[:, None]
    shift = _MARGIN - low + place * (size - 2 * _MARGIN - (high - low))
    return Poses(forward * cell[:, None, None], shift, cell, level)


def _turned(turn: np.ndarray, slant: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Matrices ``(n, 2, 2)``: stretch sideways and slant, then rotate."""
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shape = np.array([[width, slant], [np.zeros_like(turn), np.ones_like(turn)]])
    return np.einsum("ijn,jkn->nik", rotate, shape)


def _extent(inked: np.ndarray, forward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest x, y ``(n, 2)`` of every digit's inked cells under ``forward``."""
    rows, columns = np.divmod(np.arange(64), 8)
    centres = np.einsum("nij,jc->nci", forward, np.stack([columns + 0.5, rows + 0.5]))
    inked = inked.reshape(-1, 64, 1)
    # Ink ends a little inside the cell's edge: the spline falls off towards empty neighbours.
    low = np.where(inked, centres, np.inf).min(axis=1) - 0.3
    return low, np.where(inked, centres, -np.inf).max(axis=1) + 0.3


def render_ink(which: int, poses: Poses, i: int, size: int) -> np.ndarray:
    """Share of each pixel that ink covers, ``(size, size)`` in [0, 1]; one half is the outline."""
    inverse = np.linalg.inv(poses.forward[i])
    # Pixel centres lie at +0.5 in both grids, and ndimage wants (row, column) order.
    offset = inverse @ (0.5 - poses.shift[i]) + BORDER - 0.5
    value = affine_transform(
        glyphs().spline[which],
        inverse[::-1, ::-1],
        offset[::-1],
        output_shape=(size, size),
        order=3,
        prefilter=False,
    )
    return np.clip(0.5 + _EDGE * poses.cell[i] * (value - poses.level[i]), 0, 1)


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
