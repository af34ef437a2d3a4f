"""Compile before the clock starts."""

from __future__ import annotations

import numpy as np

from ._extractor import ConvFeatureExtractor
from ._layers import ConvLayer
from .filters import FixedFilters


def warmup(dtypes=("float32", "float64")) -> None:
    """Compile the kernels of `ConvFeatureExtractor`, or load them from the cache of compiled code.

    Machine code depends on the type of the features, on the activation and on whether it is pooled by the
    maximum, not on sizes. These are the kernels of the extractor's default parameters, of `transform_dense`
    and of hidden layers with those of `ConvLayer`; others are compiled when they are first used. Call it
    when an image of a container is built, or before measuring.

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
        layer, one = ConvLayer(FixedFilters(np.ones((1, 2, 2)))), FixedFilters(np.ones((1, 1, 1)))
        ConvFeatureExtractor(one, hidden_layers=[layer], grid=1).fit_transform(images)
