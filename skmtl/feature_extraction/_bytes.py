"""What ``arithmetic="bytes"`` can serve; all else is refused by name."""

from __future__ import annotations

import math

import numpy as np

from skmtl.kernels.byte_filters import MOST_VALUES

from ._images import pixel_type
from ._layers import FittedLayer


def check_pixels(arithmetic: str, images) -> None:
    """Refuse pixels that are no bytes where bytes are to be multiplied."""
    if arithmetic == "bytes" and pixel_type(images) != np.uint8:
        raise ValueError(
            f"arithmetic='bytes' multiplies pixels of type uint8, but those of X are {pixel_type(images)}; "
            "give X as uint8, or arithmetic='float'"
        )


def to_bytes(layer: FittedLayer) -> FittedLayer:
    """The first ``layer`` with its filters rounded for pixels of a byte."""
    if layer.settings.activation == "triangle":
        raise ValueError(
            f"{layer.geometry.name}arithmetic='bytes' does not go with activation='triangle', whose "
            "distances are small differences of large numbers; take arithmetic='float' or another activation"
        )
    shape = layer.learned.filters.shape[1:]
    if math.prod(shape) > MOST_VALUES:
        raise ValueError(
            f"{layer.geometry.name}arithmetic='bytes' takes patches of at most {MOST_VALUES} values, but "
            f"those of {shape} (rows, columns, channels) have {math.prod(shape)}; take arithmetic='float' or "
            "a smaller kernel_size"
        )
    return layer._replace(in_bytes=True)
