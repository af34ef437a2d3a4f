"""Least squares as block coordinate descent sees it: through residuals, or through products of features."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

# Rows of a block: few enough for its slopes and its Gram matrix to stay in the cache.
BLOCK = 64


class Residuals:
    """``|Y - X W|^2 / 2`` by its residual R (n, T): for more features than rows."""

    def __init__(self, X: np.ndarray, Y: np.ndarray, W: np.ndarray):
        self.X, self.Y, self.W = X, Y, W
        self.squares = np.einsum("ij,ij->j", X, X)
        self._blocks = None
        self.refresh()

    def refresh(self) -> None:
        """Compute R anew: rounding errors of many small updates go."""
        used = np.flatnonzero(self.W.any(axis=1))
        self.R = self.Y - self.X[:, used] @ self.W[used]

    def where(self) -> tuple[np.ndarray, np.ndarray]:
        """The weights, as a new array, and the residual."""
        return self.W.copy(), self.R

    def move(self, W: np.ndarray, R: np.ndarray) -> None:
        """Put others in their place."""
        self.W[:], self.R[:] = W, R

    def slopes(self) -> np.ndarray:
        """``X' R`` (d, T)."""
        return self.X.T @ self.R

    def sums(self) -> tuple[float, float]:
        """``|R|^2`` and ``<R, Y>``."""
        return float(np.vdot(self.R, self.R)), float(np.vdot(self.R, self.Y))

    def restrict(self, chosen: np.ndarray) -> Residuals | Products:
        """The same problem in some of the features, in whichever form is cheaper there."""
        X, W = self.X[:, chosen], self.W[chosen]
        if len(chosen) > len(X):
            return Residuals(np.asfortranarray(X), self.Y, W)
        return Products(X.T @ X, X.T @ self.Y, float(np.vdot(self.Y, self.Y)), W)

    def sweep(self, descend) -> None:
        """``descend(gram, slope, W)`` on one block of features after the other."""
        for block, gram in self._grams():
            X, W = self.X[:, block], self.W[block]
            before = W.copy()
            if descend(gram, X.T @ self.R, W):
                self.R -= X @ (W - before)

    def _grams(self) -> list[tuple[slice, np.ndarray]]:
        if self._blocks is None:
            self._blocks = [(b, self.X[:, b].T @ self.X[:, b]) for b in _blocks(len(self.W))]
        return self._blocks


class Products:
    """The same by ``gram = X'X`` (d, d) and ``moment = X'Y`` (d, T): its cost does not know n."""

    def __init__(self, gram: np.ndarray, moment: np.ndarray, square: float, W: np.ndarray):
        self.gram, self.moment, self.square, self.W = gram, moment, square, W
        self.squares = gram.diagonal()
        self.refresh()

    def refresh(self) -> None:
        used = np.flatnonzero(self.W.any(axis=1))
        if 2 * len(used) > len(self.W):
            self.S = self.moment - self.gram @ self.W
        else:
            self.S = self.moment - self.gram[:, used] @ self.W[used]

    def where(self) -> tuple[np.ndarray, np.ndarray]:
        """The weights, as a new array, and their slopes."""
        return self.W.copy(), self.S

    def move(self, W: np.ndarray, S: np.ndarray) -> None:
        """Put others in their place."""
        self.W[:], self.S[:] = W, S

    def slopes(self) -> np.ndarray:
        return self.S

    def sums(self) -> tuple[float, float]:
        explained = float(np.vdot(self.W, self.moment))
        return self.square - explained - float(np.vdot(self.W, self.S)), self.square - explained

    def restrict(self, chosen: np.ndarray) -> Products:
        return Products(self.gram[np.ix_(chosen, chosen)], self.moment[chosen], self.square, self.W[chosen])

    def sweep(self, descend) -> None:
        for block in _blocks(len(self.W)):
            W = self.W[block]
            before = W.copy()
            if descend(np.ascontiguousarray(self.gram[block, block]), self.S[block].copy(), W):
                self.S -= self.gram[:, block] @ (W - before)


def _blocks(d: int) -> Iterator[slice]:
    return (slice(start, min(start + BLOCK, d)) for start in range(0, d, BLOCK))
