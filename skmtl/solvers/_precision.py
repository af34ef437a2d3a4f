"""What the number format allows: how far float32 can be solved, and when to stop trying."""

from __future__ import annotations

from typing import Any

import numpy as np

# Gradients and duality gaps of float32 data are sums of rounded products: below this they are noise.
REACHABLE_32 = 1e-5
# Looks at the residual in a row that may pass in float32 without a better one.
PATIENCE_32 = 20


def reachable(tol: float, dtype) -> float:
    """``tol``, but not below what the number format can resolve."""
    return float(tol) if np.dtype(dtype) == np.float64 else max(float(tol), REACHABLE_32)


def rounding(share: float, dtype) -> float:
    """A share of a value that counts as rounding in float64, in the units of this format."""
    ratio = np.finfo(dtype).eps / np.finfo(np.float64).eps
    return share if ratio == 1 else min(share * float(ratio), 1e-5)


def noise(value: float, dtype) -> float:
    """What rounding may hide of a gap between values of this size: 0 in float64."""
    return 0.0 if np.dtype(dtype) == np.float64 else float(np.finfo(dtype).eps) * abs(value)


class Patience:
    """Remembers the best state of a solver and says when float32 has nothing better to offer.

    In float64 solvers go on until ``tol`` or ``max_iter``: it never gives up.
    """

    def __init__(self, dtype):
        self.limit = np.inf if np.dtype(dtype) == np.float64 else PATIENCE_32
        self.residual, self.state, self.waited = np.inf, None, 0

    def over(self, residual: float, state: Any = None) -> bool:
        """Whether to stop at this residual; ``self.state`` is then the best one."""
        if residual < self.residual:
            self.residual, self.state, self.waited = residual, state, 0
        else:
            self.waited += 1
        return self.waited >= self.limit
