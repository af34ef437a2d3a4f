"""The tile: PIXELS patches times FILTERS filters, convolved, activated, and joined in groups of patches.

``tile_plain`` defines what a tile does. It is what runs with the JIT switched off and on processors whose
vectors are not known; elsewhere ``_emitted.py`` emits the same for the machine. Nothing is bounds-checked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _emitted, _machine, _vectors
from ._jit import kernel
from ._rules import ABSOLUTE, NOTHING, TWO_SIDED, unpack

_MACHINE = _machine.machine()
PIXELS = 6 if _MACHINE is None else _MACHINE.pixels
FILTERS = 16 if _MACHINE is None else _MACHINE.filters

GROUPS = (PIXELS, 2, 1)  # patches that are joined: CELL, PAIR, SINGLE


class Bank(NamedTuple):
    """Filters as the tiles take them: ``panels`` (n, runs, run_length, FILTERS), ``bias`` (n, 2, FILTERS).

    Zeros fill up the last panel; ``n_filters`` says how many filters are real. ``first`` is the number of
    the first panel in the bank that this one is a part of; ``n_filters`` counts all of that bank.
    """

    panels: np.ndarray
    bias: np.ndarray
    n_filters: int
    first: int


class Work(NamedTuple):
    """A flat image, what the responses of its patches are multiplied by, ``sites.Sites``, the filters."""

    image: np.ndarray
    scales: np.ndarray
    sites: NamedTuple
    bank: Bank


class Target(NamedTuple):
    """Flat ``values``, the ``places`` in it of a set of tiles, and from one sign to the other."""

    values: np.ndarray
    places: np.ndarray
    side: int


_unpack = kernel()(unpack)


@kernel()
def _sides(work, p, panel, f):
    """``z - threshold`` and ``-z - threshold`` of patch ``p`` and filter ``f`` of a panel."""
    filters = work.bank.panels[panel]
    dot = work.image[0] * 0
    for r in range(filters.shape[0]):
        for t in range(filters.shape[1]):
            dot += work.image[work.sites.offset[p] + work.sites.taps[r] + t] * filters[r, t, f]
    z = dot * work.scales[work.sites.index[p]]
    return z + work.bank.bias[panel, 0, f], work.bank.bias[panel, 1, f] - z


@kernel()
def _activated(above, below, activation, side):
    if activation == NOTHING:
        return above
    zero = above * 0
    if activation == ABSOLUTE:
        return max(max(above, below), zero)
    return max(above if side == 0 else below, zero)


@kernel()
def _joined(value, weight, old, first, maximum):
    if maximum:
        return value if first else max(value, old)
    return weight * value + (value * 0 if first else old)


def tile_plain(work, number, panel, target, at, first, what):
    """Compute tile ``number`` of the sites with the filters of one panel. For patch p and filter f:

        z = scales[index[p]] * sum over r, t of image[offset[p] + taps[r] + t] * panels[panel, r, t, f]
        a = z + bias[panel, 0, f],   b = bias[panel, 1, f] - z

    becomes a, max(a, 0), max(a, b, 0), or both max(a, 0) and max(b, 0), by the activation. Groups of patches
    that follow each other are joined by the maximum or the weighted sum, and with what is at their place
    unless they are the ``first`` there. Group j and sign i go to the values of target at
    ``places[at + j] + i * side + (bank.first + panel) * FILTERS + f``.
    """
    activation, group, maximum = _unpack(what)
    size = GROUPS[group]
    column = (work.bank.first + panel) * FILTERS
    for p in range(PIXELS):
        for f in range(FILTERS):
            above, below = _sides(work, number * PIXELS + p, panel, f)
            for side in range(2 if activation == TWO_SIDED else 1):
                i = target.places[at + p // size] + side * target.side + column + f
                value = _activated(above, below, activation, side)
                weight = work.sites.weight[number * PIXELS + p]
                begins = first and p % size == 0
                target.values[i] = _joined(value, weight, target.values[i], begins, maximum)


def copy_plain(source, start, target, place, count):
    """``target[place : place + count] = source[start : start + count]`` for flat arrays."""
    for i in range(count):
        target[place + i] = source[start + i]


def _best(plain, emitted):
    return kernel()(plain) if _MACHINE is None else emitted


tile = _best(tile_plain, _MACHINE and _emitted.tile(_MACHINE))
copy = _best(copy_plain, _vectors.copy)
