"""The layer kernels, a few images at a time so that their maps stay in the cache."""

from __future__ import annotations

import numpy as np

from skmtl.kernels import conv
from skmtl.kernels.layers import Form, layer_block, plan_layer, split_layer
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
    state = data, layers, threads
    run((_first(data), layers, threads))
    return state


def _first(data):
    return type(data)(**vars(data) | {"X": data.X[: data.at_once]})


def run(state):
    data, layers, threads = state
    out = np.empty((len(data.X), *layers[-1].shape), np.float32)
    for start in range(0, len(data.X), data.at_once):
        _call(data.X[start : start + data.at_once], layers, threads, out[start : start + data.at_once])
    return out


def _call(images, layers, threads, out):
    step = max(1, MAP_VALUES // int(np.prod(layers[0].shape)))
    blocks = [slice(start, start + step) for start in range(0, len(images), step)]
    inner = threads if len(blocks) == 1 else 1

    def work(block):
        some = images[block]
        n, height, width, channels = some.shape
        maps = np.zeros((n, height + 2, width + 2, channels), np.float32)
        maps[:, 1:-1, 1:-1] = some
        for layer in layers:
            into = out[block] if layer is layers[-1] else np.zeros((n, *layer.shape), np.float32)
            _layer(maps.reshape(n, -1), layer, into.reshape(n, -1), inner)
            maps = into

    run_blocks(work, blocks, threads)


def _layer(flat, layer, target, threads):
    if threads == 1:
        layer_block(flat, None, layer, target)
    else:
        parts = split_layer(layer, threads)
        run_blocks(lambda part: layer_block(flat, None, part, target), parts, threads)


def result(state, output):
    return output
