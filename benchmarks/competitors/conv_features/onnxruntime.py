"""onnxruntime: convolution, two rectifications, sums over quadrants; images with the channels first."""

from __future__ import annotations

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

PACKAGE = "onnxruntime"


def prepare(data, threads):
    X = np.ascontiguousarray(data.X.transpose(0, 3, 1, 2))
    session = _session(data, threads)
    state = X, session, data.at_once
    run((X[: data.at_once], *state[1:]))
    return state


def _session(data, threads):
    constants = {
        "W": np.ascontiguousarray(data.filters.transpose(0, 3, 1, 2)),
        "threshold": np.float32(data.threshold),
        "axes": np.array([2, 3]),
    }
    node = helper.make_node
    nodes = [
        node("Conv", ["X", "W"], ["raw"]),
        node("Neg", ["raw"], ["minus"]),
        node("Sub", ["raw", "threshold"], ["above"]),
        node("Sub", ["minus", "threshold"], ["below"]),
        node("Relu", ["above"], ["side0"]),
        node("Relu", ["below"], ["side1"]),
    ]
    names = [f"s{side}q{quadrant}" for side in (0, 1) for quadrant in range(4)]
    for quadrant in range(4):
        rows, columns = (data.edges[i : i + 2] for i in divmod(quadrant, 2))
        for name, edge in (("start", 0), ("end", 1)):
            constants[f"{name}{quadrant}"] = np.array([rows[edge], columns[edge]])
        for side in (0, 1):
            cut, name = f"cut{side}{quadrant}", f"s{side}q{quadrant}"
            nodes.append(node("Slice", [f"side{side}", f"start{quadrant}", f"end{quadrant}", "axes"], [cut]))
            nodes.append(node("ReduceSum", [cut, "axes"], [name], keepdims=0))
    nodes.append(node("Concat", names, ["features"], axis=1))
    inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 3, None, None])]
    outputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, None)]
    initial = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "features", inputs, outputs, initial)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def run(state):
    X, session, at_once = state
    calls = range(0, len(X), at_once)
    return np.concatenate([session.run(None, {"X": X[i : i + at_once]})[0] for i in calls])


def result(state, output):
    return output.reshape(len(output), 2, 4, -1)
