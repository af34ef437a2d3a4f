"""Brightness, edges and ridges at several scales: what filters that sum to zero, and learned ones, leave out.

Measured on nuclei (dsb2018), on images held out. 4,000 labelled pixels: mean intersection over union 0.836
from learned filters and blurred colours, 0.868 from derivatives alone, 0.851 from all. 120 whole masks:
average precision of instances 0.63 from learned filters and derivatives, 0.71 from derivatives alone; mean
intersection over union of the mask 0.89 and 0.88.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..feature_extraction import ConvFeatureExtractor, FixedFilters

SCALES, SIZE = (1, 2, 4, 8, 16), 7


def derivatives_at(image: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Features (m, 41 c) of pixels of an image (h, w) or (h, w, c)."""
    image = _with_channels(image)
    maps = _extractor(image.shape[2]).transform_dense(image[None], at=(np.zeros_like(row), row, column))
    return Light.of(image).features(maps)


def derivative_tiles(image: np.ndarray, tile: int | None, cell: int) -> Iterator[tuple]:
    """Rows and columns, and the same (rows, columns, 41 c) of their cells, by tiles; all at once for None."""
    image = _with_channels(image)
    extractor, light = _extractor(image.shape[2]), Light.of(image)
    if tile is None:
        told = light.features(extractor.transform_dense(image[None], cell=cell)[0])
        yield slice(0, told.shape[0]), slice(0, told.shape[1]), told
        return
    for _, rows, columns, maps in extractor.iter_dense(image[None], tile=tile, cell=cell):
        yield rows, columns, light.features(maps)


def _with_channels(image: np.ndarray) -> np.ndarray:
    return image if image.ndim == 3 else image[:, :, None]


@lru_cache(maxsize=8)
def _extractor(channels: int) -> ConvFeatureExtractor:
    """Derivatives of Gaussians at all scales, for images of any size."""
    extractor = ConvFeatureExtractor(
        FixedFilters(gaussian_derivatives(channels)),
        activation="linear",
        scales=SCALES,
        grid=1,
        image_shape=(None, None, channels),
    )
    return extractor.fit(np.zeros((1, 2 * SIZE, 2 * SIZE, channels)))


def gaussian_derivatives(channels: int) -> np.ndarray:
    """Filters (6 channels, SIZE, SIZE, channels), for each channel: a Gaussian, its Laplacian, its two first
    derivatives, and the two parts of its second derivatives that turn with the image."""
    x = np.arange(SIZE) - SIZE // 2
    g = np.exp(-(x**2) / 2)
    g /= g.sum()
    first, second = x * g, (x**2 - 1) * g
    second -= g * second.sum()
    along, down = np.outer(g, second), np.outer(second, g)
    kinds = [np.outer(g, g), along + down, np.outer(g, first), np.outer(first, g)]
    kinds += [(along - down) / 2, np.outer(first, first)]
    return np.einsum("kyx,cd->kcyxd", kinds, np.eye(channels)).reshape(-1, SIZE, SIZE, channels)


class Light(NamedTuple):
    """The mean colour (c,) of an image and the standard deviation of its pixels."""

    mean: np.ndarray
    spread: float

    @classmethod
    def of(cls, image: np.ndarray) -> Light:
        spread = float(image.std(dtype=np.float64))
        return cls(image.mean(axis=(0, 1), dtype=np.float64), spread if spread > 0 else 1.0)

    def features(self, maps: np.ndarray) -> np.ndarray:
        """Of maps (..., scales * 6 * c) the first two kinds and the lengths of the two pairs, which no turn
        of the image changes; the same of the image less its mean, over its standard deviation; and the mean:
        (..., 41 c) float32.

        Dim images and bright ones look alike to the second part: from 40 images of nuclei, some of them dim,
        the F1 of drawn outlines rose from 0.817 to 0.894, over two splits.
        """
        kinds = maps.reshape(*maps.shape[:-1], len(SCALES), 6, len(self.mean))
        lengths = np.hypot(kinds[..., 2::2, :], kinds[..., 3::2, :])
        told = np.concatenate([kinds[..., :2, :], lengths], axis=-2)
        even = told.copy()
        even[..., 0, :] -= self.mean.astype(even.dtype)
        even /= self.spread
        flat = (*maps.shape[:-1], -1)
        mean = np.broadcast_to(self.mean, (*maps.shape[:-1], len(self.mean)))
        return np.concatenate([told.reshape(flat), even.reshape(flat), mean], axis=-1, dtype=np.float32)


def quarters(image: np.ndarray) -> np.ndarray:
    """Means and standard deviations of the four quarters of an image, (8 c,) float32."""
    image = image if image.ndim == 3 else image[:, :, None]
    half = [(slice(0, -(-n // 2)), slice(n // 2, n)) for n in image.shape[:2]]
    parts = [image[rows, columns].astype(np.float64) for rows in half[0] for columns in half[1]]
    told = [statistic(part, axis=(0, 1)) for part in parts for statistic in (np.mean, np.std)]
    return np.concatenate(told).astype(np.float32)
