"""ONNX operators in numpy, slow and from their definitions: what a graph says, without any runtime."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import erf, expit, softmax


def run_graph(graph, feeds: dict) -> dict:
    """The outputs of a graph that ``read_onnx`` has read."""
    values = {**graph.constants, **feeds}
    for node in graph.nodes:
        values[node.outputs[0]] = OPERATORS[node.op](
            *(values[name] for name in node.inputs), **node.attributes
        )
    for name, shape in graph.outputs.items():
        assert values[name].shape[1:] == tuple(shape[1:]), (name, values[name].shape, shape)
    return {name: values[name] for name in graph.outputs}


def windows(X, kernel_shape, strides, pads=(0, 0, 0, 0), fill=0.0):
    """Every window of images (n, c, h, w): (n, c, rows, columns, *kernel_shape)."""
    X = np.pad(X, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])), constant_values=fill)
    rows, columns = (
        (X.shape[2 + axis] - kernel_shape[axis]) // strides[axis] + 1 for axis in range(2)
    )  # fmt: skip
    out = np.empty((*X.shape[:2], rows, columns, *kernel_shape), X.dtype)
    for r, c in itertools.product(range(rows), range(columns)):
        top, left = r * strides[0], c * strides[1]
        out[:, :, r, c] = X[:, :, top : top + kernel_shape[0], left : left + kernel_shape[1]]
    return out


def conv(X, W, b=0.0, kernel_shape=None, strides=(1, 1), pads=(0, 0, 0, 0), **_):
    each = windows(X, W.shape[2:], strides, pads)
    return np.einsum("nchwij,kcij->nkhw", each, W) + np.reshape(b, (1, -1, 1, 1))


def max_pool(X, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), **_):
    return windows(X, kernel_shape, strides, pads, -np.inf).max(axis=(4, 5))


def normal(X, gamma, beta, mean, variance, epsilon=1e-5):
    form = (1, -1) + (1,) * (X.ndim - 2)
    gamma, beta, mean, variance = (part.reshape(form) for part in (gamma, beta, mean, variance))
    return gamma * (X - mean) / np.sqrt(variance + epsilon) + beta


def divide(a, b):
    return a // b if a.dtype.kind == "i" else a / b


def gemm(A, B, C=0.0, alpha=1.0, beta=1.0, transA=0, transB=0):
    return alpha * (A.T if transA else A) @ (B.T if transB else B) + beta * C


def reshape(X, shape):
    return X.reshape([X.shape[i] if length == 0 else length for i, length in enumerate(shape)])


OPERATORS = {
    "Abs": np.abs,
    "Add": np.add,
    "ArgMax": lambda X, axis, keepdims: np.argmax(X, axis=axis, keepdims=bool(keepdims)),
    "AveragePool": lambda X, kernel_shape, strides: windows(X, kernel_shape, strides).mean(axis=(4, 5)),
    "BatchNormalization": normal,
    "Cast": lambda X, to: X.astype({1: np.float32}[to]),
    "Concat": lambda *parts, axis: np.concatenate(parts, axis=axis),
    "Conv": conv,
    "Div": divide,
    "Dropout": lambda X: X,
    "Erf": erf,
    "Exp": np.exp,
    "Flatten": lambda X, axis=1: X.reshape(int(np.prod(X.shape[:axis])), -1),
    "Gather": lambda X, indices, axis=0: np.take(X, indices, axis=axis),
    "Gemm": gemm,
    "GlobalAveragePool": lambda X: X.mean(axis=(2, 3), keepdims=True),
    "Identity": lambda X: X,
    "Less": np.less,
    "MatMul": np.matmul,
    "Max": np.maximum,
    "MaxPool": max_pool,
    "Min": np.minimum,
    "Mul": np.multiply,
    "Neg": np.negative,
    "Relu": lambda X: np.maximum(X, 0),
    "Reshape": reshape,
    "Sigmoid": expit,
    "Softmax": lambda X, axis=-1: softmax(X, axis=axis),
    "Sqrt": np.sqrt,
    "Sub": np.subtract,
    "Transpose": lambda X, perm: np.transpose(X, perm),
}
