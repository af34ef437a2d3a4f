"""Sums over a list of places: the one inner loop of the way back through convolution and pooling.

``add_plain`` defines it. It is what runs with the JIT switched off and on processors whose vectors are not
known; elsewhere ``_emitted_sums.py`` emits the same for the machine. Nothing is bounds-checked.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _emitted_sums
from ._jit import kernel
from ._machine import VECTORS, machine

_MACHINE = machine()


class Terms(NamedTuple):
    """Where the terms of a sum begin in a flat array, ``offset`` int64, and what each is multiplied by."""

    offset: np.ndarray
    weight: np.ndarray


class Strip(NamedTuple):
    """What one sum covers of a patch: ``rows`` of it, ``width`` values each.

    A row of a patch or of a filter takes ``length`` values, a multiple of ``width``; those at its end that
    are no pixels of the patch count nothing.
    """

    rows: int
    width: int
    length: int


def cut(values: int, rows: int, dtype) -> Strip:
    """Strips of patches, ``rows`` rows of ``values`` each, whose sums fit into registers as a tile's do.

    The whole patch where there is room for it, else equal parts of one row.
    """
    lanes = 1 if _MACHINE is None else _MACHINE.vector_bytes // np.dtype(dtype).itemsize
    room = 12 if _MACHINE is None else VECTORS * _MACHINE.pixels
    vectors = -(-values // lanes)
    if rows * vectors <= room:
        return Strip(rows, vectors * lanes, vectors * lanes)
    parts = -(-vectors // room)
    width = -(-vectors // parts) * lanes
    return Strip(1, width, parts * width)


def add_plain(source, terms, target, turn, rows, width):
    """For r < rows and v < width, with (first, last, place, from_row, to_row) = turn:

        target[place + r * to_row + v] += sum over i of weight[i] * source[offset[i] + r * from_row + v]

    with the ``terms`` i from first to last. The arrays are flat and of one floating type; rows
    and width, a multiple of a vector's lanes, are known when the code is compiled.
    """
    first, last, place, from_row, to_row = turn
    for r in range(rows):
        for v in range(width):
            total = target[place] * 0
            for i in range(first, last):
                total += terms.weight[i] * source[terms.offset[i] + r * from_row + v]
            target[place + r * to_row + v] += total


add = kernel()(add_plain) if _MACHINE is None else _emitted_sums.add(_MACHINE)
