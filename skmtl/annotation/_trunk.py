"""The trunk of an annotator that was given none."""

from __future__ import annotations

from ..feature_extraction import ConvFeatureExtractor
from ._inputs import Images

#: Rows and columns of its filters, and the cells a side that whole images are pooled over.
KERNEL, GRID = 6, 2


def default_trunk(images: Images, seed: int, grid: int = GRID) -> ConvFeatureExtractor:
    """32 filters at four scales; smaller filters where images are smaller."""
    side = min(min(shape[:2]) for shape in images.shapes)
    kernel = min(KERNEL, side)
    return ConvFeatureExtractor(
        n_filters=32,
        kernel_size=kernel,
        grid=min(grid, side - kernel + 1),
        image_shape=(None, None, *(images.shapes[0][2:] or (1,))),
        scales=(1, 2, 4, 8),
        random_state=seed,
    )
