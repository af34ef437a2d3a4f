"""Squared loss as products of features: what fits need of the data, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from ._options import FitData

# Numbers that products may always take, however small the data are: 8 MB.
SMALL = 1_000_000
# Rows that are centred and weighted at a time.
CHUNK = 2048


class SquaredProducts(NamedTuple):
    """``sum_t w_t' G_t w_t / 2 - <M, W> + square / 2``, the loss with the best intercepts for W.

    ``grams`` is (d, d, T), or (d, d, 1) where one G serves all tasks; ``moments`` (d, T) is M.
    ``intercepts`` takes W (d, T) to those of the design's X, (T,).
    """

    grams: np.ndarray
    moments: np.ndarray
    square: float
    intercepts: Callable[[np.ndarray], np.ndarray]


class Block(NamedTuple):
    """Labels Y (n, c) of some tasks on the same rows X (n, d) with weights w (n,).

    Where intercepts are fitted, the weighted means have been taken from Y; those of X are kept beside it.
    """

    X: np.ndarray
    Y: np.ndarray
    w: np.ndarray
    mean: np.ndarray
    means: np.ndarray

    @property
    def gram(self) -> np.ndarray:
        """``X' diag(w) X`` less the mean's part; of a dense X a few rows at a time: it is not copied."""
        if not sp.issparse(self.X):
            return sum(part.T @ part for part in self.weighted_rows())
        product = (self.X.T @ self.X.multiply(self.w[:, None])).toarray()
        return product - self.w.sum() * np.outer(self.mean, self.mean)

    def weighted_rows(self) -> Iterator[np.ndarray]:
        """A dense X less its mean, times the roots of the weights, a few rows at a time."""
        root, mean = np.sqrt(self.w)[:, None], self.mean.astype(self.X.dtype, copy=False)
        for start in range(0, len(self.X), CHUNK):
            part = self.X[start : start + CHUNK] - mean
            part *= root[start : start + CHUNK]
            yield part

    @property
    def moment(self) -> np.ndarray:
        """``X' diag(w) Y`` (d, c); Y is centred, so that X need not be."""
        return self.X.T @ (self.w[:, None] * self.Y)

    @property
    def square(self) -> float:
        return float(np.vdot(self.Y, self.w[:, None] * self.Y))


def squared_products(data: FitData) -> SquaredProducts | None:
    """The products, where the loss is squared and they are not much larger than the data; else None.

    They are float64, whatever X is: they are few, and what is left of them is a small difference.
    """
    plain = data.loss.shrinkage is None and data.mask is None
    if not (data.loss.quadratic and plain) or len(data.families) > 1:
        return None
    d, T = data.loss.shape
    equal = data.targets.form != "rows" and bool((data.weight == data.weight[:, :1]).all())
    numbers = data.X.nnz if sp.issparse(data.X) else data.X.size
    if d * d * (1 if equal else T) > max(SMALL, numbers + data.targets.values.size):
        return None
    return (_one_block if equal else _by_task)(data, data.loss.intercept)


def _one_block(data: FitData, intercept: bool) -> SquaredProducts:
    block = _centred(data.X, data.targets.values, data.weight[:, 0], intercept)
    gram, moment = (product.astype(np.float64, copy=False) for product in (block.gram, block.moment))
    return SquaredProducts(gram[:, :, None], moment, block.square, lambda W: block.means)


def _by_task(data: FitData, intercept: bool) -> SquaredProducts:
    d, T = data.loss.shape
    grams, moments, square = np.empty((d, d, T)), np.empty((d, T)), 0.0
    shifts, means = np.empty((d, T)), np.empty(T)
    for t, (_, block) in enumerate(task_blocks(data, intercept)):
        grams[:, :, t], moments[:, t] = block.gram, block.moment[:, 0]
        square += block.square
        shifts[:, t], means[t] = block.mean, block.means[0]
    return SquaredProducts(grams, moments, square, _intercepts(data, intercept, shifts, means))


def _intercepts(data: FitData, intercept: bool, shifts: np.ndarray, means: np.ndarray):
    """Intercepts for X less the design's mean, where the task's own mean has been taken away."""
    if not intercept or data.targets.form == "rows":
        return lambda W: means
    shifts = shifts - data.loss.design.mean[:, None]
    return lambda W: means - np.einsum("jt,jt->t", shifts, W)


def task_blocks(data: FitData, intercept: bool) -> Iterator[tuple[slice | np.ndarray, Block]]:
    """The rows of X that one task after the other has labels for, and those labels."""
    own = data.targets.form == "rows"
    for t in range(data.loss.shape[1]):
        rows = data.loss.design.groups[t] if own else np.flatnonzero(data.weight[:, t])
        column = 0 if own else t
        Y, w = data.targets.values[rows, column : column + 1], data.weight[rows, column]
        yield rows, _centred(data.X[rows], Y, w, intercept)


def _centred(X, Y: np.ndarray, w: np.ndarray, intercept: bool) -> Block:
    if not intercept:
        return Block(X, Y, w, np.zeros(X.shape[1]), np.zeros(Y.shape[1]))
    mean, means = np.asarray(X.T @ (w / w.sum())).ravel(), np.average(Y, axis=0, weights=w)
    return Block(X, Y - means, w, mean, means)
