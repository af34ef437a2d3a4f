"""What is seen at the pixels of an image: its derivatives, what was told around them, a trunk's maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..feature_extraction._geometry import neighbours, slices
from ._derivatives import Light, Pyramid, with_channels
from ._places import place_planes

#: Rows and columns of a tile, in pixels or cells: what is in memory at once, for each thread.
TILE = 128
#: Squares, around chosen ones, of which something is told; and the grid on which such a
#: window begins, so that the coarsest cells in it are those of the whole image.
AROUND, STEP = 48, 16

Area = tuple[slice, slice]


class Sight:
    """An image (h, w[, c]), and the trunk whose maps are seen beside its derivatives, if any; at last stands
    where a pixel lies in the image, if ``placed``.

    ``first`` and ``tiles`` give planes (f, ...) of which a network takes the derivatives `Through`
    ``light.view()``; ``first_at`` and ``second_at`` give features (m, f) as a network learns them. The first
    network tells something of squares of ``grain`` x ``grain`` pixels, ``coarse`` (rows, columns) of them.
    """

    def __init__(self, image: np.ndarray, trunk=None, grain: int = 2, placed: bool = False):
        self.image, self.trunk, self.shape, self.placed = image, trunk, image.shape[:2], placed
        self.light = Light.of(with_channels(image))
        self.pyramid = self.light.pyramid(with_channels(image))
        self.grain, self.coarse = grain, tuple(-(-length // grain) for length in self.shape)
        self.size = self.shape[0] * self.shape[1]

    def first(self, area: Area) -> np.ndarray:
        """Planes (f, r, s) at an area of the squares."""
        maps = self.pyramid.box(*area, step=1 / self.grain)
        return np.concatenate([maps, self._places(area, self.grain)]) if self.placed else maps

    def first_at(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Features of the squares in which pixels (m,) lie."""

        def seen(row, column) -> np.ndarray:
            squares = row // self.grain, column // self.grain
            X = self.light.features(self.pyramid.at(*squares, step=1 / self.grain))
            if not self.placed:
                return X
            return np.concatenate([X, place_planes(*squares, self.shape, self.grain).T], axis=1)

        return _by_squares(row, column, seen)

    def second_at(self, row: np.ndarray, column: np.ndarray, tell: Callable | None) -> np.ndarray:
        """Features of pixels (m,): derivatives, those of what ``tell(self, area)`` says, a trunk's maps,
        where they lie.

        It is asked for windows around the pixels or, where that is less work, for the whole.
        """
        whole = None
        if tell is not None and self._mostly(row, column):
            whole = tell(self, everywhere(self.coarse))

        def seen(row, column) -> np.ndarray:
            parts = [self.light.features(self.pyramid.at(row, column))]
            if tell is not None:
                told = whole or tell(self, self._window(row, column))
                parts.append(told.at(row, column))
            if self.trunk is not None:
                at = np.zeros_like(row), row, column
                parts.append(self.trunk.transform_dense(self.image[None], at=at))
            if self.placed:
                parts.append(place_planes(row, column, self.shape).T)
            return np.concatenate(parts, axis=1, dtype=np.float32)

        return _by_squares(row, column, seen)

    def _mostly(self, row, column) -> bool:
        """Whether windows around pixels have as many pixels as the whole."""
        windows = [self._window(row[own], column[own]) for own in _squares(row, column)]
        sizes = [(rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in windows]
        return sum(sizes) >= self.coarse[0] * self.coarse[1]

    def _window(self, row: np.ndarray, column: np.ndarray) -> Area:
        """Where something is told around pixels, as an area of the squares."""
        rows, columns = (
            slice(
                max(part.start // self.grain - AROUND, 0) // STEP * STEP,
                min(-(-part.stop // self.grain) + AROUND, length),
            )
            for part, length in zip(_around(row, column), self.coarse, strict=True)
        )
        return rows, columns

    def tiles(self, told: Told | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Numbers (n,) of pixels and what is seen there, planes (f, n); by tiles, but as a whole from a trunk
        without ``iter_dense``."""
        for area, more in self._trunk_tiles():
            seen = [self.pyramid.box(*area), *more]
            if told is not None:
                seen.insert(1, told.box(area))
            if self.placed:
                seen.append(self._places(area))
            seen = np.concatenate(seen, dtype=np.float32) if len(seen) > 1 else seen[0]
            numbers = np.arange(area[0].start, area[0].stop)[:, None] * self.shape[1]
            numbers = numbers + np.arange(area[1].start, area[1].stop)
            yield numbers.ravel(), seen.reshape(len(seen), -1)

    def _places(self, area: Area, step: int = 1) -> np.ndarray:
        rows, columns = (np.arange(part.start, part.stop) for part in area)
        return place_planes(rows[:, None], columns, self.shape, step)

    def _trunk_tiles(self) -> Iterator[tuple[Area, list[np.ndarray]]]:
        """Areas, and the trunk's maps (k, r, s) of each."""
        if self.trunk is None:
            yield from ((area, []) for area in areas(everywhere(self.shape), TILE))
        elif hasattr(self.trunk, "iter_dense"):
            for _, *area, maps in self.trunk.iter_dense(self.image[None], tile=TILE, cell=1):
                yield tuple(area), [maps.transpose(2, 0, 1)]
        else:
            maps = self.trunk.transform_dense(self.image[None])[0]
            yield everywhere(self.shape), [maps.transpose(2, 0, 1)]


class Told:
    """What was told of the squares of a window, planes (k, r, s) that begin at ``start``."""

    def __init__(self, planes: np.ndarray, start: tuple[int, int], grain: int):
        self.pyramid, self.start, self.grain = Pyramid(planes), start, grain

    def box(self, area: Area) -> np.ndarray:
        """Its derivatives (20 k, r, s) at an area of the image."""
        less = [self.grain * n for n in self.start]
        own = [slice(part.start - n, part.stop - n) for part, n in zip(area, less, strict=True)]
        return self.pyramid.box(*own, step=self.grain)

    def at(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """The same at pixels (m,) of the image, (m, 20 k)."""
        down, along = (self.grain * n for n in self.start)
        return self.pyramid.at(row - down, column - along, step=self.grain)


def areas(area: Area, side: int) -> list[Area]:
    """Squares of at most ``side`` x ``side`` that make up an area, row by row."""
    rows, columns = (
        [slice(own.start + part.start, own.stop + part.start) for own in slices(part.stop - part.start, side)]
        for part in area
    )
    return [(down, along) for down in rows for along in columns]


def everywhere(shape: tuple[int, int]) -> Area:
    return slice(0, shape[0]), slice(0, shape[1])


def _squares(row, column) -> list[np.ndarray]:
    """The numbers of the pixels that lie in one square, square by square."""
    return neighbours(np.zeros_like(row), row, column)


def _by_squares(row, column, work: Callable) -> np.ndarray:
    """``work(row, column)`` (m, f) of the pixels of each square, at their places."""
    parts = [(own, work(row[own], column[own])) for own in _squares(row, column)]
    out = np.empty((len(row), parts[0][1].shape[1]), np.float32)
    for own, part in parts:
        out[own] = part
    return out


def _around(row: np.ndarray, column: np.ndarray) -> Area:
    """The smallest area that holds these pixels."""
    return slice(row.min(), row.max() + 1), slice(column.min(), column.max() + 1)
