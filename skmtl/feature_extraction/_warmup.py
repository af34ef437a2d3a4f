"""Compile before the clock starts."""

from __future__ import annotations

import numpy as np

from ._extractor import ConvFeatureExtractor
from .filters import FixedFilters


def warmup(dtypes=("float32", "float64")) -> None:
    """Compile the kernels of `ConvFeatureExtractor`, or load them from the cache of compiled code.

    Machine code depends on the type of the features alone, not on sizes or parameters. Call it when an
    image of a container is built, or before measuring.

    Parameters
    ----------
    dtypes : sequence of {"float32", "float64"}
        Types to compile for; float32 also serves pixels of 8 and 16 bits.
    """
    for dtype in dtypes:
        images = np.arange(32, dtype=dtype).reshape(2, 4, 4)
        filters = FixedFilters(np.ones((1, 2, 2)), contrast=0.01)
        extractor = ConvFeatureExtractor(filters, scales=2).fit(images)
        extractor.transform(images)
        extractor.transform_dense(images)
        extractor.transform_dense(images, cell=2)
