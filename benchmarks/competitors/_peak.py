"""What as many multiply-adds as a convolution has would take at the machine's pace; computes no features."""

from __future__ import annotations

import numpy as np

SIDE = 512


def square_product(multiply_adds: int):
    """(matrices, how many times): a product of square matrices that fit into the second cache."""
    rng = np.random.default_rng(0)
    matrices = [rng.random((SIDE, SIDE), dtype=np.float32) for _ in range(2)]
    return matrices, max(1, round(multiply_adds / SIDE**3))


def bare_tile(multiply_adds: int):
    """A function that runs one register tile on the same few kB again and again: multiply-adds alone."""
    from skmtl.kernels import conv
    from skmtl.kernels.windows import Window

    length, rng = 300, np.random.default_rng(0)
    window, shape = Window((1, 1)), (1, conv.PIXELS, length)
    filters = rng.random((conv.FILTERS, 1, 1, length), dtype=np.float32)
    bank = conv.pack_bank(filters, np.zeros(conv.FILTERS), 0.0, window, np.float32)
    tiles = max(1, round(multiply_adds / (conv.PIXELS * conv.FILTERS * length)))
    sites = conv.group_sites([np.arange(conv.PIXELS)], window, shape, np.float32)
    repeated = sites._replace(
        offset=np.tile(sites.offset, tiles),
        index=np.tile(sites.index, tiles),
        weight=np.tile(sites.weight, tiles),
        start=np.array([0, tiles]),
    )
    image, ones = (
        rng.random((1, conv.PIXELS * length), dtype=np.float32),
        np.ones((1, conv.PIXELS), np.float32),
    )
    out, rule = np.empty((1, conv.FILTERS), np.float32), conv.Rule(conv.RELU, True)
    return lambda: conv.pool_block(image, ones, repeated, bank, rule, out)
