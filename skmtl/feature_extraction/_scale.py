"""Feature maps of an image at one scale: for a rectangle of pixels, or for chosen pixels.

What is computed at a pixel depends on the image around it alone, not on the rectangle that it is computed
in, to the bit.
"""

from __future__ import annotations

import numpy as np

from skmtl.kernels.grids import enlarge, shrink

from . import _geometry
from ._convolution import Convolution


class Scale:
    """A convolution on images reduced by ``factor``, its maps interpolated back to the pixels."""

    def __init__(self, convolution: Convolution, factor: int):
        self.convolution, self.factor = convolution, factor
        self.channels, self.dtype = convolution.n_channels, convolution.dtype
        self._everywhere = {}  # shape of the patches -> all their sites: most rectangles have the same

    def write_box(self, image, rows: slice, columns: slice, out, corner) -> None:
        """Put the maps at pixels ``rows`` x ``columns`` of ``image`` (h, w, c) into ``out`` (r, s, width).

        ``corner`` is where they go: row, column and channel. With factor 1 they must be as wide as ``out``.
        """
        if self.factor == 1:
            lines = out[corner[0] : corner[0] + rows.stop - rows.start].reshape(-1, out.shape[2])
            self._convolve(image, [rows, columns], None, lines, corner[2])
            return
        pixels = (np.arange(part.start, part.stop) for part in (rows, columns))
        down, along = self._between(image, *pixels)
        area = [slice(axis.first[0], axis.second[-1] + 1) for axis in (down, along)]
        maps = np.empty((*(part.stop - part.start for part in area), self.channels), self.dtype)
        self._convolve(image, area, None, maps.reshape(-1, self.channels), 0)
        enlarge(maps, down.less(area[0].start), along.less(area[1].start), out, corner)

    def write_pixels(self, image, rows, columns, out, channel: int) -> None:
        """Put the maps at pixel (rows[i], columns[i]) into row i of ``out`` (m, width) at ``channel``."""
        down, along = self._between(image, rows, columns)
        area = [slice(axis.first.min(), axis.second.max() + 1) for axis in (down, along)]
        down, along = down.less(area[0].start), along.less(area[1].start)
        width = area[1].stop - area[1].start
        corners = [y * width + x for x in along[:2] for y in down[:2]]
        places, index = np.unique(corners, return_inverse=True)
        maps = np.empty((len(places), self.channels), self.dtype)
        self._convolve(image, area, places, maps, 0)
        values = maps[index.reshape(4, -1)]
        # As ``enlarge`` does it, in the same order: first between the rows, then between the columns.
        left, right = (_mix(*pair, down.share) for pair in (values[:2], values[2:]))
        out[:, channel : channel + self.channels] = _mix(left, right, along.share)

    def _between(self, image, rows, columns):
        return (
            _geometry.between(pixels, self.factor, length, self.dtype)
            for pixels, length in zip((rows, columns), image.shape[:2], strict=True)
        )

    def _convolve(self, image, area, places, out, channel: int) -> None:
        """Maps at the cells of ``area`` (two slices) of the reduced image, cell i in row i of ``out``.

        Cells are counted row by row; ``places`` chooses some of them, None means all.
        """
        convolution = self.convolution
        patches = self._around(image, area)
        scales = convolution.scales(patches[None])[0]
        sites = self._sites(patches.shape) if places is None else convolution.sites([places], patches.shape)
        convolution.write(patches.reshape(-1), scales, sites, out, channel)

    def _sites(self, shape):
        """All patches of an image of ``shape``."""
        if shape not in self._everywhere:
            rows, columns = self.convolution.window.grid(shape)
            self._everywhere[shape] = self.convolution.sites([np.arange(rows * columns)], shape)
        return self._everywhere[shape]

    def _around(self, image, area) -> np.ndarray:
        """The reduced image at the cells of ``area`` and around them, as far as the filters reach."""
        factor, cells = self.factor, []
        for part, length, reach in zip(area, image.shape, self.convolution.reach, strict=False):
            every = _geometry.reflected(-(-length // factor), reach)
            cells.append(every[part.start : part.stop + reach - 1])
        starts = [axis.min() for axis in cells]
        rows, columns = (slice(axis.min() * factor, (axis.max() + 1) * factor) for axis in cells)
        pixels = np.require(image[rows, columns], self.dtype, ["C", "A", "W"])
        out = np.empty((len(cells[0]), len(cells[1]), image.shape[2]), self.dtype)
        shrink(pixels, factor, cells[0] - starts[0], cells[1] - starts[1], out)
        return out


def _mix(first, second, share):
    return first + share[:, None] * (second - first)
