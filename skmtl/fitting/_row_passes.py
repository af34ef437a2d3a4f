"""Passes over a dense X that all tasks share, block by block: each reads X once, from the cache."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..utils._parallel import run_blocks
from ._data import DataLoss
from ._passes import DataBend, Evaluation

# Entries of X that stay in the cache while a pass goes forth and back over them.
CACHED_ENTRIES = 96 * 1024
# A thread takes at least so many rows at a time, and data are cut into at most so many blocks.
BLOCK_ROWS, MOST_BLOCKS = 1024, 32

# Features up to this size may be squared and summed in single precision.
LARGEST_SINGLE = 1e12


class Piece(NamedTuple):
    """Rows of X that fit in the cache, and the loss on them."""

    X: np.ndarray
    rows: slice
    loss: DataLoss

    def add_adjoint(self, R: np.ndarray, G: np.ndarray, g: np.ndarray) -> None:
        G += self.X.T @ R
        g += R.sum(axis=0)


class RowPasses:
    """Value, gradient and Hessian products, with ``n_jobs`` threads over blocks of rows.

    Products with the Hessian may be taken in single precision, on a centred copy of X: they only steer
    the solver. How rows are cut never depends on the number of threads, so that sums keep their bits.
    """

    def __init__(self, data: DataLoss, n_jobs: int | None):
        self.data, self.n_jobs = data, n_jobs
        self.mean = data.design.mean
        self.blocks = cut_rows(data, data.design.X)
        self._single_precision = None
        X = data.design.X
        #: Whether squares of X stay far inside single precision.
        self.single_suffices = max(X.max(initial=0.0), -X.min(initial=0.0)) < LARGEST_SINGLE

    def evaluate(self, W: np.ndarray, b: np.ndarray) -> Evaluation:
        Z = np.empty((len(self.data.design.X), W.shape[1]))
        shift = self._shift(W, b, self.mean)

        def work(block):
            value, G, g = 0.0, np.zeros_like(W), np.zeros_like(b)
            for piece in block:
                z = np.matmul(piece.X, W, out=Z[piece.rows])
                z += shift
                piece.add_adjoint(piece.loss.residual(z), G, g)
                value += piece.loss.value(z)
            return value, G, g

        value, G, g = summed(run_blocks(work, self.blocks, self.n_jobs))
        return Evaluation(value, *self._pulled_back(G, g, self.mean), Z)

    def bend(self, Z: np.ndarray, *, coarse: bool) -> DataBend:
        coarse = coarse and self.single_suffices
        blocks, mean = (self._single(), None) if coarse else (self.blocks, self.mean)
        weights = np.empty_like(Z, dtype=blocks[0][0].X.dtype)
        bends = run_blocks(lambda block: bends_of(block, Z, weights), blocks, self.n_jobs)

        def work(block, bends, V, shift):
            G, g = np.zeros_like(V), np.zeros_like(shift)
            for piece, bend in zip(block, bends, strict=True):
                z = piece.X @ V
                z += shift
                piece.add_adjoint(piece.loss.bend(bend, z), G, g)
            return G, g

        def product(V, c):
            shift = self._shift(V, c, mean)
            pairs = zip(blocks, bends, strict=True)
            parts = run_blocks(lambda pair: work(*pair, V, shift), pairs, self.n_jobs)
            return self._pulled_back(*summed(parts), mean)

        return DataBend(
            product, weights.sum(axis=0), lambda: self._diagonal(blocks, weights, mean), weights.dtype
        )

    def gram(self) -> np.ndarray:
        """The mean (d, d) of ``x x'`` over centred rows, in single precision where that suffices."""
        blocks, mean = (self._single(), None) if self.single_suffices else (self.blocks, self.mean)

        def work(block):
            return sum(X.T @ X for X in (p.X if mean is None else p.X - mean for p in block))

        return sum(run_blocks(work, blocks, self.n_jobs)) / len(self.data.design.X)

    def take_single(self) -> np.ndarray:
        """The centred copy of X (n, d) in single precision, to be overwritten."""
        blocks, self._single_precision = self._single(), None
        return blocks[0][0].X.base

    def _diagonal(self, blocks, weights: np.ndarray, mean: np.ndarray | None) -> np.ndarray:
        """The Hessian's diagonal in W (d, P)."""

        def work(block):
            return sum(_squared(piece.X, mean).T @ weights[piece.rows] for piece in block)

        return sum(run_blocks(work, blocks, self.n_jobs))

    def _single(self) -> list[list[Piece]]:
        if self._single_precision is None:
            X = self.data.design.X
            copy = np.empty_like(X, dtype=np.float32)
            np.subtract(X, 0.0 if self.mean is None else self.mean, out=copy, casting="same_kind")
            self._single_precision = cut_rows(self.data, copy)
        return self._single_precision

    @staticmethod
    def _shift(W: np.ndarray, b: np.ndarray, mean: np.ndarray | None) -> np.ndarray:
        return b if mean is None else b - mean @ W

    def _pulled_back(self, G: np.ndarray, g: np.ndarray, mean: np.ndarray | None):
        if mean is not None:
            G -= np.outer(mean, g)
        return G, g if self.data.intercept else np.zeros_like(g)


def cut_rows(data: DataLoss, X: np.ndarray) -> list[list[Piece]]:
    """Blocks for threads, each a list of pieces for the cache; they depend on the shape of X alone."""
    n, d = X.shape
    size = min(max(CACHED_ENTRIES // max(d, 1), 128), 512)
    per_block = max(BLOCK_ROWS // size, -(-n // (size * MOST_BLOCKS)), 1)
    slices = [slice(start, min(start + size, n)) for start in range(0, n, size)]
    pieces = [Piece(X[rows], rows, data.on_rows(rows, X.dtype)) for rows in slices]
    return [pieces[start : start + per_block] for start in range(0, len(pieces), per_block)]


def bends_of(block: list[Piece], Z: np.ndarray, weights: np.ndarray) -> list:
    """The curvature on each piece; its diagonal goes to ``weights``."""
    found = []
    for piece in block:
        z = Z[piece.rows].astype(weights.dtype, copy=False)
        bends = piece.loss.bends(z)
        each = iter(bends)
        weights[piece.rows] = piece.loss.columns(z, lambda part, _, each=each: next(each).diagonal)
        found.append(bends)
    return found


def _squared(X: np.ndarray, mean: np.ndarray | None) -> np.ndarray:
    return X**2 if mean is None else (X - mean) ** 2


def summed(parts: list[tuple]) -> list:
    return [sum(terms) for terms in zip(*parts, strict=True)]
