"""The base of every component: losses, couplings, heads and filters are values with parameters."""

from __future__ import annotations

from sklearn.base import BaseEstimator


class Component(BaseEstimator):
    """A value with parameters: ``get_params``, ``set_params``, ``clone`` and a readable ``repr``.

    ``__init__`` stores its arguments and does nothing else, and no estimator ever writes into a
    component it was given, so ``{"coupling": [Independent(), SharedParameters()]}`` and
    ``{"coupling__sharing": [0.2, 0.8]}`` are plain parameter grids.
    """
