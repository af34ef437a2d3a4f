"""Pooled features of whole images, block by block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skmtl.kernels.conv import PIXELS
from skmtl.utils._parallel import run_blocks
from skmtl.utils._progress import Progress

from ._convolution import Convolution, inputs_behind
from ._geometry import Pooling, pooling_cells
from ._images import block_of, blocks
from ._layers import FUSED, FittedLayer, channels_after, positions_of, scratch, shape_after
from ._shapes import grid_levels


class Pooled(NamedTuple):
    """``how``: "mean", "sum", "max", "power" (with ``power``) or "ppv", over the cells of every ``grid``."""

    how: str
    power: float
    grid: tuple[int, ...]


class Run(NamedTuple):
    """Bytes of ``memory`` for a block of images, threads, and whether to show progress."""

    memory: float
    n_jobs: int | None
    verbose: bool


class Plan(NamedTuple):
    """Of images of one shape: their ``cells``, how many ``patches`` (cells, 1) each has, the ``sites`` of the
    patches, and the bytes that an image takes in a block. Cells so small that they would not fill a tile are
    left to the layer as ``squares``, which pools its maps itself."""

    cells: Pooling
    patches: np.ndarray
    sites: Any
    n_bytes: int
    squares: Convolution | None


class PooledFeatures:
    """Fitted layers and pooling, ready for images (h, w, c) of some ``shapes`` and one dtype."""

    def __init__(self, layers: Sequence[FittedLayer], pooled: Pooled, shapes, dtype):
        self.layers, self.pooled, self.dtype = layers, pooled, dtype
        *self.hidden, self.last = (Convolution(layer, dtype) for layer in layers)
        self.plans = {shape: self._plan(shape) for shape in shapes}
        channels = channels_after(layers, next(iter(shapes))[2])
        self.width = channels * sum(cells * cells for cells in pooled.grid)

    def _plan(self, shape) -> Plan:
        seen = shape_after(self.layers[:-1], shape)
        layer = self.layers[-1]
        positions = positions_of(self.layers, shape)
        cells = pooling_cells(positions, grid_levels(self.pooled.grid, positions, clip=False))
        values = scratch(self.layers, shape, keep_last=False)
        values += len(cells.atoms) * layer.n_channels(seen[2])
        squares = self._squares(positions)
        sites = None if squares else self.last.sites(cells.atoms, layer.seen(seen), self.pooled.how)
        patches = [sum(len(cells.atoms[member]) for member in members) for members in cells.members]
        counts = np.array(patches, self.dtype)[:, None]
        return Plan(cells, counts, sites, values * self.dtype.itemsize, squares)

    def _squares(self, positions: tuple[int, int]) -> Convolution | None:
        """The last layer with pooling of its own, where all cells are equal squares of few patches."""
        how, _, grid = self.pooled
        size = positions[0] // grid[0]
        fits = len(grid) == 1 and positions == (size * grid[0], size * grid[0]) and size * size < PIXELS
        if not fits or how not in ("max", "mean") or self.last.activation not in FUSED:
            return None
        layer = self.last.layer
        own = copy(layer.settings).set_params(pooling=how)
        geometry = layer.geometry._replace(pool_size=size)
        return Convolution(layer._replace(geometry=geometry, settings=own), self.dtype)

    def blocks(self, images, memory: float) -> list:
        return blocks(images, lambda shape: int(memory // self.plans[shape].n_bytes))

    def at_once(self, images, memory: float) -> bool:
        """Whether ``images`` are an array that makes a single block."""
        if isinstance(images, list):
            return False
        return len(images) == 1 or len(images) * self.plans[images.shape[1:]].n_bytes <= memory

    def __call__(self, images: np.ndarray, n_jobs=None) -> np.ndarray:
        """Features (n, width) of images (n, h, w, c), by threads that share the filters."""
        plan = self.plans[images.shape[1:]]
        inputs = inputs_behind(images, self.hidden, self.last, n_jobs)
        if plan.squares is not None:
            return plan.squares.maps(inputs, len(images), n_jobs).reshape(len(images), -1)
        n_atoms = len(plan.cells.atoms)
        atoms = np.empty((len(inputs) * n_atoms, self.last.n_channels), self.dtype)
        self.last.pool(inputs, plan.sites, self.pooled.how, self.pooled.power, atoms, n_jobs)
        # Channels that were images of their own come back together, atom by atom.
        atoms = atoms.reshape(len(images), -1, n_atoms, self.last.n_channels)
        atoms = atoms.transpose(0, 2, 1, 3).reshape(len(images), n_atoms, -1)
        return _join(atoms, plan, self.pooled)


def pool_images(images, features: PooledFeatures, run: Run) -> np.ndarray:
    """Features (n, width) of images, an array (n, h, w, c) or a list of arrays (h, w, c)."""
    if not run.verbose and features.at_once(images, run.memory):
        return features(images, run.n_jobs)
    out = np.empty((len(images), features.width), features.dtype)

    def keep(index, some: np.ndarray) -> None:
        out[index] = some

    _run(images, features, run, keep)
    return out


def pool_sparse(images, features: PooledFeatures, run: Run) -> sparse.csr_array:
    """The same as a sparse array, of which no more than a block per thread is ever dense."""
    parts = _run(images, features, run, lambda index, some: (index, sparse.csr_array(some)))
    number = np.concatenate([np.arange(len(images))[index] for index, _ in parts])
    return sparse.vstack([part for _, part in parts], format="csr")[np.argsort(number)]


def _run(images, features: PooledFeatures, run: Run, keep: Callable) -> list:
    every = features.blocks(images, run.memory)
    # Threads over blocks, or over the filters of a single one.
    outer, inner = (None, run.n_jobs) if len(every) == 1 else (run.n_jobs, None)
    with Progress(len(images), "transform", enabled=run.verbose) as bar:

        def work(index):
            some = features(block_of(images, index), inner)
            bar.step(n=len(some))
            return keep(index, some)

        return run_blocks(work, every, outer)


def _join(atoms: np.ndarray, plan: Plan, pooled: Pooled) -> np.ndarray:
    """Cells of atoms (n, atoms, channels): (n, cells * channels)."""
    # The cells of a single grid are its atoms.
    out = atoms if len(pooled.grid) == 1 else _gathered(atoms, plan.cells.members, pooled.how)
    if pooled.how not in ("sum", "max"):
        out /= plan.patches
    if pooled.how == "power":
        out **= 1 / pooled.power
    return out.reshape(len(out), -1)


def _gathered(atoms: np.ndarray, cells: list[np.ndarray], how: str) -> np.ndarray:
    reduce = np.maximum.reduce if how == "max" else np.add.reduce
    out = np.empty((len(atoms), len(cells), atoms.shape[2]), atoms.dtype)
    for i, members in enumerate(cells):
        reduce(atoms[:, members], axis=1, out=out[:, i])
    return out
