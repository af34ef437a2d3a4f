"""The base of every component: losses, couplings, heads and filters are values with parameters."""

from __future__ import annotations

from copy import copy

import numpy as np
from sklearn.base import BaseEstimator

# Arrays of more entries are shown by their shape.
SHOWN = 9


class Component(BaseEstimator):
    """A value with parameters: ``get_params``, ``set_params``, ``clone`` and a readable ``repr``.

    ``__init__`` stores its arguments and does nothing else, and no estimator ever writes into a
    component it was given, so ``{"coupling": [Independent(), SharedParameters()]}`` and
    ``{"coupling__sharing": [0.2, 0.8]}`` are plain parameter grids.
    """

    def __repr__(self, N_CHAR_MAX=700):
        short = copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray) and value.size > SHOWN:
                setattr(short, name, _Shape(value.shape))
        return BaseEstimator.__repr__(short, N_CHAR_MAX)


class _Shape:
    """Stands for an array too long to read."""

    def __init__(self, shape: tuple[int, ...]):
        self.shape = shape

    def __repr__(self):
        return f"<array of shape {self.shape}>"
