"""From pixels to coarser grids and back: cell means of images, interpolated maps, cell means of maps.

Nothing here may be reordered or fused by the compiler (``fastmath=False``): what is computed at a pixel must
not depend on the tile of the image that it is computed in, to the bit.
"""

from __future__ import annotations

import numpy as np

from ._jit import kernel


@kernel(fastmath=False)
def shrink(image, factor, rows, columns, out):
    """``out[i, j]``: the mean of the pixels of the cell (rows[i], columns[j]), ``factor`` pixels a side.

    image (h, w, C) and out (len(rows), len(columns), C), floating; rows, columns int64. What a cell lacks
    beyond the last row or column of the image is made up of copies of these. Sums are float64.
    """
    height, width, channels = image.shape
    area = np.float64(factor * factor)
    sums = np.empty(channels)
    for i in range(rows.size):
        for j in range(columns.size):
            sums[:] = 0
            for y in range(rows[i] * factor, (rows[i] + 1) * factor):
                for x in range(columns[j] * factor, (columns[j] + 1) * factor):
                    for c in range(channels):
                        sums[c] += image[min(y, height - 1), min(x, width - 1), c]
            for c in range(channels):
                out[i, j, c] = sums[c] / area


@kernel(fastmath=False)
def enlarge(maps, down, along, out, corner):
    """Maps of a coarse grid, (rows, columns, C), interpolated between its rows and then its columns.

    ``down`` says for each of R rows of the result between which rows of ``maps`` it lies, ``first`` and
    ``second`` (R,), and which ``share`` (R,) of the way from one to the other; ``along`` is for columns.
    The result goes to ``out`` (h, w, width) from ``corner`` = (row, column, channel) on. All arrays are
    C-contiguous, the floating ones of one type.
    """
    columns, channels = maps.shape[1:]
    size, width = np.uint64(channels), out.shape[2]
    line, target = np.empty(columns * channels, maps.dtype), out.reshape(-1)
    for i in range(down.first.size):
        above, below = maps[down.first[i]].reshape(-1), maps[down.second[i]].reshape(-1)
        _between(above, below, down.share[i], line)
        start = ((corner[0] + i) * out.shape[1] + corner[1]) * width + corner[2]
        for k in range(along.first.size):
            # Unsigned places: they are not tested for Python's negative ones, so the loop becomes vectors.
            left, right = np.uint64(along.first[k] * channels), np.uint64(along.second[k] * channels)
            place, share = np.uint64(start + k * width), along.share[k]
            for c in range(size):
                value = line[left + c]
                target[place + c] = value + share * (line[right + c] - value)


@kernel(fastmath=False)
def _between(first, second, share, out):
    for i in range(out.size):
        out[i] = first[i] + share * (second[i] - first[i])


@kernel(fastmath=False)
def pool_cells(maps, cell, out, corner):
    """Means over ``cell`` x ``cell`` places of ``maps`` (rows, columns, C), from its upper left on.

    Cells at the right and lower edge hold what is left. They go to ``out`` (h, w, width) from ``corner`` =
    (row, column, channel) on; both C-contiguous and of one floating type.
    """
    rows, columns, channels = maps.shape
    size, width = np.uint64(channels), out.shape[2]
    source, target, sums = maps.reshape(-1), out.reshape(-1), np.empty(channels, maps.dtype)
    for i in range(-(-rows // cell)):
        bottom = min((i + 1) * cell, rows)
        for j in range(-(-columns // cell)):
            right = min((j + 1) * cell, columns)
            sums[:] = 0
            for y in range(i * cell, bottom):
                for x in range(j * cell, right):
                    place = np.uint64((y * columns + x) * channels)
                    for c in range(size):
                        sums[c] += source[place + c]
            area = (bottom - i * cell) * (right - j * cell)
            place = np.uint64(((corner[0] + i) * out.shape[1] + corner[1] + j) * width + corner[2])
            for c in range(size):
                target[place + c] = sums[c] / area
