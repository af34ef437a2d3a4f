"""An image as cells or as regions, and the features of each, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from skimage.segmentation import slic

from ._cells import Grid, grid_of, with_surroundings
from ._places import place_planes
from ._projection import CELLS, IMAGES, evenly, learn_projection
from ._sight import TILE, Sight, areas, everywhere

#: Pixels whose derivatives are in memory at once, about.
BAND = 2**15
#: Rows that see their surroundings at once.
ROWS = 4096

Part = tuple[np.ndarray, np.ndarray]  # numbers of rows, their features


class Cells:
    """A row for each cell of ``size`` pixels, which also sees the cells ``reach`` cells away.

    A second look as at pixels would take twice the time: on blood cells, digits and raccoons it gained
    nothing.
    """

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
        """Numbers and features of all rows, or of those ``wanted``, a part at a time; what is held is a band
        of rows of the image."""
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

    def places(self) -> np.ndarray:
        """How far down and to the right in the image the middle of every region lies, (n, 2) float32."""
        rows, columns = np.arange(self.labels.shape[0])[:, None], np.arange(self.labels.shape[1])
        planes = place_planes(rows, columns, self.labels.shape)
        sizes = np.bincount(self.labels.ravel(), minlength=self.n)
        sums = [np.bincount(self.labels.ravel(), plane.ravel(), self.n) for plane in planes]
        return (np.stack(sums, axis=1) / sizes[:, None]).astype(np.float32)


class Regions:
    """A row for each of about ``n_regions`` superpixels: the means of what its pixels see.

    Those are the derivatives, and unless ``plain`` the trunk's maps.

    R. Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods", IEEE TPAMI 2012;
    its variant without parameters.
    """

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
        """As `Cells.parts`, in one part."""
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


def tiles(trunk, image, cell: int) -> Iterator[tuple]:
    """Rows and columns, and of their cells the derivatives (rows, columns, 41 c) and the means of the trunk's
    maps.

    Tile by tile, but as a whole from a trunk without ``iter_dense``; no maps where the trunk is None.
    """
    if trunk is None:
        yield from derivative_tiles(image, TILE, cell)
    elif hasattr(trunk, "iter_dense"):
        maps = trunk.iter_dense(image[None], tile=TILE, cell=cell)
        for plain, (*_, more) in zip(derivative_tiles(image, TILE, cell), maps, strict=True):
            yield *plain, more
    else:
        (plain,) = derivative_tiles(image, max(image.shape[:2]), cell)
        maps = trunk.transform_dense(image[None])[0].transpose(2, 0, 1)
        yield *plain, cell_means(maps, cell).transpose(1, 2, 0)


def derivative_tiles(image: np.ndarray, tile: int, cell: int) -> Iterator[tuple]:
    """Rows and columns, and the features (rows, columns, 41 c) of their cells, by tiles."""
    sight, grid = Sight(image), grid_of(image.shape, cell)
    for rows, columns in areas(everywhere((grid.rows, grid.columns)), tile):
        width = min(columns.stop * cell, sight.shape[1])
        along, parts = slice(columns.start * cell, width), []
        band = max(BAND // ((width - along.start) * cell), 1)
        for start in range(rows.start, rows.stop, band):
            down = slice(start * cell, min(min(start + band, rows.stop) * cell, sight.shape[0]))
            maps = cell_means(sight.pyramid.box(down, along), cell).transpose(1, 2, 0)
            parts.append(sight.light.features(maps))
        yield rows, columns, np.concatenate(parts)


def cell_means(planes: np.ndarray, cell: int) -> np.ndarray:
    """Means of planes (k, h, w) over squares of ``cell`` pixels, (k, rows, columns); those at the right and
    lower edge hold what is left. Sums of slices are made ten times as fast as by ``reduceat``."""
    for axis in (1, 2) if cell > 1 else ():
        length = planes.shape[axis]
        steps = [planes[:, i::cell] if axis == 1 else planes[:, :, i::cell] for i in range(min(cell, length))]
        total = steps[0].copy()
        for part in steps[1:]:
            total[:, : part.shape[1], : part.shape[2]] += part
        sizes = np.full(total.shape[axis], cell, planes.dtype)
        sizes[-1] = length - (len(sizes) - 1) * cell
        planes = total / (sizes[:, None] if axis == 1 else sizes)
    return planes
