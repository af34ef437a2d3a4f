"""The trunk of an annotator that was given none."""

from __future__ import annotations

import numpy as np

from ..feature_extraction import ConvFeatureExtractor

#: Rows and columns of its filters, and the cells a side that whole images are pooled over.
KERNEL, GRID = 6, 2


def default_trunk(images: list[np.ndarray], seed: int, grid: int = GRID) -> ConvFeatureExtractor:
    """32 filters at four scales; smaller filters where images are smaller."""
    side = min(min(image.shape[:2]) for image in images)
    kernel = min(KERNEL, side)
    return ConvFeatureExtractor(
        n_filters=32,
        kernel_size=kernel,
        grid=min(grid, side - kernel + 1),
        image_shape=(None, None, images[0].shape[2] if images[0].ndim == 3 else 1),
        scales=(1, 2, 4, 8),
        random_state=seed,
    )
