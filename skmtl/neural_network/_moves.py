"""Where images of a batch are looked at, and where what is marked in them comes to lie."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np

from ._turns import Turn


class Moves(NamedTuple):
    """For each image and axis (y, then x): place p of a new image shows place ``start + step p`` of the old,
    which was turned before where there is a ``turn``.

    Places are in pixels; the middle of the first pixel is at 1/2.
    """

    start: np.ndarray
    step: np.ndarray
    size: tuple[int, int]
    turn: Turn | None = None

    def repeated(self, n: int) -> Moves:
        """The move of one image for n things in it."""
        turn = None if self.turn is None else Turn(*(np.repeat(part, n, axis=-1) for part in self.turn))
        return Moves(np.repeat(self.start, n, axis=1), np.repeat(self.step, n, axis=1), self.size, turn)

    def images(self, images: np.ndarray) -> np.ndarray:
        """Images of numbers (n, h, w[, c]) as they look after the move, edges repeated.

        Of images that are turned, floats by bilinear interpolation; of others the nearest pixels.
        """
        return self.pixels(images) if self.turn is None else self.turn.between(images, self._middles())

    def pixels(self, maps: np.ndarray, outside=None) -> np.ndarray:
        """The nearest pixels of maps (n, h, w[, k]); ``outside`` is what lies beyond their edges, if not the
        pixels at them."""
        places, beyond = self._straight() if self.turn is None else self.turn.nearest(self._middles())
        flat = maps.reshape(maps.shape[0] * maps.shape[1] * maps.shape[2], -1)
        # a list of pixels is taken several times as fast as by an index for each axis
        moved = flat.take(places.ravel(), axis=0).reshape(maps.shape)
        if outside is not None:
            moved[reduce(np.logical_or, beyond)] = outside
        return moved

    def _middles(self) -> list[np.ndarray]:
        """Where the middles of rows (n, h) and columns (n, w) are looked at."""
        return [
            self.start[axis][:, None] + self.step[axis][:, None] * (np.arange(side) + 0.5)
            for axis, side in enumerate(self.size)
        ]

    def _straight(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """As ``Turn.nearest``, of images that are not turned, for which rows and columns do."""
        places, beyond = [], []
        for middles, side in zip(self._middles(), self.size, strict=True):
            places.append(np.clip(np.floor(middles).astype(np.intp), 0, side - 1))
            beyond.append((middles < 0) | (middles >= side))
        (y, x), (height, width) = places, self.size
        row = np.arange(len(y))[:, None] * height + y
        return row[:, :, None] * width + x[:, None, :], [beyond[0][:, :, None], beyond[1][:, None, :]]

    def places(self, pairs: np.ndarray) -> np.ndarray:
        """Where x, y pairs (n, 2 K) are after the move, inside the image or not."""
        return self._placed(pairs if self.turn is None else self.turn.places(pairs))

    def points(self, pairs: np.ndarray) -> np.ndarray:
        """Points (n, 2 K) after the move; NaN for both coordinates of one outside the image."""
        moved = self.places(pairs)
        each = moved.reshape(len(moved), -1, 2)
        gone = ((each < 0) | (each > self.size[::-1])).any(axis=2)
        return np.where(np.repeat(gone, 2, axis=1), np.nan, moved)

    def boxes(self, corners: np.ndarray) -> np.ndarray:
        """Boxes (n, 4) after the move, cut off at the image's edges; NaN where nothing is left."""
        moved = self._placed(corners if self.turn is None else self.turn.boxes(corners))
        moved = np.sort(moved.reshape(-1, 2, 2), axis=1)
        moved = np.clip(moved, 0, self.size[::-1]).reshape(-1, 4)
        gone = (moved[:, 2:] <= moved[:, :2]).any(axis=1)
        return np.where(gone[:, None], np.nan, moved)

    def field(self, kind: str, encoded: np.ndarray) -> np.ndarray:
        """An encoded field of a head after the move."""
        if encoded.ndim > 2:
            return self.pixels(encoded, 255 if encoded.dtype == np.uint8 else np.nan)
        if kind in ("box", "points", "heat maps"):
            return self.boxes(encoded) if kind == "box" else self.points(encoded)
        return encoded

    def _placed(self, pairs: np.ndarray) -> np.ndarray:
        """Where x, y pairs (n, 2 K) are that have been turned."""
        start, step = (np.tile(part[::-1].T, pairs.shape[1] // 2) for part in (self.start, self.step))
        return (pairs - start) / step
