"""What an image's rows are - cells, pixels or regions - and the trunk's features of each, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from skimage.segmentation import slic

from ._cells import Grid, grid_of, with_surroundings
from ._derivatives import derivative_tiles, derivatives_at
from ._projection import CELLS, IMAGES, evenly, learn_projection

#: Rows and columns of a tile of maps, in cells or pixels: what is in memory at once, for each thread.
TILE = 128
#: Rows that see their surroundings at once.
ROWS = 4096

Part = tuple[np.ndarray, np.ndarray]  # numbers of rows, their features


class Pixels:
    """A row for each pixel; a ``plain`` one sees the derivatives alone, not the trunk's maps.

    Pixels are looked at twice. The second time they also see what was ``told`` around them, (h, w, k), by its
    derivatives, as if it were an image.
    """

    looks = 2

    def __init__(self, plain: bool):
        self.plain = plain

    def learn(self, trunk, images) -> None:
        """Nothing is learned."""

    def frame(self, image) -> Grid:
        return grid_of(image.shape, 1)

    def parts(self, trunk, image, frame: Grid, wanted=None, told=None) -> Iterator[Part]:
        """Numbers and features of all rows, or of those ``wanted``, a part at a time."""
        if wanted is not None:
            row, column = np.divmod(wanted, frame.columns)
            seen = [derivatives_at(one, row, column) for one in (image, told) if one is not None]
            if not self.plain:
                seen.append(trunk.transform_dense(image[None], at=(np.zeros_like(row), row, column)))
            yield wanted, np.concatenate(seen, axis=1)
            return
        for rows, columns, *maps in tiles(None if self.plain else trunk, image, 1, told):
            numbers = np.arange(rows.start, rows.stop)[:, None] * frame.columns
            numbers = numbers + np.arange(columns.start, columns.stop)
            yield numbers.ravel(), np.concatenate(maps, axis=2).reshape(numbers.size, -1)


class Cells:
    """A row for each cell of ``size`` pixels, which also sees the cells ``reach`` cells away.

    A second look would take twice the time: on blood cells, digits and raccoons it gained nothing.
    """

    looks = 1

    def __init__(self, size: int, reach: int):
        self.size, self.reach = size, reach

    def learn(self, trunk, images) -> None:
        """Learn the principal components of cells."""
        some = [images[i] for i in evenly(len(images), IMAGES)]
        parts = []
        for image in some:
            parts_of = tiles(trunk, image, self.size)
            cells = np.concatenate([maps.reshape(-1, maps.shape[2]) for _, _, _, maps in parts_of])
            parts.append(cells[evenly(len(cells), CELLS // len(some))])
        self.project = learn_projection(np.concatenate(parts))

    def frame(self, image) -> Grid:
        return grid_of(image.shape, self.size)

    def parts(self, trunk, image, frame: Grid, wanted=None) -> Iterator[Part]:
        """As `Pixels.parts`; what is held is a band of rows of the image."""
        wanted = np.arange(len(frame)) if wanted is None else wanted
        held, first, done = None, 0, 0
        for band in self._bands(trunk, image, frame):
            held = band if held is None else np.concatenate([held, band])
            last = first + len(held)
            # A row of cells can be told when those that it sees below are there.
            ready = last if last == frame.rows else max(last - self.reach, done)
            chosen = wanted[(wanted >= done * frame.columns) & (wanted < ready * frame.columns)]
            for start in range(0, len(chosen), ROWS):
                some = chosen[start : start + ROWS]
                yield some, with_surroundings(held, self.reach, some - first * frame.columns)
            keep = max(ready - self.reach, first)
            held, first, done = held[keep - first :], keep, ready

    def _bands(self, trunk, image, grid: Grid) -> Iterator[np.ndarray]:
        """Features (rows, all columns, k) of the cells, from the top downwards."""
        parts = []
        for _, columns, plain, maps in tiles(trunk, image, grid.size):
            maps = maps if self.project is None else self.project(maps)
            parts.append(np.concatenate([plain, maps], axis=2))
            if columns.stop == grid.columns:
                yield np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
                parts = []


class Segments(NamedTuple):
    """``labels`` (h, w) int32: the number 0, 1, ..., ``n`` - 1 of the region that each pixel belongs to."""

    labels: np.ndarray
    n: int

    def __len__(self) -> int:
        return self.n


class Regions:
    """A row for each of about ``n_regions`` superpixels: the means of what its pixels see, as in `Pixels`.

    R. Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods", IEEE TPAMI 2012;
    its variant without parameters.
    """

    looks = 1

    def __init__(self, n_regions: int, plain: bool):
        self.n_regions, self.plain = n_regions, plain

    def learn(self, trunk, images) -> None:
        """Nothing is learned."""

    def frame(self, image) -> Segments:
        found = slic(
            scaled(image),
            self.n_regions,
            # Adapts itself from here on: a fixed one that suits bright images cuts dim ones across their
            # objects.
            compactness=10,
            slic_zero=True,
            start_label=0,
            channel_axis=2 if image.ndim == 3 else None,
            convert2lab=image.ndim == 3 and image.shape[2] == 3,
        )
        _, found = np.unique(found, return_inverse=True)
        found = found.reshape(image.shape[:2]).astype(np.int32)
        return Segments(found, int(found.max()) + 1)

    def parts(self, trunk, image, frame: Segments, wanted=None) -> Iterator[Part]:
        """As `Pixels.parts`, in one part."""
        total = 0.0
        for rows, columns, *maps in tiles(None if self.plain else trunk, image, 1):
            total = total + _sums(np.concatenate(maps, axis=2), frame.labels[rows, columns].ravel(), frame.n)
        means = total / np.bincount(frame.labels.ravel(), minlength=frame.n)[:, None]
        means = means.astype(np.float32)
        yield (np.arange(frame.n), means) if wanted is None else (wanted, means[wanted])


def _sums(maps: np.ndarray, numbers: np.ndarray, n: int) -> np.ndarray:
    """Sums (n, c) of the maps of pixels with the same number."""
    order = np.argsort(numbers, kind="stable")
    present, starts = np.unique(numbers[order], return_index=True)
    out = np.zeros((n, maps.shape[-1]))
    out[present] = np.add.reduceat(maps.reshape(len(numbers), -1)[order].astype(np.float64), starts, axis=0)
    return out


def scaled(image: np.ndarray) -> np.ndarray:
    """The image as floats from 0, its darkest value, to 1, its brightest."""
    image = image.astype(np.float64)
    low, high = image.min(), image.max()
    return (image - low) / (high - low) if high > low else np.zeros_like(image)


def tiles(trunk, image, cell: int, told: np.ndarray | None = None) -> Iterator[tuple]:
    """Rows and columns, and of their cells the derivatives (rows, columns, k) and the means of the trunk's
    maps.

    Tile by tile, but as a whole from a trunk without ``iter_dense``; no maps where the trunk is None. Beside
    the derivatives of the image stand those of what was ``told`` (h, w, k) of it.
    """
    if trunk is None:
        yield from _derivatives(image, told, TILE, cell)
    elif hasattr(trunk, "iter_dense"):
        maps = trunk.iter_dense(image[None], tile=TILE, cell=cell)
        for plain, (*_, more) in zip(_derivatives(image, told, TILE, cell), maps, strict=True):
            yield *plain, more
    else:
        (plain,) = _derivatives(image, told, None, cell)
        yield *plain, _cell_means(trunk.transform_dense(image[None])[0], cell)


def _derivatives(image, told, tile: int | None, cell: int) -> Iterator[tuple]:
    parts = [derivative_tiles(one, tile, cell) for one in (image, told) if one is not None]
    for same in zip(*parts, strict=True):
        yield *same[0][:2], np.concatenate([maps for _, _, maps in same], axis=2)


def _cell_means(maps: np.ndarray, cell: int) -> np.ndarray:
    """Means of maps over squares of ``cell`` pixels; those at the right and lower edge hold what is left."""
    for axis in (0, 1) if cell > 1 else ():
        starts = np.arange(0, maps.shape[axis], cell)
        sizes = np.diff(starts, append=maps.shape[axis]).astype(maps.dtype)
        maps = np.add.reduceat(maps, starts, axis=axis) / np.expand_dims(sizes, tuple({0, 1, 2} - {axis}))
    return maps
