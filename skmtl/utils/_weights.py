"""Sample weights and target weights, checked."""

from __future__ import annotations

import numpy as np


def checked_weights(weight, shape: tuple[int, ...], name: str) -> np.ndarray:
    """``weight`` as float64 of the given shape, finite and not negative; ones where it is None."""
    if weight is None:
        return np.ones(shape)
    weight = np.asarray(weight, dtype=np.float64)
    if weight.ndim == 0 and len(shape) == 1:
        weight = np.full(shape, weight)
    if weight.shape != shape:
        raise ValueError(f"{name}.shape == {weight.shape}, expected {shape}!")
    if not np.isfinite(weight).all():
        raise ValueError(f"{name} must be finite: it has NaN or infinite entries")
    if (weight < 0).any():
        raise ValueError(f"{name} must not be negative: its smallest entry is {weight.min():.6g}")
    if not (weight > 0).any():
        raise ValueError(f"{name} is zero everywhere: there is nothing to learn from")
    return weight
