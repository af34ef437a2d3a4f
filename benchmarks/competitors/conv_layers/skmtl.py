"""The layer kernels, a few images at a time so that their maps stay in the cache."""

from __future__ import annotations

import numpy as np

from skmtl.kernels import conv
from skmtl.kernels.layers import Form, plan_layer, run_layer
from skmtl.kernels.windows import Window
from skmtl.utils._parallel import run_blocks

PACKAGE = "skmtl"
MAP_VALUES = 2**16  # of the first layer's maps


def prepare(data, threads):
    n, size, _, channels = data.X.shape
    rule, window, shape = conv.Rule(conv.RELU, True), Window((3, 3)), (size + 2, size + 2, channels)
    layers = []
    for (filters, bias), border in zip(data.layers, ((1, 1), (0, 0)), strict=True):
        layers.append(plan_layer(filters, bias, rule, Form(window, 2, border), shape, np.float32))
        shape = layers[-1].shape
    _call(data.X[: data.at_once], layers, threads)
    return data, layers, threads


def run(state):
    data, layers, threads = state
    calls = range(0, len(data.X), data.at_once)
    return np.concatenate([_call(data.X[i : i + data.at_once], layers, threads) for i in calls])


def _call(images, layers, threads):
    step = max(1, MAP_VALUES // int(np.prod(layers[0].shape)))
    if len(images) <= step:
        return _block(images, layers, threads)
    blocks = [images[start : start + step] for start in range(0, len(images), step)]
    return np.concatenate(run_blocks(lambda block: _block(block, layers, 1), blocks, threads))


def _block(images, layers, threads):
    n, height, width, channels = images.shape
    maps = np.zeros((n, height + 2, width + 2, channels), np.float32)
    maps[:, 1:-1, 1:-1] = images
    for layer in layers:
        maps = run_layer(layer, maps, n_jobs=threads)
    return maps


def result(state, output):
    return output
