"""Activations that look at all filters of a patch at once, and poolings that are neither sum nor maximum.

Slower than ``conv.py``, which rectifies and pools in registers: here the responses of a tile's patches go
through a buffer that stays in the cache. What a tile computes is in ``_tiles.py``; with a threshold of 0 the
response of a filter is z = u - v.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._jit import kernel
from ._tiles import FILTERS, PIXELS, Patches, keep
from .conv import ABSOLUTE, TWO_SIDED

LINEAR, MODULUS, TRIANGLE = 3, 4, 5  # beside TWO_SIDED, RELU and ABSOLUTE
SUM, MAXIMUM, POWER, POSITIVE = 0, 1, 2, 3


class Encoding(NamedTuple):
    """How responses become a code and codes a pooled one.

    ``activation``: TWO_SIDED ... TRIANGLE. ``lengths`` (k,): one number a filter, for TRIANGLE the squared
    lengths of the centroids; the filters of the bank after the first k give the coordinates whose squares
    add up to the squared length of the patch. ``pooling``: SUM, MAXIMUM, POWER (the sum of ``|code|^power``)
    or POSITIVE (how many are above 0).
    """

    activation: int
    lengths: np.ndarray
    pooling: int
    power: float


@kernel()
def _triangle(u, v, lengths, code):
    """``max(0, mean of the distances - distance to centroid k)``."""
    k = lengths.size
    square = u[0] * 0
    for j in range(k, u.size):
        z = u[j] - v[j]
        square += z * z
    mean = u[0] * 0
    for i in range(k):
        distance = np.sqrt(max(square - 2 * (u[i] - v[i]) + lengths[i], u[0] * 0))
        code[i] = distance
        mean += distance
    mean /= k
    for i in range(k):
        code[i] = max(mean - code[i], u[0] * 0)


@kernel()
def _modulus(u, v, code):
    """``sqrt(z_i^2 + z_(i + k/2)^2)``."""
    for i in range(code.size):
        j = i + code.size
        even, odd = u[i] - v[i], u[j] - v[j]
        code[i] = np.sqrt(even * even + odd * odd)


@kernel()
def _encode(u, v, encoding, code):
    """The code of one patch from its u and v; both (n,), n at least the filters of the bank."""
    k = encoding.lengths.size
    if encoding.activation == TRIANGLE:
        _triangle(u, v, encoding.lengths, code)
    elif encoding.activation == MODULUS:
        _modulus(u, v, code)
    elif encoding.activation == LINEAR:
        for i in range(k):
            code[i] = u[i] - v[i]
    elif encoding.activation == ABSOLUTE:
        for i in range(k):
            code[i] = u[i] + v[i]
    else:
        code[:k] = u[:k]
        if encoding.activation == TWO_SIDED:
            code[k:] = v[:k]


@kernel()
def _pool(code, encoding, into):
    if encoding.pooling == SUM:
        for i in range(code.size):
            into[i] += code[i]
    elif encoding.pooling == MAXIMUM:
        for i in range(code.size):
            into[i] = max(into[i], code[i])
    elif encoding.pooling == POSITIVE:
        for i in range(code.size):
            into[i] += code[i] > 0
    elif encoding.power == 2:
        for i in range(code.size):
            into[i] += code[i] * code[i]
    else:
        for i in range(code.size):
            into[i] += abs(code[i]) ** encoding.power


@kernel()
def pool_codes(images, scales, sites, bank, encoding, out):
    """Codes of a block of images, pooled over cells.

    images (B, size), scales (B, n_scales), out (B * cells, channels), which is overwritten; all
    C-contiguous and of one floating type.
    """
    n_cells, n_panels = sites.start.size - 1, bank.panels.shape[0]
    sides = np.empty((PIXELS, 2, n_panels * FILTERS), images.dtype)
    code = np.empty(out.shape[1], images.dtype)
    out[:] = -np.inf if encoding.pooling == MAXIMUM else 0
    for b in range(images.shape[0]):
        patches = Patches(sites.offset, scales[b][sites.index], sites.weight)
        for cell in range(n_cells):
            for first in range(sites.start[cell] * PIXELS, sites.start[cell + 1] * PIXELS, PIXELS):
                for panel in range(n_panels):
                    keep(images[b], sites.taps, patches, first, bank, panel, sides)
                for p in range(PIXELS):
                    if sites.weight[first + p] > 0:
                        _encode(sides[p, 0, : bank.n_filters], sides[p, 1, : bank.n_filters], encoding, code)
                        _pool(code, encoding, out[b * n_cells + cell])


@kernel()
def map_codes(image, scales, sites, bank, encoding, out, column):
    """Codes of one image at chosen places, not pooled.

    image (size,), scales (n_scales,); row i of out (m, width) receives, from ``column`` on, the channels
    of the i-th of the first m patches of ``sites``.
    """
    n_panels, k = bank.panels.shape[0], encoding.lengths.size
    sides = np.empty((PIXELS, 2, n_panels * FILTERS), image.dtype)
    width = k // 2 if encoding.activation == MODULUS else (2 * k if encoding.activation == TWO_SIDED else k)
    patches = Patches(sites.offset, scales[sites.index], sites.weight)
    for first in range(0, out.shape[0], PIXELS):
        for panel in range(n_panels):
            keep(image, sites.taps, patches, first, bank, panel, sides)
        for p in range(min(PIXELS, out.shape[0] - first)):
            code = out[first + p, column : column + width]
            _encode(sides[p, 0, : bank.n_filters], sides[p, 1, : bank.n_filters], encoding, code)
