"""numpy: patches of one image as a matrix, one product a layer; an image at a time stays in cache."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

PACKAGE = "numpy"


def prepare(data, threads):
    return data


def run(state):
    return np.stack([_maps(image, state.layers) for image in state.X])


def _maps(image, layers):
    for W, bias in layers:
        patches = sliding_window_view(np.pad(image, [(1, 1), (1, 1), (0, 0)]), (3, 3), axis=(0, 1))
        matrix = W.transpose(3, 1, 2, 0).reshape(-1, len(W))
        maps = np.maximum(patches.reshape(-1, len(matrix)) @ matrix + bias, 0)
        height, width = patches.shape[0] // 2, patches.shape[1] // 2
        image = maps.reshape(height, 2, width, 2, -1).max(axis=(1, 3))
    return image


def result(state, output):
    return output
