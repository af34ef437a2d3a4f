"""Passes over the data for Newton's method: value and gradient, and products with the Hessian."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ._data import DataLoss


class Evaluation(NamedTuple):
    """The loss, its gradient in W (d, P) and in b (P,), and the raw predictions Z."""

    value: float
    G: np.ndarray
    g: np.ndarray
    Z: np.ndarray


class DataBend(NamedTuple):
    """The Hessian of the data's side: its product with (W, b), and what preconditioners know of it.

    ``totals`` (P,) are the sums of the curvature's diagonal over the rows of each column, which is the
    Hessian's diagonal in b; ``diagonal()`` (d, P) is that in W; ``dtype`` is that of products.
    """

    product: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    totals: np.ndarray
    diagonal: Callable[[], np.ndarray]
    dtype: type = np.float64


class WholePasses:
    """Any design and loss, one operation after the other on all rows."""

    def __init__(self, data: DataLoss):
        self.data = data

    def evaluate(self, W: np.ndarray, b: np.ndarray) -> Evaluation:
        Z = self.data.image(W, b)
        return Evaluation(self.data.value(Z), *self.data.pull_back(self.data.residual(Z)), Z)

    def bend(self, Z: np.ndarray, *, coarse: bool) -> DataBend:
        data, bends = self.data, self.data.bends(Z)

        def product(V, c):
            return data.pull_back(data.bend(bends, data.image(V, c)))

        each = iter(bends)
        weights = data.columns(Z, lambda part, z: next(each).diagonal)
        return DataBend(product, data.design.totals(weights), lambda: data.design.diagonal(weights)[0])

    def gram(self) -> np.ndarray:
        """The mean (d, d) of ``x x'`` over centred rows."""
        return self.data.design.gram()
