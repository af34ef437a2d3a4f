"""Derivatives of Gaussians at the pixels of a box, and pyramids: a row is in cache while it is needed.

Nothing here may be reordered or fused by the compiler (``fastmath=False``): what is computed at a pixel must
not depend on the tile of the image that it is computed in, to the bit.
"""

from __future__ import annotations

import numpy as np

from ._jit import kernel

#: Pixels that the filters reach to each side, and pixels that they span.
REACH, SIZE = 3, 7


@kernel(fastmath=False)
def halve(planes, out):
    """``out[c, i, j]``: the mean of four pixels of planes (C, h, w), for out (C, ceil(h / 2), ceil(w / 2)).

    The last row and column stand for those that an odd length lacks.
    """
    height, width = planes.shape[1:]
    for c in range(planes.shape[0]):
        for i in range(out.shape[1]):
            above, below, target = planes[c, 2 * i], planes[c, min(2 * i + 1, height - 1)], out[c, i]
            for j in range(width // 2):
                left, right = above[2 * j] + below[2 * j], above[2 * j + 1] + below[2 * j + 1]
                target[j] = (left + right) / 4
            if width % 2:
                target[width // 2] = (above[width - 1] + below[width - 1]) / 2


@kernel(fastmath=False)
def derive(planes, rows, columns, taps, out):
    """Of planes (C, h, w) a Gaussian, its Laplacian, and the lengths of its two first derivatives and of the
    two parts of its second ones that turn with the image: out (C, 4, r, s).

    ``rows`` (r + 6,) and ``columns`` (s + 6,), int64, say which pixels stand in the box and ``REACH`` around
    it. ``taps`` (3, 4) hold the Gaussian and its first and second derivative at 0, 1, 2 and 3. The floating
    arrays are C-contiguous and of one type.
    """
    source = np.empty(columns.size, planes.dtype)
    lines = np.empty((SIZE, 3, out.shape[3]), planes.dtype)
    for c in range(planes.shape[0]):
        for i in range(rows.size):
            row = planes[c, rows[i]]
            for j in range(columns.size):
                source[j] = row[columns[j]]
            _along(source, taps, lines[i % SIZE])
            if i >= SIZE - 1:
                y = i + 1 - SIZE
                _down(lines, i + 1, taps, (out[c, 0, y], out[c, 1, y], out[c, 2, y], out[c, 3, y]))


@kernel(fastmath=False)
def _along(source, taps, out):
    """A line (w + 6,) by the three filters, (3, w)."""
    width = out.shape[1]
    a, b, c, d = source[:width], source[1 : width + 1], source[2 : width + 2], source[3 : width + 3]
    e, f, g = source[4 : width + 4], source[5 : width + 5], source[6 : width + 6]
    p0, p1, p2, p3 = taps[0, 0], taps[0, 1], taps[0, 2], taps[0, 3]
    q1, q2, q3 = taps[1, 1], taps[1, 2], taps[1, 3]
    r0, r1, r2, r3 = taps[2, 0], taps[2, 1], taps[2, 2], taps[2, 3]
    for x in range(width):
        one, two, three = c[x] + e[x], b[x] + f[x], a[x] + g[x]
        out[0, x] = (p0 * d[x] + p1 * one) + (p2 * two + p3 * three)
        out[1, x] = q1 * (e[x] - c[x]) + (q2 * (f[x] - b[x]) + q3 * (g[x] - a[x]))
        out[2, x] = (r0 * d[x] + r1 * one) + (r2 * two + r3 * three)


@kernel(fastmath=False)
def _down(lines, start, taps, out):
    """Seven filtered lines (7, 3, w), the uppermost at ``start % 7``, across, to four lines (w,)."""
    a, b, c, d = lines[start % 7], lines[(start + 1) % 7], lines[(start + 2) % 7], lines[(start + 3) % 7]
    e, f, g = lines[(start + 4) % 7], lines[(start + 5) % 7], lines[(start + 6) % 7]
    p0, p1, p2, p3 = taps[0, 0], taps[0, 1], taps[0, 2], taps[0, 3]
    q1, q2, q3 = taps[1, 1], taps[1, 2], taps[1, 3]
    r0, r1, r2, r3 = taps[2, 0], taps[2, 1], taps[2, 2], taps[2, 3]
    value, sides, slope, turn = out
    for x in range(value.size):
        one, two, three = c[0, x] + e[0, x], b[0, x] + f[0, x], a[0, x] + g[0, x]
        plain = (p0 * d[0, x] + p1 * one) + (p2 * two + p3 * three)
        below = q1 * (e[0, x] - c[0, x]) + (q2 * (f[0, x] - b[0, x]) + q3 * (g[0, x] - a[0, x]))
        down = (r0 * d[0, x] + r1 * one) + (r2 * two + r3 * three)
        one, two, three = c[1, x] + e[1, x], b[1, x] + f[1, x], a[1, x] + g[1, x]
        right = (p0 * d[1, x] + p1 * one) + (p2 * two + p3 * three)
        across = q1 * (e[1, x] - c[1, x]) + (q2 * (f[1, x] - b[1, x]) + q3 * (g[1, x] - a[1, x]))
        one, two, three = c[2, x] + e[2, x], b[2, x] + f[2, x], a[2, x] + g[2, x]
        along = (p0 * d[2, x] + p1 * one) + (p2 * two + p3 * three)
        turned = (along - down) / 2
        value[x] = plain
        sides[x] = along + down
        slope[x] = np.sqrt(right * right + below * below)
        turn[x] = np.sqrt(turned * turned + across * across)


@kernel(fastmath=False)
def enlarge_planes(maps, down, along, out):
    """Planes (K, r, s) of a coarse grid, interpolated between its rows and then its columns: out (K, R, S).

    ``down`` and ``along`` as for `grids.enlarge`; the floating arrays C-contiguous, of one type.
    """
    line = np.empty(maps.shape[2], maps.dtype)
    for k in range(maps.shape[0]):
        for i in range(out.shape[1]):
            above, below, share = maps[k, down.first[i]], maps[k, down.second[i]], down.share[i]
            for j in range(line.size):
                line[j] = above[j] + share * (below[j] - above[j])
            target = out[k, i]
            for j in range(target.size):
                left = line[along.first[j]]
                target[j] = left + along.share[j] * (line[along.second[j]] - left)
