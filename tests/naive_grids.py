"""Grids coarser than pixels, slow and obvious: a twin of ``skmtl.kernels.grids``."""

import numpy as np


def cell_means(maps, cell):
    """Means (rows, columns, channels) over cells of cell x cell places; the last ones hold what is left."""
    starts = [range(0, length, cell) for length in maps.shape[:2]]
    return np.array(
        [[maps[y : y + cell, x : x + cell].mean(axis=(0, 1)) for x in starts[1]] for y in starts[0]]
    )
