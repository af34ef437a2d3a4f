"""Memory that begins with a line of the cache: a vector across two lines takes twice as long."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_LINE = 64  # bytes


def aligned(make: Callable[..., np.ndarray], size: int, dtype) -> np.ndarray:
    """A vector (size,) that ``make``, np.zeros or np.empty, has made, from a multiple of 64 bytes on."""
    n_bytes = size * np.dtype(dtype).itemsize
    raw = make(n_bytes + _LINE, np.uint8)
    start = -raw.__array_interface__["data"][0] % _LINE  # raw.ctypes takes three times as long
    return raw[start : start + n_bytes].view(dtype)
