"""Layers as nodes of an ONNX graph.

Images have the channels last in a network and in what a graph takes and gives, and first within the graph, as
ONNX's own operators want them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..io._onnx import Node, OnnxGraph
from ..nn import Layer, Params, stitching

#: What the names of values that are nobody else's begin with.
OWN = "/"


class Value(NamedTuple):
    """A value of the graph: its name, and the shape of one sample as the network sees it."""

    name: str
    shape: tuple[int, ...]


class Writer:
    """Adds nodes to a graph; ``params`` and ``statistics`` are those of the layers."""

    def __init__(self, graph: OnnxGraph, params: Params, statistics: Params):
        self.graph, self.params, self.statistics = graph, params, statistics

    def add(self, op: str, *inputs: str, **attributes) -> str:
        """The name of the value that a node makes of ``inputs``."""
        name = f"{OWN}{op.lower()}{len(self.graph.nodes)}"
        self.graph.nodes.append(Node(op, inputs, (name,), attributes))
        return name

    def constant(self, array) -> str:
        """The name of a constant, float32 or int64."""
        array = np.asarray(array)
        name = f"{OWN}constant{len(self.graph.constants)}"
        self.graph.constants[name] = array
        return name

    def param(self, name: str, change: Callable = np.asarray) -> str:
        """The name of a parameter of the layers, ``change``d where the graph wants it in another form."""
        if name not in self.graph.constants:
            self.graph.constants[name] = change(self.params[name])
        return name

    def with_params(self, params: Params, statistics: Params) -> Writer:
        """A writer to the same graph of layers with other parameters."""
        return Writer(self.graph, params, statistics)

    def write(self, layer: Layer, x):
        """What ``layer`` makes of ``x``, a value or for layers of levels a tuple of them.

        Raises
        ------
        ValueError
            A layer that has no form in ONNX here.
        """
        made = layer.made
        known = None if made is None else WRITERS.get(made.function.__name__)
        if known is None:
            raise ValueError(f"to_onnx: {getattr(made, 'function', layer)!r} has no form in ONNX here")
        y = known(self, x, **made.arguments)
        if not isinstance(y, str):
            return y
        return Value(y, layer.init(np.random.default_rng(0), x.shape, np.float32)[1])


def _chain(w: Writer, x, layers):
    for layer in layers:
        x = w.write(layer, x)
    return x


def _residual(w, x, layer, rectified=False):
    y = w.add("Add", x.name, w.write(layer, x).name)
    return w.add("Relu", y) if rectified else y


def _dense(w, x, name, n_outputs, gain):
    return w.add("Gemm", x.name, w.param(f"{name}.W"), w.param(f"{name}.b"))


def _ordered_biases(w, x, name, n_outputs):
    return w.add("Add", x.name, w.param(f"{name}.b"))


def _conv(w, x, name, n_filters, size=3, stride=1, pad=None):
    pad = size // 2 if pad is None else pad
    filters = w.param(f"{name}.W", lambda W: W.transpose(3, 2, 0, 1))
    shape = {"kernel_shape": (size, size), "strides": (stride, stride), "pads": (pad,) * 4}
    return w.add("Conv", x.name, filters, w.param(f"{name}.b"), **shape)


def _conv_pool(w, x, name, n_filters):
    return w.add("Relu", w.add("MaxPool", _conv(w, x, name, n_filters), kernel_shape=(2, 2), strides=(2, 2)))


def _pool(op: str):
    return lambda w, x, size: w.add(op, x.name, kernel_shape=(size, size), strides=(size, size))


def _global_mean(w, x):
    return w.add("Flatten", w.add("GlobalAveragePool", x.name), axis=1)


def _flatten(w, x):
    return _rows(w, x).name


def _rows(w: Writer, x: Value) -> Value:
    """Samples as rows, in the order of a network's own images."""
    if len(x.shape) == 1:
        return x
    return Value(w.add("Flatten", channels_last(w, x).name, axis=1), (math.prod(x.shape),))


def _resize(w, x, height, width):
    for axis, new in ((0, height), (1, width)):
        old = x.shape[axis]
        nearest = w.constant(np.arange(new) * old // new)
        x = x._replace(name=w.add("Gather", x.name, nearest, axis=2 + axis))
    return x.name


def _gelu(w, x):
    below = w.add("Erf", w.add("Mul", x.name, w.constant(math.sqrt(0.5))))
    half = w.add("Mul", x.name, w.constant(0.5))
    return w.add("Mul", half, w.add("Add", below, w.constant(1.0)))


def _batch_norm(w, x, name, momentum, epsilon, rectified=False):
    gathered = [w.constant(w.statistics[f"{name}.{part}"]) for part in ("mean", "variance")]
    learned = [w.param(f"{name}.{part}") for part in ("gamma", "beta")]
    y = w.add("BatchNormalization", x.name, *learned, *gathered, epsilon=float(epsilon))
    return w.add("Relu", y) if rectified else y


def _norm_pool(w, x, name, **options):
    y = _batch_norm(w, x, name, **options, rectified=True)
    return w.add("MaxPool", y, kernel_shape=(2, 2), strides=(2, 2))


def _pyramid(w, x, stages):
    levels = [x]
    for stage in stages:
        levels.append(w.write(stage, levels[-1]))
    return tuple(levels)


def _parallel(w, H, layers):
    return tuple(w.write(layers[i], x) if i in layers else None for i, x in enumerate(H))


def _on_levels(w, H, layers):
    first, *others = (w.write(layer, H[i]) for i, layer in layers.items())
    for other in others:
        first = first._replace(name=w.add("Add", first.name, other.name))
    return first


def _part(w, x, columns, shape):
    places = np.arange(math.prod(x.shape))[columns]
    own = shape(np.empty((1, len(places)))).shape[1:]
    rows = w.add("Gather", x.name, w.constant(places), axis=1)
    return channels_first(w, reshaped(w, Value(rows, (len(places),)), own))


def reshaped(w: Writer, x: Value, shape: tuple[int, ...]) -> Value:
    """Samples in another shape; images have the channels last."""
    if x.shape == shape:
        return x
    return Value(w.add("Reshape", x.name, w.constant(np.array([-1, *shape]))), shape)


def channels_first(w: Writer, x: Value) -> Value:
    """Images with the channels first; rows as they are."""
    return x._replace(name=w.add("Transpose", x.name, perm=(0, 3, 1, 2))) if len(x.shape) == 3 else x


def channels_last(w: Writer, x: Value) -> Value:
    """Images of the graph with the channels last; rows as they are."""
    return x._replace(name=w.add("Transpose", x.name, perm=(0, 2, 3, 1))) if len(x.shape) == 3 else x


def _joined(w, H):
    name = w.add("Concat", *(x.name for x in H), axis=1)
    return Value(name, (sum(x.shape[0] for x in H),))


def _sum(w: Writer, parts: Sequence[Value], factors: Sequence[str]) -> Value:
    total = None
    for x, factor in zip(parts, factors, strict=True):
        one = w.add("Mul", x.name, factor)
        total = one if total is None else w.add("Add", total, one)
    return Value(total, parts[0].shape)


def _stitch(w, H, name, start):
    weights = stitching(start, w.params[f"{name}.W"])
    return tuple(_sum(w, H, [w.constant(a) for a in row]) for row in weights)


def _gate(w, x, name, n):
    return w.add("Softmax", _dense(w, _rows(w, x), name, n, 0.0), axis=1)


def _gated(w, H, gate, places):
    shares = w.write(gate, H[0]).name
    mixed = {0: H[0]}
    for i in places:
        form = w.constant(np.array([-1, 1, *(1 for _ in H[i][0].shape[1:])]))
        each = [w.add("Gather", shares, w.constant(np.array([e])), axis=1) for e in range(len(H[i]))]
        mixed[i] = _sum(w, H[i], [w.add("Reshape", share, form) for share in each])
    return tuple(mixed.get(i) for i in range(len(H)))


def _given(w, x, layer, held):
    return w.with_params(held.params, held.statistics).write(layer, x)


WRITERS = {
    "batch_norm": _batch_norm,
    "branches": lambda w, x, layers: tuple(w.write(layer, x) for layer in layers),
    "chain": _chain,
    "conv": _conv,
    "conv_pool": _conv_pool,
    "dense": _dense,
    "dropout": lambda w, x, rate: x,
    "flatten": _flatten,
    "gate": _gate,
    "gated": _gated,
    "gelu": _gelu,
    "given": _given,
    "global_mean": _global_mean,
    "joined": _joined,
    "max_pool": _pool("MaxPool"),
    "norm_pool": _norm_pool,
    "mean_pool": _pool("AveragePool"),
    "on_levels": _on_levels,
    "ordered_biases": _ordered_biases,
    "parallel": _parallel,
    "part": _part,
    "pick": lambda w, H, place: H[place],
    "pyramid": _pyramid,
    "relu": lambda w, x: w.add("Relu", x.name),
    "residual": _residual,
    "resize": _resize,
    "stitch": _stitch,
}
