"""Cholesky factorization in blocks: threads share it, and any number of them gives the same bits."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from ..utils._parallel import run_blocks

# Rows and columns of a block: small enough for two threads to share, large enough for BLAS.
SIZE = 512


def spans(length: int, start: int = 0) -> list[slice]:
    """``start`` to ``length`` in blocks."""
    return [slice(first, min(first + SIZE, length)) for first in range(start, length, SIZE)]


def lower_tiles(blocks: list[slice]) -> list[tuple[slice, slice]]:
    """The pairs of blocks (rows, columns) on the diagonal and below it."""
    return [(rows, columns) for i, rows in enumerate(blocks) for columns in blocks[: i + 1]]


def cholesky_in_place(A: np.ndarray, n_jobs: int | None = None) -> np.ndarray:
    """Write L of ``L L' = A`` over the lower triangle of A (p, p); what stands above it is left undefined.

    A column of blocks is factored at a time and its products are taken from all that is right of it. One BLAS
    thread is expected: the threads here are our own.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where A is not positive definite within rounding; A is spoilt.
    """
    for done in spans(len(A)):
        L = A[done, done] = cholesky(A[done, done], lower=True, check_finite=False)
        below = spans(len(A), done.stop)
        inverse = solve_triangular(L, np.eye(len(L), dtype=A.dtype), lower=True, check_finite=False)

        def divide(rows: slice, done=done, inverse=inverse) -> None:
            A[rows, done] = A[rows, done] @ inverse.T

        def subtract(tile: tuple[slice, slice], done=done) -> None:
            rows, columns = tile
            A[tile] -= A[rows, done] @ A[columns, done].T

        run_blocks(divide, below, n_jobs)
        run_blocks(subtract, lower_tiles(below), n_jobs)
    return A
