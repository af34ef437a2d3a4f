"""onnxruntime, images with the channels first."""

from __future__ import annotations

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

PACKAGE = "onnxruntime"


def prepare(data, threads):
    X = np.ascontiguousarray(data.X.transpose(0, 3, 1, 2))
    state = X, session(*layer_nodes(data), data.X.shape[3], threads), data.at_once
    run((X[: data.at_once], *state[1:]))
    return state


def layer_nodes(data):
    """The nodes of the layers, their constants, and the name of the last maps."""
    nodes, initial, maps = [], [], "X"
    for i, (W, bias) in enumerate(data.layers):
        W = np.ascontiguousarray(W.transpose(0, 3, 1, 2))
        initial += [numpy_helper.from_array(W, f"W{i}"), numpy_helper.from_array(bias, f"b{i}")]
        nodes += [
            helper.make_node("Conv", [maps, f"W{i}", f"b{i}"], [f"z{i}"], kernel_shape=[3, 3], pads=[1] * 4),
            helper.make_node("Relu", [f"z{i}"], [f"u{i}"]),
            helper.make_node("MaxPool", [f"u{i}"], [f"m{i}"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        maps = f"m{i}"
    return nodes, initial, maps


def session(nodes, initial, output, channels, threads):
    """What runs the nodes on images "X" of so many channels, up to ``output``."""
    inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, channels, None, None])]
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "network", inputs, outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def run(state):
    X, session, at_once = state
    calls = range(0, len(X), at_once)
    return np.concatenate([session.run(None, {"X": X[i : i + at_once]})[0] for i in calls])


def result(state, output):
    return output.transpose(0, 2, 3, 1)
