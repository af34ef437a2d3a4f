"""Parameters as one vector: what optimisers and balancers work on."""

from __future__ import annotations

import numpy as np

from ._layer import Params


class Vector:
    """One contiguous vector and a dict of views into it, in the order of the dict it is made of.

    Attributes
    ----------
    array : (n,)
        All parameters; whoever writes into it writes into the views.
    views : dict of arrays
        The same numbers under their names and in their shapes.
    """

    def __init__(self, params: Params, dtype=None):
        flat = [value.ravel() for value in params.values()]
        self.array = np.concatenate(flat, dtype=dtype) if flat else np.zeros(0, dtype)
        ends = np.cumsum([value.size for value in params.values()]).tolist()
        starts = [0, *ends[:-1]]
        self.slices = dict(zip(params, map(slice, starts, ends), strict=True))
        self.views = {name: self.array[self.slices[name]].reshape(params[name].shape) for name in params}

    def gather(self, gradients: Params, out: np.ndarray | None = None) -> np.ndarray:
        """Gradients as a vector in the same order; 0 for parameters that have none."""
        out = np.empty_like(self.array) if out is None else out
        for name, place in self.slices.items():
            out[place] = gradients[name].ravel() if name in gradients else 0
        return out

    def length(self, names) -> int:
        """How many numbers the parameters called ``names`` hold."""
        return sum(self.views[name].size for name in names)

    def copy(self) -> Params:
        """The parameters as arrays of their own."""
        return {name: value.copy() for name, value in self.views.items()}
