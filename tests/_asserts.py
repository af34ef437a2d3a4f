"""Comparisons of numbers with tolerances that have a name and a reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tolerance:
    """How far two results may lie apart, and why that far: ``|a - b| <= atol + rtol * |b|``."""

    why: str
    rtol: float = 0.0
    atol: float = 0.0


SAME_BITS = Tolerance("the same arithmetic in the same order")
ROUNDING = Tolerance("float64 sums in another order", rtol=1e-10, atol=1e-12)
ROUNDING_32 = Tolerance("float32 sums in another order", rtol=1e-4, atol=1e-5)
SOLVED = Tolerance("two solvers, each stopped close to the same optimum", rtol=1e-5, atol=1e-6)


def assert_close(actual, desired, tolerance: Tolerance, what: str = "") -> None:
    """Fail with the reason of the tolerance when ``actual`` and ``desired`` lie further apart.

    Shapes must be equal; NaN equals NaN. Values that are not numbers must be the same.
    """
    actual, desired = np.asarray(actual), np.asarray(desired)
    message = f"{what or 'values'}: expected equal up to {tolerance.why}"
    assert actual.shape == desired.shape, f"{message}, but the shapes are {actual.shape}, {desired.shape}"
    if not (np.issubdtype(actual.dtype, np.number) and np.issubdtype(desired.dtype, np.number)):
        np.testing.assert_array_equal(actual, desired, err_msg=message)
    else:
        np.testing.assert_allclose(
            actual, desired, rtol=tolerance.rtol, atol=tolerance.atol, err_msg=message, strict=False
        )
