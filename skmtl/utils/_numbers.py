"""Numbers that a user gives, checked."""

from __future__ import annotations

import numpy as np


def checked_number(name: str, value, low: float, high: float = np.inf, *, closed: bool = False) -> float:
    """``value`` as float, between low and high; ``closed`` lets it be one of the two."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)
    inside = number and (low <= value <= high if closed else low < value < high)
    if not inside or not np.isfinite(value):
        left, right = "[" if closed else "(", "]" if closed and np.isfinite(high) else ")"
        span = f"{left}{low:g}, {high:g}{right}"
        raise ValueError(f"{name} must be a number in {span}, got {value!r}")
    return float(value)
