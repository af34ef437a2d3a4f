"""Derivatives by central differences, to compare analytic ones with."""

from __future__ import annotations

import numpy as np
from _asserts import Tolerance

DIFFERENCES = Tolerance("central differences of step 1e-5 in float64", rtol=2e-6, atol=2e-8)


def numeric_gradient(function, x: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Derivative of ``function()``, which reads the array x, in every entry of x."""
    gradient = np.empty_like(x)
    for place in np.ndindex(x.shape):
        kept = x[place]
        x[place] = kept + step
        above = function()
        x[place] = kept - step
        gradient[place] = (above - function()) / (2 * step)
        x[place] = kept
    return gradient
