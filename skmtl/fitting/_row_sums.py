"""Sums over rows that come in blocks and are forgotten: all that least squares needs of them."""

from __future__ import annotations

import copy

import numpy as np
from threadpoolctl import threadpool_limits

from ..solvers import lower_tiles, spans
from ..utils._parallel import run_blocks

# Numbers of a block of rows that are centred and weighted at a time: 64 MB in single precision.
BLOCK_NUMBERS = 2**24
MOST_ROWS = 8192


class RowSums:
    """Weighted sums and products of features (n, p) and targets (n, P), less a first guess of their means.

    The guess saves digits where means are large; it changes no result beyond rounding. ``gram`` (p, p) has
    the type of the features and is filled in tiles on and below the diagonal; the rest is float64.

    Parameters
    ----------
    origin : (p,) float
        Subtracted from the features; zeros for models without an intercept.
    target_origin : (P,) float
    """

    def __init__(self, origin: np.ndarray, target_origin: np.ndarray):
        p, P = len(origin), len(target_origin)
        self.origin, self.target_origin = origin, target_origin
        self.total = 0.0
        self.sums, self.target_sums, self.squares = np.zeros(p), np.zeros(P), np.zeros(P)
        self.cross = np.zeros((p, P))
        self.gram = np.zeros((p, p), origin.dtype)
        self.whole = True

    @classmethod
    def begin(cls, X: np.ndarray, Y: np.ndarray, *, intercept: bool) -> RowSums:
        """Empty ones for rows like these."""
        origins = [part[:MOST_ROWS].mean(axis=0) for part in (X, Y)]
        return cls(*(origin if intercept else np.zeros_like(origin) for origin in origins))

    def some(self, columns: np.ndarray) -> RowSums:
        """Those of some of the targets, to go on alone."""
        part = copy.deepcopy(self)
        for name in ("target_origin", "target_sums", "squares"):
            setattr(part, name, getattr(self, name)[columns])
        part.cross = self.cross[:, columns]
        return part

    def check_whole(self) -> None:
        """Raise RuntimeError where adding rows was interrupted: some of them have been added, some not."""
        if not self.whole:
            raise RuntimeError("an earlier partial_fit was interrupted: begin with a new model")

    def add(self, X: np.ndarray, Y: np.ndarray, weight: np.ndarray, n_jobs: int | None) -> None:
        """Add rows X (n, p), Y (n, P) of ``weight`` (n,), a few at a time."""
        self.check_whole()
        self.whole = False
        step = min(max(BLOCK_NUMBERS // X.shape[1], 1), MOST_ROWS)
        with threadpool_limits(1, user_api="blas"):
            for start in range(0, len(X), step):
                rows = slice(start, start + step)
                seen = weight[rows] > 0
                if seen.any():
                    A = (X[rows] if seen.all() else X[rows][seen]) - self.origin
                    self._add(A, Y[rows][seen] - self.target_origin, weight[rows][seen], n_jobs)
        self.whole = True

    def _add(self, A: np.ndarray, Y: np.ndarray, weight: np.ndarray, n_jobs: int | None) -> None:
        root = np.sqrt(weight)[:, None]
        if (weight != 1.0).any():
            A *= root.astype(A.dtype)
        right = np.hstack([root * Y, root])
        products = A.T @ right.astype(A.dtype)
        self.total += weight.sum()
        self.sums += products[:, -1]
        self.cross += products[:, :-1]
        self.target_sums += weight @ Y
        self.squares += weight @ Y**2

        def work(tile: tuple[slice, slice]) -> None:
            rows, columns = tile
            self.gram[tile] += A[:, rows].T @ A[:, columns]

        run_blocks(work, lower_tiles(spans(len(self.gram))), n_jobs)
