"""Pooled features of whole images, block by block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skmtl.kernels import conv
from skmtl.utils._parallel import run_blocks

from . import _geometry
from ._convolution import Convolution, slices

BLOCK_VALUES = 2**15  # pixels: small enough for the cache, large enough to hide the calls


def pool_images(images, convolution: Convolution, stride: int, grid: Sequence[int], how: str, n_jobs):
    """Features (n, cells * channels) of images (n, h, w, c), by block of images."""
    shape, dtype, channels = images.shape[1:], convolution.dtype, convolution.n_channels
    pooling = _geometry.pooling_cells(convolution.window.grid(shape), stride, tuple(grid))
    rule = conv.Rule(convolution.activation, how == "max")
    sites = convolution.sites(pooling.atoms, shape)
    out = np.empty((len(images), len(pooling.members) * channels), dtype)

    def work(block: slice) -> None:
        some = np.require(images[block], dtype, ["C", "A", "W"])
        atoms = np.empty((len(some) * len(pooling.atoms), channels), dtype)
        flat, scales = some.reshape(len(some), -1), convolution.scales(some)
        conv.pool_block(flat, scales, sites, convolution.bank, rule, atoms)
        _join(atoms.reshape(len(some), -1, channels), pooling, how, out[block])

    run_blocks(work, slices(len(images), BLOCK_VALUES // images[0].size), n_jobs)
    return out


def _join(atoms, pooling: _geometry.Pooling, how: str, out) -> None:
    """Make cells of atoms (n, atoms, channels): ``out`` (n, cells * channels)."""
    reduce = np.maximum.reduce if how == "max" else np.add.reduce
    cells = out.reshape(len(out), len(pooling.members), -1)
    for i, members in enumerate(pooling.members):
        reduce(atoms[:, members], axis=1, out=cells[:, i])
        if how == "mean":
            cells[:, i] /= sum(len(pooling.atoms[member]) for member in members)
