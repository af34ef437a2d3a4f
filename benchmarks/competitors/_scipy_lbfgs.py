"""L-BFGS of scipy on a function of one array; ``tol`` is relative to the gradient at zero."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize


def minimise(value_gradient, shape: tuple[int, int], tol: float) -> np.ndarray:
    """Minimise ``value_gradient(W) -> (value, gradient of that shape)`` from zero."""

    def flat(w):
        value, gradient = value_gradient(w.reshape(shape))
        return value, gradient.ravel()

    start = np.zeros(shape[0] * shape[1])
    largest = abs(flat(start)[1]).max()
    options = {"gtol": tol * largest, "ftol": 0, "maxiter": 5000, "maxfun": 10000}
    return minimize(flat, start, jac=True, method="L-BFGS-B", options=options).x.reshape(shape)
