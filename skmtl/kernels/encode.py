"""Activations that look at all filters of a patch at once, and poolings that are neither sum nor maximum.

They start from the rectified responses that ``conv.map_block`` writes, two sides of each filter at a
threshold of 0: the response is z = u - v.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._jit import kernel

TWO_SIDED, RELU, ABSOLUTE, LINEAR, MODULUS, TRIANGLE = range(6)
SUM, MAXIMUM, POWER, POSITIVE = range(4)


class Encoding(NamedTuple):
    """How responses become a code, and codes a pooled one.

    ``activation``: TWO_SIDED ... TRIANGLE, the first three of responses beyond ``threshold``. ``lengths``
    (k,): one number a filter, for TRIANGLE the squared lengths of the centroids; the filters after the first
    k give the coordinates whose squares add up to the squared length of the patch. ``pooling``: SUM, MAXIMUM,
    POWER (the sum of ``|code|^power``) or POSITIVE (how many are above 0).
    """

    activation: int
    threshold: float
    lengths: np.ndarray
    pooling: int
    power: float


@kernel()
def encode_rows(sides, encoding, out, column):
    """Codes of patches, one a row: ``out`` (m, width) receives them from ``column`` on.

    sides (m, 2 n): u of all n filters, then v; C-contiguous, of the type of out.
    """
    width = _width(encoding)
    for i in range(sides.shape[0]):
        _encode(sides[i], encoding, out[i, column : column + width])


@kernel()
def pool_rows(sides, owner, encoding, out):
    """Codes of patches pooled into ``out`` (cells, channels), to which they add; ``owner`` (m,) is the cell.

    sides (m, 2 n) as for `encode_rows`.
    """
    code = np.empty(out.shape[1], out.dtype)
    for i in range(sides.shape[0]):
        _encode(sides[i], encoding, code)
        _pool(code, encoding, out[owner[i]])


@kernel()
def _width(encoding):
    k = encoding.lengths.size
    if encoding.activation == MODULUS:
        return k // 2
    return 2 * k if encoding.activation == TWO_SIDED else k


@kernel()
def _encode(sides, encoding, code):
    k, n = encoding.lengths.size, sides.size // 2
    u, v = sides[:n], sides[n:]
    if encoding.activation == TRIANGLE:
        _triangle(u, v, encoding.lengths, code)
    elif encoding.activation == MODULUS:
        for i in range(code.size):
            even, odd = u[i] - v[i], u[i + code.size] - v[i + code.size]
            code[i] = np.sqrt(even * even + odd * odd)
    elif encoding.activation == LINEAR:
        for i in range(k):
            code[i] = u[i] - v[i]
    else:
        _rectify(u, v, encoding, code)


@kernel()
def _rectify(u, v, encoding, code):
    k, zero = encoding.lengths.size, u[0] * 0
    threshold = code.dtype.type(encoding.threshold)
    if encoding.activation == ABSOLUTE:
        for i in range(k):
            code[i] = max(u[i] + v[i] - threshold, zero)
    else:
        for i in range(k):
            code[i] = max(u[i] - threshold, zero)
        if encoding.activation == TWO_SIDED:
            for i in range(k):
                code[k + i] = max(v[i] - threshold, zero)


@kernel()
def _triangle(u, v, lengths, code):
    """``max(0, mean of the distances - distance to centroid k)``."""
    k, zero = lengths.size, u[0] * 0
    square, mean = zero, zero
    for j in range(k, u.size):
        z = u[j] - v[j]
        square += z * z
    for i in range(k):
        z = u[i] - v[i]
        code[i] = np.sqrt(max(square - z - z + lengths[i], zero))
        mean += code[i]
    mean *= code.dtype.type(1 / k)
    for i in range(k):
        code[i] = max(mean - code[i], zero)


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
        power = code.dtype.type(encoding.power)
        for i in range(code.size):
            into[i] += abs(code[i]) ** power
