"""Feature maps at every pixel, at cells of pixels, or at chosen pixels: piece by piece, scale by scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from skmtl.kernels.grids import pool_cells
from skmtl.utils._parallel import run_blocks

from ._convolution import Convolution
from ._geometry import neighbours, slices
from ._scale import Scale

# What is computed at once: enough to hide the calls, little enough for the cache.
PIECE_PIXELS, PIECE_COLUMNS = 2**14, 2**9


class DenseMaps:
    """Maps of images (h, w, c) at several scales: their means over cells of ``cell`` x ``cell`` pixels.

    A cell at the right or lower edge holds the pixels that are left.
    """

    def __init__(self, convolution: Convolution, factors: Sequence[int], cell: int, n_jobs):
        self.scales = [Scale(convolution, factor) for factor in factors]
        self.channels, self.dtype = convolution.n_channels, convolution.dtype
        self.cell, self.n_jobs = cell, n_jobs

    def shape(self, image) -> tuple[int, int, int]:
        """Rows, columns and channels of the maps of ``image``."""
        rows, columns = (-(-length // self.cell) for length in image.shape[:2])
        return rows, columns, self.channels * len(self.scales)

    def fill(self, images: Sequence, outs: Sequence[np.ndarray]) -> None:
        """Write the maps of each image to the array of their shape that stands at its place in ``outs``."""
        pairs = zip(images, outs, strict=True)
        self._run([piece for image, out in pairs for piece in self._pieces(image, (0, 0), out)])

    def tiles(self, images: Sequence, side: int) -> Iterator[tuple[int, slice, slice, np.ndarray]]:
        """Image number, rows, columns and maps of tiles of at most ``side`` x ``side`` cells."""
        for i, image in enumerate(images):
            height, width, channels = self.shape(image)
            for rows in slices(height, side):
                for columns in slices(width, side):
                    size = rows.stop - rows.start, columns.stop - columns.start
                    out = np.empty((*size, channels), self.dtype)
                    self._run(self._pieces(image, (rows.start, columns.start), out))
                    yield i, rows, columns, out

    def at(self, images: Sequence, places) -> np.ndarray:
        """Maps (m, channels) at the pixels ``places`` = (image, row, column), three arrays (m,)."""
        image, row, column = places
        out = np.empty((len(image), self.channels * len(self.scales)), self.dtype)

        def work(chosen: np.ndarray) -> None:
            this, some = images[image[chosen[0]]], np.empty((len(chosen), out.shape[1]), self.dtype)
            for i, scale in enumerate(self.scales):
                scale.write_pixels(this, row[chosen], column[chosen], some, i * self.channels)
            out[chosen] = some

        run_blocks(work, neighbours(image, row, column), self.n_jobs)
        return out

    def _run(self, pieces: list[tuple]) -> None:
        run_blocks(lambda piece: self._write(*piece), pieces, self.n_jobs)

    def _pieces(self, image, start: tuple[int, int], out) -> list[tuple]:
        """What to give ``_write`` to fill ``out`` (rows, columns, channels), which begins at ``start``."""
        pieces = []
        for i, scale in enumerate(self.scales):
            height, width, _ = out.shape
            # At factor 1 whole rows are written.
            across = width if scale.factor == 1 else min(width, max(PIECE_COLUMNS // self.cell, 1))
            for rows in slices(height, PIECE_PIXELS // (across * self.cell**2)):
                pieces += [(image, i, start, rows, columns, out) for columns in slices(width, across)]
        # What lies together in ``out`` is written one after the other.
        return sorted(pieces, key=lambda piece: piece[3].start)

    def _write(self, image, i: int, start, rows: slice, columns: slice, out) -> None:
        """Write scale i of the cells ``rows`` x ``columns`` of ``out``, whose first cell is ``start``."""
        corner = rows.start, columns.start, i * self.channels
        pixels = [
            slice((first + part.start) * self.cell, min((first + part.stop) * self.cell, length))
            for first, part, length in zip(start, (rows, columns), image.shape[:2], strict=True)
        ]
        if self.cell == 1:
            self.scales[i].write_box(image, *pixels, out, corner)
            return
        maps = np.empty((*(part.stop - part.start for part in pixels), self.channels), self.dtype)
        self.scales[i].write_box(image, *pixels, maps, (0, 0, 0))
        pool_cells(maps, self.cell, out, corner)
