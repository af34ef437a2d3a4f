"""Fitted filters, ready for the convolution kernels, and how work is cut into blocks.

The extractor imports this and its two users, ``_pooled.py`` and ``_dense.py``, only inside the methods that
compute: they alone in this package import kernels.
"""

from __future__ import annotations

import numpy as np

from skmtl.kernels import conv
from skmtl.kernels.images import patch_scales
from skmtl.kernels.windows import Window

_ACTIVATIONS = {"two-sided": conv.TWO_SIDED, "relu": conv.RELU, "abs": conv.ABSOLUTE}


class Convolution:
    """Fitted filters (k, kh, kw, c) with their bias, contrast and activation, ready for one dtype."""

    def __init__(self, filters, bias, contrast, activation: str, threshold: float, dtype):
        self.window = Window(filters.shape[1:3])
        self.contrast = contrast
        self.activation = _ACTIVATIONS[activation]
        self.dtype = np.dtype(dtype)
        self.bank = conv.pack_bank(filters, bias, threshold, self.window, dtype)
        self.n_channels = len(filters) * (2 if activation == "two-sided" else 1)

    def scales(self, images: np.ndarray) -> np.ndarray:
        """What the responses of every patch of images (n, h, w, c) are multiplied by, (n, places)."""
        scales = np.ones((len(images), *self.window.grid(images.shape[1:])), self.dtype)
        if self.contrast is not None:
            patch_scales(images, self.contrast, self.window, scales)
        return scales.reshape(len(images), -1)

    def sites(self, cells: list[np.ndarray], shape) -> conv.Sites:
        return conv.group_sites(cells, self.window, shape, self.dtype)


def slices(length: int, step: int) -> list[slice]:
    """0 to ``length`` in steps of at least one: the same for any number of threads."""
    step = max(step, 1)
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
