"""Brightness, edges and ridges at several scales: what filters that sum to zero, and learned ones, leave out.

Measured on nuclei (dsb2018), on images held out. 4,000 labelled pixels: mean intersection over union 0.836
from learned filters and blurred colours, 0.868 from derivatives alone, 0.851 from all. 120 whole masks:
average precision of instances 0.63 from learned filters and derivatives, 0.71 from derivatives alone; mean
intersection over union of the mask 0.89 and 0.88.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from ..feature_extraction._geometry import between, reflected

#: Scales, each half as fine as the one before, and numbers of a pixel at each, for each channel.
LEVELS, KINDS = 5, 4
#: Rows of an image that are converted at once; even.
BAND = 256


@cache
def taps() -> np.ndarray:
    """A Gaussian and its first and second derivative at 0, 1, 2 and 3, (3, 4) float32."""
    x = np.arange(4)
    both = np.array([1, 2, 2, 2])
    g = np.exp(-(x**2) / 2)
    g /= g @ both
    second = (x**2 - 1) * g
    return np.array([g, x * g, second - g * (second @ both)], dtype=np.float32)


class Pyramid:
    """Planes (c, h, w) less a number each, and their means over squares of 2, 4, 8, ... pixels, float32.

    P. Burt, E. Adelson, "The Laplacian pyramid as a compact image code", IEEE Transactions on Communications
    1983; with means in the place of Gaussians.
    """

    def __init__(self, planes: np.ndarray, less=0.0):
        self.planes = planes
        self.less = np.broadcast_to(np.asarray(less, np.float64), len(planes))[:, None, None]
        self.coarse: list[np.ndarray] = []

    def box(self, rows: slice, columns: slice, step: float = 1) -> np.ndarray:
        """Derivatives (LEVELS * c * KINDS, r, s) at the places ``rows`` x ``columns`` of a grid.

        They are interpolated; ``step`` places of the grid are as long as a pixel.
        """
        from ..kernels.derivatives import enlarge_planes

        places = [np.arange(part.start, part.stop) for part in (rows, columns)]
        out = np.empty((LEVELS, len(self.planes) * KINDS, *map(len, places)), np.float32)
        for i, target in enumerate(out):
            maps, ways = self._derived(i, places, step)
            if step * 2**i == 1:
                target[:] = maps
            else:
                enlarge_planes(maps, *ways, target)
        return out.reshape(-1, *out.shape[2:])

    def at(self, row: np.ndarray, column: np.ndarray, step: float = 1) -> np.ndarray:
        """The same at some places (m,), to the bit: (m, LEVELS * c * KINDS)."""
        out = np.empty((LEVELS, len(self.planes) * KINDS, len(row)), np.float32)
        for i, target in enumerate(out):
            maps, (down, along) = self._derived(i, [row, column], step)
            left, right = (
                _mix(maps[:, down.first, own], maps[:, down.second, own], down.share) for own in along[:2]
            )
            target[:] = _mix(left, right, along.share)
        return out.reshape(-1, len(row)).T

    def _derived(self, level: int, places: list[np.ndarray], step: float):
        """Planes of derivatives of a level, where some rows and columns of a grid lie, and between which."""
        from ..kernels.derivatives import derive

        factor, ways = step * 2**level, []
        for own, length in zip(places, self.planes.shape[1:], strict=True):
            ways.append(between(own, factor, -(-length >> level) * factor, np.float32))
        area = [slice(way.first.min(), way.second.max() + 1) for way in ways]
        planes, around = self._around(level, area)
        out = np.empty((len(planes), KINDS, *(part.stop - part.start for part in area)), np.float32)
        derive(planes, *around, taps(), out)
        ways = [way.less(part.start) for way, part in zip(ways, area, strict=True)]
        return out.reshape(-1, *out.shape[2:]), ways

    def _around(self, level: int, area: list[slice]) -> tuple[np.ndarray, list[np.ndarray]]:
        """Planes of a level, and which of their rows and columns stand in an area and around it."""
        from ..kernels.derivatives import SIZE

        planes = self.level(level) if level else self.planes
        cells = [
            reflected(length, SIZE)[part.start : part.stop + SIZE - 1]
            for part, length in zip(area, planes.shape[1:], strict=True)
        ]
        if level:
            return planes, cells
        rows, columns = (slice(axis.min(), axis.max() + 1) for axis in cells)
        return self._lessened(rows, columns), [axis - axis.min() for axis in cells]

    def level(self, number: int) -> np.ndarray:
        """The means over squares of ``2**number`` pixels; kept, for ``number`` from 1 on."""
        from ..kernels.derivatives import halve

        while len(self.coarse) < number:
            fine = self.coarse[-1] if self.coarse else self.planes
            out = np.empty((len(fine), *(-(-length // 2) for length in fine.shape[1:])), np.float32)
            if self.coarse:
                halve(fine, out)
            for start in () if self.coarse else range(0, fine.shape[1], BAND):
                rows = slice(start, min(start + BAND, fine.shape[1]))
                half = np.empty((len(fine), -(-(rows.stop - start) // 2), out.shape[2]), np.float32)
                halve(self._lessened(rows, slice(0, fine.shape[2])), half)
                out[:, start // 2 : start // 2 + half.shape[1]] = half
            self.coarse.append(out)
        return self.coarse[number - 1]

    def _lessened(self, rows: slice, columns: slice) -> np.ndarray:
        part = self.planes[:, rows, columns]
        wide = np.result_type(part.dtype, np.float32)
        return np.ascontiguousarray(np.subtract(part, self.less.astype(wide), dtype=wide), np.float32)


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    return first + share * (second - first)


class Light(NamedTuple):
    """The mean colour (c,) of an image and the standard deviation of its pixels."""

    mean: np.ndarray
    spread: float

    @classmethod
    def of(cls, image: np.ndarray) -> Light:
        spread = float(image.std(dtype=np.float64))
        return cls(image.mean(axis=(0, 1), dtype=np.float64), spread if spread > 0 else 1.0)

    def pyramid(self, image: np.ndarray) -> Pyramid:
        """Of the image (h, w, c) less its mean colour."""
        return Pyramid(image.transpose(2, 0, 1), self.mean)

    def view(self) -> tuple[np.ndarray, np.ndarray]:
        """The matrix (20 c, 41 c) and the shift (41 c,) by which derivatives of the image less its mean
        colour become those of the image itself; beside them the same over the image's standard deviation, and
        the mean.

        Dim images and bright ones look alike to the second part: from 40 images of nuclei, some of them dim,
        the F1 of drawn outlines rose from 0.817 to 0.894, over two splits.
        """
        c = len(self.mean)
        same, brightness = np.eye(LEVELS * c * KINDS), np.zeros((LEVELS, c, KINDS))
        brightness[:, :, 0] = self.mean
        matrix = np.concatenate([same, same / self.spread, np.zeros((len(same), c))], axis=1)
        return matrix, np.concatenate([brightness.ravel(), np.zeros(len(same)), self.mean])

    def features(self, maps: np.ndarray) -> np.ndarray:
        """Maps (..., 20 c) as the view has them, (..., 41 c) float32."""
        matrix, shift = self.view()
        n = maps.shape[-1]
        told = np.empty((*maps.shape[:-1], matrix.shape[1]), np.float32)
        told[..., :n], told[..., n : 2 * n] = maps, maps / np.float32(self.spread)
        told[..., 2 * n :] = 0
        return np.add(told, shift.astype(np.float32), out=told)


def with_channels(image: np.ndarray) -> np.ndarray:
    """An image (h, w) or (h, w, c) as (h, w, c)."""
    return image if image.ndim == 3 else image[:, :, None]


def quarters(image: np.ndarray) -> np.ndarray:
    """Means and standard deviations of the four quarters of an image, (8 c,) float32."""
    image = with_channels(image)
    half = [(slice(0, -(-n // 2)), slice(n // 2, n)) for n in image.shape[:2]]
    parts = [image[rows, columns].astype(np.float64) for rows in half[0] for columns in half[1]]
    told = [statistic(part, axis=(0, 1)) for part in parts for statistic in (np.mean, np.std)]
    return np.concatenate(told).astype(np.float32)
