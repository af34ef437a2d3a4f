"""The features of ``conv_features``, of images whose pixels are bytes.

The largest error is that of rounded filters on noise, their worst case: photographs are smooth. Peers of
float32 are measured there.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from problems import conv_features
from problems.conv_features import INSTANCES, QUALITY, QUICK, quality

__all__ = ["INSTANCES", "LIMIT", "QUALITY", "QUICK", "make", "quality"]
LIMIT = 0.05


def make(images: int, filters: int, at_once: int) -> SimpleNamespace:
    """As there, with ``X`` uint8 and filters for pixels of 0 to 255."""
    data = conv_features.make(images, filters, at_once)
    data.X = np.random.default_rng(1).integers(0, 256, data.X.shape, dtype=np.uint8)
    data.filters = data.filters / np.float32(255)
    return data
