"""The tile: PIXELS patches times FILTERS filters, convolved, activated, and joined in groups of patches.

``tile_plain`` defines what a tile does. It is what runs with the JIT switched off and on processors whose
vectors are not known; elsewhere ``_emitted.py`` emits the same for the machine. Nothing is bounds-checked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _emitted, _emitted_bytes, _emitted_squares, _machine, _vectors
from ._jit import kernel
from ._rules import ABSOLUTE, DOT, LINEAR, SINGLE, TWO_SIDED, unpack

_MACHINE = _machine.machine()
EMITTED = _MACHINE is not None
BYTES = EMITTED and _MACHINE.bytes  # whether there is a tile for images of bytes
PIXELS = 6 if _MACHINE is None else _MACHINE.pixels
FILTERS = 16 if _MACHINE is None else _MACHINE.filters

# Winograd's matrices B' and A' of F(2, 3): two outputs of a filter of three, from four products.
_SPREAD = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], np.float32)
_FOLD = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], np.float32)
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


class ByteBank(NamedTuple):
    """A `Bank` for images of bytes: ``panels`` (n, blocks, words, FILTERS, 4), int8.

    The sums of each filter are multiplied by one of ``factors`` (n, FILTERS), int32, and as floats by one of
    ``units`` (n, FILTERS), powers of two: nothing is rounded, in whatever order a compiler multiplies.
    """

    panels: np.ndarray
    bias: np.ndarray
    n_filters: int
    first: int
    factors: np.ndarray
    units: np.ndarray


class Work(NamedTuple):
    """A flat image, what the responses of its patches are multiplied by, ``sites.Sites``, the filters."""

    image: np.ndarray
    scales: np.ndarray
    sites: NamedTuple
    bank: Bank


class Target(NamedTuple):
    """Flat ``values``, ``places`` in it, from one sign to the other, and the first filter's ``column``."""

    values: np.ndarray
    places: np.ndarray
    side: int
    column: int


_unpack = kernel()(unpack)


@kernel()
def _dot(work, p, panel, f):
    filters = work.bank.panels[panel]
    dot = work.image[0] * 0
    for r in range(filters.shape[0]):
        for t in range(filters.shape[1]):
            dot += work.image[work.sites.offset[p] + work.sites.taps[r] + t] * filters[r, t, f]
    return dot


@kernel()
def activated(dot, scale, bias, f, activation, side):
    """The activation of filter ``f`` by its ``bias`` (2, FILTERS); ``side`` 1 is the negative one."""
    if activation == DOT:
        return dot
    above, below, zero = dot * scale + bias[0, f], bias[1, f] - dot * scale, dot * 0
    if activation == LINEAR:
        return above
    if activation == ABSOLUTE:
        return max(max(above, below), zero)
    return max(above if side == 0 else below, zero)


@kernel()
def joined(value, weight, old, first, maximum):
    """``value`` joined with what there is, unless it is the ``first``."""
    if maximum:
        return value if first else max(value, old)
    return weight * value + (value * 0 if first else old)


def tile_plain(work, panel, turn, target, what):
    """Compute one tile with the filters of one panel. ``turn`` is the number of the tile, the first of its
    ``places`` in target, and whether it is the first tile there. For patch p and filter f:

        z = scales[index[p]] * sum over r, t of image[offset[p] + taps[r] + t] * panels[panel, r, t, f]
        a = z + bias[panel, 0, f],   b = bias[panel, 1, f] - z

    becomes a, max(a, 0), max(a, b, 0), or both max(a, 0) and max(b, 0), by the activation, or remains the
    bare sum. Groups of patches that follow each other are joined by the maximum or the weighted sum, and
    with what is at their place unless they are the first there. Group j and sign i go to the values of
    target at ``places[at + j] + i * side + column + f``.
    """
    number, at, first = turn
    activation, group, maximum = _unpack(what)
    size, bias = GROUPS[group], work.bank.bias[panel]
    for p in range(PIXELS):
        patch = number * PIXELS + p
        scale, weight = work.scales[work.sites.index[patch]], work.sites.weight[patch]
        for f in range(FILTERS):
            dot = _dot(work, patch, panel, f)
            for side in range(2 if activation == TWO_SIDED else 1):
                i = target.places[at + p // size] + side * target.side + target.column + f
                value = activated(dot, scale, bias, f, activation, side)
                begins = first and p % size == 0
                target.values[i] = joined(value, weight, target.values[i], begins, maximum)


def spread_plain(image, place, steps, into, at, apart):
    """``B' d B`` of 4 x 4 pixels d of every channel: Winograd's transform of the input of F(2 x 2, 3 x 3).

    Pixel (i, j) is at ``place + i * row + j * channels`` of the flat image, with ``steps`` = (row, channels);
    value (i, j) of the result goes to ``at + (4 * i + j) * apart`` of the flat ``into``. There are at least
    as many channels as a vector has lanes.
    """
    row, channels = steps
    for c in range(channels):
        for i in range(4):
            for j in range(4):
                total = image[place] * 0
                for k in range(4):
                    for m in range(4):
                        weight = _SPREAD[i, k] * _SPREAD[j, m]
                        total += weight * image[place + k * row + m * channels + c]
                into[at + (4 * i + j) * apart + c] = total


def fold_plain(sums, bank, panel, turn, out, what):
    """The four outputs ``A' m A`` of 4 x 4 sums m, activated and joined: Winograd's transform of the output.

    The sums (i, j) of a panel's filters are at ``at + (4 * i + j) * FILTERS`` of the flat ``sums``. Joined by
    the maximum or by the mean, those of sign i go to ``place + i * side`` of the flat ``out``; ``turn`` is
    (at, place, side). SINGLE outputs are not joined: number y goes to ``place + y * side``, of one sign.
    """
    at, place, side = turn
    activation, group, maximum = _unpack(what)
    for f in range(FILTERS):
        for sign in range(2 if activation == TWO_SIDED else 1):
            total = sums[at] * 0
            for y in range(4):
                dot = sums[at] * 0
                for i in range(4):
                    for k in range(4):
                        weight = _FOLD[y // 2, i] * _FOLD[y % 2, k]
                        dot += weight * sums[at + (4 * i + k) * FILTERS + f]
                value = activated(dot, dot * 0 + 1, bank.bias[panel], f, activation, sign)
                if group == SINGLE:
                    out[place + y * side + f] = value
                total = joined(value, dot * 0 + 0.25, total, y == 0, maximum)
            if group != SINGLE:
                out[place + sign * side + f] = total


def copy_plain(source, start, target, place, count):
    """``target[place : place + count] = source[start : start + count]`` for flat arrays."""
    for i in range(count):
        target[place + i] = source[start + i]


def _best(plain, emitted):
    return kernel()(plain) if _MACHINE is None else emitted


tile = _best(tile_plain, _MACHINE and _emitted.tile(_MACHINE, _emitted_bytes.ByteTile))
spread = _best(spread_plain, _MACHINE and _emitted_squares.spread(_MACHINE))
fold = _best(fold_plain, _MACHINE and _emitted_squares.fold(_MACHINE))
copy = _best(copy_plain, _vectors.copy)
