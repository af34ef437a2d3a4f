"""The tile: PIXELS patches times FILTERS filters, convolved, rectified, and pooled or kept.

The plain functions define what a tile does. They are the ones that run with the JIT switched off and
on processors whose vectors are not known; elsewhere ``_vectors.py`` emits the same for the machine.

Every function takes ``(image, taps, patches, first, bank, panel, into)``: a flat image, how far each of a
patch's runs of contiguous values is from its first value (int64), the patches, the first one of this tile,
the filters, the panel of them to use, and where the result goes: at ``column = panel * FILTERS`` of the
last axis. All arrays are C-contiguous, the floating ones of one type; nothing is bounds-checked. For patch
p and filter f:

    z = scale[p] * sum over r, t of image[offset[p] + taps[r] + t] * panels[panel, r, t, f]
    u = max(z + bias[panel, 0, f], 0)      v = max(bias[panel, 1, f] - z, 0)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _vectors
from ._jit import kernel

_MACHINE = _vectors.machine()
PIXELS = 6 if _MACHINE is None else _MACHINE.pixels
FILTERS = 16 if _MACHINE is None else _MACHINE.filters


class Bank(NamedTuple):
    """Filters as the tiles take them: ``panels`` (n, runs, run_length, FILTERS), ``bias`` (n, 2, FILTERS).

    Zeros fill up the last panel; ``n_filters`` says how many filters are real.
    """

    panels: np.ndarray
    bias: np.ndarray
    n_filters: int


class Patches(NamedTuple):
    """Patches in the order in which tiles take them, their number a multiple of PIXELS.

    ``offset`` (n,) int64: the place of a patch's first value in the flat image. ``scale`` (n,): what its
    responses are multiplied by. ``weight`` (n,): 1, or 0 for a patch that only fills up a tile.
    """

    offset: np.ndarray
    scale: np.ndarray
    weight: np.ndarray


@kernel()
def _sides(image, taps, patches, p, bank, panel, f):
    """u and v of patch ``p`` and filter ``f`` of a panel."""
    filters = bank.panels[panel]
    dot = image[0] * 0
    for r in range(filters.shape[0]):
        for t in range(filters.shape[1]):
            dot += image[patches.offset[p] + taps[r] + t] * filters[r, t, f]
    z = dot * patches.scale[p]
    above, below = z + bank.bias[panel, 0, f], bank.bias[panel, 1, f] - z
    return above if above > 0 else dot * 0, below if below > 0 else dot * 0


def add_plain(image, taps, patches, first, bank, panel, into):
    """Add the weighted u and v of all pixels to ``into`` (2, n), two rows."""
    for p in range(first, first + PIXELS):
        for f in range(FILTERS):
            u, v = _sides(image, taps, patches, p, bank, panel, f)
            into[0, panel * FILTERS + f] += patches.weight[p] * u
            into[1, panel * FILTERS + f] += patches.weight[p] * v


def maximum_plain(image, taps, patches, first, bank, panel, into):
    """Raise ``into`` (2, n) to the largest u and v of the pixels."""
    for p in range(first, first + PIXELS):
        for f in range(FILTERS):
            u, v = _sides(image, taps, patches, p, bank, panel, f)
            column = panel * FILTERS + f
            into[0, column] = max(into[0, column], u)
            into[1, column] = max(into[1, column], v)


def keep_plain(image, taps, patches, first, bank, panel, into):
    """Write u and v of every pixel to ``into`` (PIXELS, 2, n)."""
    for p in range(PIXELS):
        for f in range(FILTERS):
            u, v = _sides(image, taps, patches, first + p, bank, panel, f)
            into[p, 0, panel * FILTERS + f] = u
            into[p, 1, panel * FILTERS + f] = v


def copy_plain(source, start, target, place, count):
    """``target[place : place + count] = source[start : start + count]`` for flat arrays."""
    for i in range(count):
        target[place + i] = source[start + i]


def _best(plain, emitted):
    return kernel()(plain) if _MACHINE is None else emitted


add = _best(add_plain, _MACHINE and _vectors.emitted(_MACHINE, "add"))
maximum = _best(maximum_plain, _MACHINE and _vectors.emitted(_MACHINE, "maximum"))
keep = _best(keep_plain, _MACHINE and _vectors.emitted(_MACHINE, "keep"))
copy = _best(copy_plain, _vectors.copy)
