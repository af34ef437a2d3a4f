"""onnxruntime, images with the channels first."""

from __future__ import annotations

import numpy as np
from competitors.conv_layers.onnxruntime import layer_nodes, run, session
from onnx import helper, numpy_helper

PACKAGE = "onnxruntime"
__all__ = ["PACKAGE", "prepare", "result", "run"]


def prepare(data, threads):
    X = np.ascontiguousarray(data.X.transpose(0, 3, 1, 2))
    nodes, initial, maps = layer_nodes(data)
    side, classes = data.X.shape[1] // 4, data.W.shape[1]
    W = data.W.reshape(side, side, -1, classes).transpose(2, 0, 1, 3).reshape(-1, classes)
    initial += [
        numpy_helper.from_array(np.ascontiguousarray(W), "W"),
        numpy_helper.from_array(data.bias, "b"),
    ]
    nodes += [
        helper.make_node("Flatten", [maps], ["rows"]),
        helper.make_node("Gemm", ["rows", "W", "b"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"]),
    ]
    state = X, session(nodes, initial, "probabilities", data.X.shape[3], threads), data.at_once
    run((X[: data.at_once], *state[1:]))
    return state


def result(state, output):
    return output
