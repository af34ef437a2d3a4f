"""Layers of networks from elsewhere as nodes of an ONNX graph."""

from __future__ import annotations

import numpy as np

from ._onnx_layers import WRITERS, Value, Writer


def _padded_conv(w: Writer, x: Value, name, n_filters, size, stride, pad):
    return WRITERS["conv"](w, x, name, n_filters, size, stride, pad)


def _contrast_conv(w, x, *, name, n_filters, size, stride, pad, contrast):
    """Convolutions of equal weights give the mean of each patch and of its squares."""
    channels = x.shape[2]
    window = {"kernel_shape": (size, size), "strides": (stride, stride), "pads": (pad,) * 4}
    equal = w.constant(np.full((1, channels, size, size), 1 / (size * size * channels)))
    mean, square = (w.add("Conv", v, equal, **window) for v in (x.name, w.add("Mul", x.name, x.name)))
    variance = w.add("Sub", square, w.add("Mul", mean, mean))
    spread = w.add("Add", w.add("Max", variance, w.constant(0.0)), w.constant(contrast))
    responses = w.add("Conv", x.name, w.param(f"{name}.W", lambda W: W.transpose(3, 2, 0, 1)), **window)
    bias = w.param(f"{name}.b", lambda b: b.reshape(-1, 1, 1))
    return w.add("Add", w.add("Div", responses, w.add("Sqrt", spread)), bias)


def _rectified(w, x, activation, threshold):
    sides = [x.name] if activation == "relu" else [x.name, w.add("Neg", x.name)]
    beyond = [w.add("Relu", w.add("Sub", side, w.constant(threshold))) for side in sides]
    if activation == "two-sided":
        return w.add("Concat", *beyond, axis=1)
    return beyond[0] if activation == "relu" else w.add("Add", *beyond)


def _grid_means(w, x, cells):
    """A product with a matrix that holds the share of each pixel in each cell."""
    height, width, channels = x.shape
    each = []
    for side in (height, width):
        edges = np.arange(cells + 1) * side // cells
        inside = (np.arange(side)[:, None] >= edges[:-1]) & (np.arange(side)[:, None] < edges[1:])
        each.append(inside / inside.sum(axis=0))
    shares = np.einsum("yi,xj->yxij", *each).reshape(height * width, -1)
    rows = w.add("Reshape", x.name, w.constant(np.array([0, channels, height * width])))
    means = w.add("MatMul", rows, w.constant(shares))
    return w.add("Flatten", w.add("Transpose", means, perm=(0, 2, 1)), axis=1)


def _max_windows(w, x, size, stride, pad):
    window = {"kernel_shape": (size, size), "strides": (stride, stride), "pads": (pad,) * 4}
    return w.add("MaxPool", x.name, **window)


def _fixed(w, x, operator, constant):
    form = (-1, 1, 1) if len(x.shape) == 3 else (-1,)
    return w.add(operator, x.name, w.constant(constant.reshape(form)))


def _flow(w, x, steps, start, end):
    values = {start: x}
    for layer, inputs, output in steps:
        given = tuple(values[name] for name in inputs)
        values[output] = w.write(layer, given if len(given) > 1 else given[0])
    return values[end]


def _two_together(w, pair, operator):
    first, second = pair
    return first._replace(name=w.add(operator, first.name, second.name))


WRITERS |= {
    "channels_first_rows": lambda w, x: w.add("Flatten", x.name, axis=1),
    "contrast_conv": _contrast_conv,
    "erf": lambda w, x: w.add("Erf", x.name),
    "fixed": _fixed,
    "flow": _flow,
    "grid_means": _grid_means,
    "max_windows": _max_windows,
    "padded_conv": _padded_conv,
    "rectified": _rectified,
    "two_together": _two_together,
}
