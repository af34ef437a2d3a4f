"""The tile: PIXELS patches times FILTERS filters, convolved, rectified, and pooled or kept.

The plain functions define what a tile does. They are the ones that run with the JIT switched off and
on processors whose vectors are not known; elsewhere ``_vectors.py`` emits the same for the machine.

Every function takes ``(image, row_stride, patches, first, panel, bias, into)``: a flat image, the number
of values from one of its rows to the next, the patches, the first one of this tile, the filters as
``panel`` (rows, row_length, FILTERS), their ``bias`` (2, FILTERS), and where the result goes. All arrays
are C-contiguous, the floating ones of one type; nothing is bounds-checked. For patch p and filter f

    z = scale[p] * sum over r, t of image[offset[p] + r * row_stride + t] * panel[r, t, f]
    u = max(z + bias[0, f], 0)      v = max(bias[1, f] - z, 0)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _vectors
from ._jit import kernel

_MACHINE = _vectors.machine()
PIXELS = 6 if _MACHINE is None else _MACHINE.pixels
FILTERS = 16 if _MACHINE is None else _MACHINE.filters


class Patches(NamedTuple):
    """Patches in the order in which tiles take them, their number a multiple of PIXELS.

    ``offset`` (n,) int64: the place of a patch's first value in the flat image. ``scale`` (n,): what its
    responses are multiplied by. ``weight`` (n,): 1, or 0 for a patch that only fills up a tile.
    """

    offset: np.ndarray
    scale: np.ndarray
    weight: np.ndarray


@kernel()
def _dot(image, row_stride, corner, panel, f):
    total = image[0] * 0
    for r in range(panel.shape[0]):
        for t in range(panel.shape[1]):
            total += image[corner + r * row_stride + t] * panel[r, t, f]
    return total


def add_plain(image, row_stride, patches, first, panel, bias, into):
    """Add the weighted u and v of all pixels to ``into`` (2, FILTERS)."""
    for p in range(first, first + PIXELS):
        for f in range(FILTERS):
            z = patches.scale[p] * _dot(image, row_stride, patches.offset[p], panel, f)
            into[0, f] += patches.weight[p] * max(z + bias[0, f], 0)
            into[1, f] += patches.weight[p] * max(bias[1, f] - z, 0)


def maximum_plain(image, row_stride, patches, first, panel, bias, into):
    """Raise ``into`` (2, FILTERS) to the largest u and v of the pixels; it must start at 0 or above."""
    for p in range(first, first + PIXELS):
        for f in range(FILTERS):
            z = patches.scale[p] * _dot(image, row_stride, patches.offset[p], panel, f)
            into[0, f] = max(into[0, f], z + bias[0, f])
            into[1, f] = max(into[1, f], bias[1, f] - z)


def keep_plain(image, row_stride, patches, first, panel, bias, into):
    """Write u and v of every pixel to ``into`` (2, PIXELS, FILTERS)."""
    for p in range(PIXELS):
        for f in range(FILTERS):
            z = patches.scale[first + p] * _dot(image, row_stride, patches.offset[first + p], panel, f)
            into[0, p, f] = max(z + bias[0, f], 0)
            into[1, p, f] = max(bias[1, f] - z, 0)


def _best(plain, finish):
    return kernel()(plain) if _MACHINE is None else _vectors.emitted(_MACHINE, finish)


add = _best(add_plain, "add")
maximum = _best(maximum_plain, "maximum")
keep = _best(keep_plain, "keep")
