"""Parts of one sample, and parts made one again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._layer import Layer, Run, remembered
from ._levels import Levels


@remembered
def part(columns, shape: Callable[[np.ndarray], np.ndarray]) -> Layer:
    """Some columns of rows (n, p), dense or sparse, in the shape that ``shape(X[:, columns])`` gives them.

    ``columns`` is a slice or positions, none of them twice; ``shape`` moves no number.
    """

    def init(rng, size, dtype):
        return {}, shape(np.empty((1, *size))[:, columns]).shape[1:]

    def forward(params, X, run: Run):
        def back(dY, need_input=True):
            if not need_input:
                return None, {}
            dX = np.zeros(X.shape, dY.dtype)
            dX[:, columns] = dY.reshape(len(dY), -1)
            return dX, {}

        return shape(X[:, columns]), back

    return Layer(init, forward)


@remembered
def joined() -> Layer:
    """Rows of ``Levels`` side by side: (n, p), (n, q), ... -> (n, p + q + ...)."""

    def forward(params, H, run: Run):
        ends = np.cumsum([X.shape[1] for X in H])[:-1]
        return np.concatenate(H, axis=1), lambda dY, need_input=True: (
            Levels(np.split(dY, ends, axis=1)) if need_input else None,
            {},
        )

    return Layer(lambda rng, shape, dtype: ({}, (sum(width for (width,) in shape),)), forward)
