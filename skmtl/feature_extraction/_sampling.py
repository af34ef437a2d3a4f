"""Patches drawn from images: uniformly, without repetition, from one set of images or from a stream."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.utils.random import sample_without_replacement

from ._geometry import reflected
from ._layers import Geometry


class Places(NamedTuple):
    """Patches by the number of their image and the row and column among all places, whatever the stride.

    Three arrays (m,); with ``channel``, a fourth, a patch is of that channel alone.
    """

    image: np.ndarray
    row: np.ndarray
    column: np.ndarray
    channel: np.ndarray | None = None

    def take(self, chosen) -> Places:
        return Places(*(None if one is None else one[chosen] for one in self))


class Sample(NamedTuple):
    """A uniform sample of all patches that have been seen: ``patches`` (m, kh, kw, c), float64.

    Every patch that is seen gets a random number in (0, 1); the sample is the m patches with the smallest,
    ``keys`` (m,), which a stream can keep up without knowing its length (Efraimidis & Spirakis, "Weighted
    random sampling with a reservoir", Information Processing Letters 2006, with equal weights).
    """

    patches: np.ndarray
    keys: np.ndarray


def draw_places(shapes, geometry: Geometry, count: int, channels: int | None, rng):
    """At most ``count`` of the patches of images of ``shapes`` (n, 2), and their keys: the smallest of all.

    ``channels``: how many there are to choose one from for each patch, or None to take all.
    """
    every = geometry._replace(window=geometry.window._replace(stride=(1, 1)))
    sizes, which = np.unique(shapes, axis=0, return_inverse=True)
    grids = np.array([every.grid(shape) for shape in sizes.tolist()])[which.ravel()]
    ends = np.cumsum(grids[:, 0] * grids[:, 1])
    total = int(ends[-1])
    flat = sample_without_replacement(total, min(count, total), random_state=rng)
    image = np.searchsorted(ends, flat, side="right")
    row, column = np.divmod(flat - np.concatenate([[0], ends])[image], grids[image, 1])
    channel = None if channels is None else rng.randint(channels, size=len(flat))
    return Places(image, row, column, channel), _smallest_keys(len(flat), total, rng)


def _smallest_keys(count: int, total: int, rng) -> np.ndarray:
    """The ``count`` smallest of ``total`` uniform numbers, in no order.

    Order statistics of uniform numbers are partial sums of exponential ones, divided by the full sum.
    """
    sums = np.cumsum(rng.exponential(size=count))
    rest = rng.gamma(total + 1 - count)
    return rng.permutation(sums / (sums[-1] + rest))


def gather(images: np.ndarray, at: Places, geometry: Geometry) -> np.ndarray:
    """The patches ``at`` places of images (n, h, w, c), float64 (m, kh, kw, c)."""
    window, reach = geometry.window, geometry.window.reach()
    axes = []
    for axis, first in ((0, at.row), (1, at.column)):
        taps = np.arange(window.size[axis]) * window.dilation[axis]
        inside = _padded_index(images.shape[1 + axis], reach[axis], geometry.padding)
        axes.append(inside[first[:, None] + taps])
    rows, columns = axes[0][:, :, None], axes[1][:, None, :]
    chosen = at.image[:, None, None], rows, columns
    if at.channel is not None:
        chosen = (*chosen, at.channel[:, None, None])
    patches = images[chosen].astype(np.float64).reshape(*np.broadcast_shapes(rows.shape, columns.shape), -1)
    patches[np.broadcast_to((rows < 0) | (columns < 0), patches.shape[:3])] = 0
    return patches


def _padded_index(length: int, reach: int, padding: str) -> np.ndarray:
    """Where each place of a padded axis comes from: an index into the axis, or -1 for a zero."""
    if padding == "reflect":
        return reflected(length, reach)
    if padding == "valid":
        return np.arange(length)
    index = np.arange(-((reach - 1) // 2), length + reach // 2)
    return np.where((index >= 0) & (index < length), index, -1)


def merge(first: Sample, second: Sample, count: int) -> Sample:
    """The ``count`` patches with the smallest keys of two samples."""
    keys = np.concatenate([first.keys, second.keys])
    kept = np.sort(np.argsort(keys, kind="stable")[:count])
    return Sample(np.concatenate([first.patches, second.patches])[kept], keys[kept])
