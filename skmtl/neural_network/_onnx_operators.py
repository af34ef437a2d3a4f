"""ONNX's operators, each as a layer that can be learned further.

A reader of a node is given what reads the graph, the node and the name of the layer; it hands the node's
constants to the former and returns the layer, and whether what it makes has its channels last. It raises
ValueError, or what Python raises on values of a wrong kind, for a node that it cannot read.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..nn import Layer, batch_norm, chain, dense, flatten, global_mean, mean_pool, relu
from ._flow import channels_first_rows, erf, fixed, two_together
from ._foreign_layers import max_windows, padded_conv

FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)


class Seen(NamedTuple):
    """A value: the shape of a sample as our layers make it, and whether the file has its channels last."""

    shape: tuple[int, ...]
    channels_last: bool


def _conv(r, node, name):
    seen, W, options = r.image(node), r.constant(node, 1), node.attributes
    size, stride, pad = W.shape[-1], *_square(options, W.shape[-1], seen)
    if W.ndim != 4 or W.shape[2:] != (size, size) or options.get("group", 1) != 1:
        raise ValueError(f"square filters of all channels are read, got W {W.shape}, {_told(options)}")
    if W.shape[1] != seen.shape[2] or set(options.get("dilations", (1,))) != {1}:
        raise ValueError(f"W {W.shape} with {_told(options)} does not fit {seen.shape[2]} channels")
    r.params[f"{name}.W"] = W.transpose(2, 3, 1, 0)
    r.params[f"{name}.b"] = r.constant(node, 2) if len(node.inputs) > 2 else np.zeros(len(W))
    return padded_conv(name, len(W), size, stride, pad), False


def _square(options: dict, size: int, seen: Seen) -> tuple[int, int]:
    """The stride and the padding of windows, which must be the same in both directions and on all sides."""
    side = max(seen.shape)
    strides, pads = set(options.get("strides", (1,))), set(options.get("pads", (0,)))
    automatic = options.get("auto_pad", "NOTSET")
    if automatic == "VALID" or (automatic.startswith("SAME") and size % 2 == 1 and strides == {1}):
        pads = {0 if automatic == "VALID" else size // 2}
    elif automatic != "NOTSET":
        raise ValueError(f"auto_pad={automatic!r} is not read with {_told(options)}")
    one = len(strides) == len(pads) == 1
    if not one or not 1 <= min(strides) <= side or not 0 <= min(pads) < min(size, side + 1):
        raise ValueError(f"one stride and one padding for all sides are read, got {_told(options)}")
    return *strides, *pads


def _told(options: dict) -> str:
    return ", ".join(f"{key}={value!r:.60}" for key, value in options.items()) or "no attributes"


def _pool(r, node, name):
    seen, options = r.image(node), node.attributes
    size, *others = options["kernel_shape"]
    stride, pad = _square(options, size, seen)
    if others != [size] or options.get("ceil_mode", 0) or set(options.get("dilations", (1,))) != {1}:
        raise ValueError(f"square windows are read, got {_told(options)}")
    if node.op == "MaxPool":
        return max_windows(size, stride, pad), False
    if (stride, pad) != (size, 0):
        raise ValueError(f"windows side by side are read, got {_told(options)}")
    return mean_pool(size), False


def _gemm(r, node, name):
    W, options = r.constant(node, 1), node.attributes
    factors = {options.get("alpha", 1.0), options.get("beta", 1.0)}
    if W.ndim != 2 or options.get("transA", 0) or factors != {1.0}:
        raise ValueError(f"X W + b is read, got {_told(options)} and W {W.shape}")
    W = W.T if options.get("transB", 0) else W
    bias = r.constant(node, 2) if len(node.inputs) > 2 else np.zeros(W.shape[1])
    r.params |= {f"{name}.W": W, f"{name}.b": np.broadcast_to(bias.reshape(-1), W.shape[1])}
    return dense(name, W.shape[1]), False


def _batch_norm(r, node, name):
    keys = (f"{name}.{part}" for part in ("gamma", "beta", "mean", "variance"))
    gamma, beta, mean, variance = ((key, r.constant(node, i)) for i, key in enumerate(keys, start=1))
    channels = r.first(node).shape[-1]
    if {value.shape for _, value in (gamma, beta, mean, variance)} != {(channels,)} or min(variance[1]) < 0:
        raise ValueError(f"its constants do not fit {channels} channels")
    r.params |= dict([gamma, beta])
    r.statistics |= dict([mean, variance])
    return batch_norm(name, epsilon=node.attributes.get("epsilon", 1e-5)), r.first(node).channels_last


def _flatten(r, node, name):
    seen = r.first(node)
    if node.op == "Flatten" and node.attributes.get("axis", 1) != 1:
        raise ValueError("samples as rows are read, axis=1")
    if node.op == "Reshape":
        shape = r.constant(node, 1).tolist()
        if len(shape) == 4 and seen.channels_last and tuple(shape[1:]) in (seen.shape, (*seen.shape, 1)):
            return chain(), True
        if shape[1:] not in ([-1], [math.prod(seen.shape)]):
            raise ValueError(f"samples as rows are read, got the shape {shape}")
    by_channel = len(seen.shape) == 3 and not seen.channels_last
    return (channels_first_rows() if by_channel else flatten()), False


def _transpose(r, node, name):
    seen, perm = r.first(node), node.attributes.get("perm")
    if perm != (FIRST if seen.channels_last else LAST) or len(seen.shape) != 3:
        raise ValueError(f"channels are moved first or last, got perm={perm}")
    return chain(), not seen.channels_last


def _arithmetic(r, node, name):
    kinds = [place in r.seen for place in node.inputs]
    if kinds == [True, True] and node.op in ("Add", "Mul"):
        a, b = (r.seen[place] for place in node.inputs)
        if a != b:
            raise ValueError(f"values of different shapes, {a.shape} and {b.shape}, are not put together")
        return two_together(node.op), a.channels_last
    if kinds != [True, False] and not (kinds == [False, True] and node.op in ("Add", "Mul")):
        raise ValueError("one value and one constant are read, or Add and Mul of two values")
    seen, constant = r.seen[node.inputs[kinds.index(True)]], r.constant(node, kinds.index(False))
    lengths = [length for length in constant.shape if length != 1]
    axis = constant.ndim - 1 - (0 if len(seen.shape) == 1 or seen.channels_last else 2)
    if constant.size != 1 and (lengths != [seen.shape[-1]] or constant.shape[axis] != seen.shape[-1]):
        raise ValueError(f"a constant for each channel is read, got the shape {constant.shape}")
    return fixed(node.op, constant.reshape(-1).astype(np.float64)), seen.channels_last


def _plain(layer: Layer):
    return lambda r, node, name: (layer, r.first(node).channels_last)


def _global_mean(r, node, name):
    r.image(node)
    return global_mean(), False


READERS = {
    "Add": _arithmetic,
    "AveragePool": _pool,
    "BatchNormalization": _batch_norm,
    "Conv": _conv,
    "Div": _arithmetic,
    "Dropout": _plain(chain()),
    "Erf": _plain(erf()),
    "Flatten": _flatten,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_mean,
    "Identity": _plain(chain()),
    "MaxPool": _pool,
    "Mul": _arithmetic,
    "Relu": _plain(relu()),
    "Reshape": _flatten,
    "Sub": _arithmetic,
    "Transpose": _transpose,
}
