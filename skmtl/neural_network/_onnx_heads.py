"""What a head's codec makes of a network's output, as nodes of an ONNX graph."""

from __future__ import annotations

import numpy as np

from ..heads import CountHead, Head
from ._onnx_layers import Value, Writer, channels_last, reshaped


def write_head(w: Writer, z: Value, head: Head, spec: dict, coding: dict) -> Value:
    """What ``predict_proba`` tells of the head, or, where it has no probabilities, ``predict``.

    Numbers are not rounded, and points come without their visibility.
    """
    x = _OUTPUTS.get(head.kind, channels_last)(w, z)
    if np.any(coding["scale"] != 1) or np.any(coding["shift"] != 0):
        scaled = w.add("Mul", x.name, w.constant(coding["scale"]))
        x = x._replace(name=w.add("Add", scaled, w.constant(coding["shift"])))
    if head.kind == "box":
        return _box(w, x, spec)
    if isinstance(head, CountHead):
        log = w.add("Max", x.name, w.constant(0.0))
        x = x._replace(name=w.add("Sub", w.add("Exp", log), w.constant(1.0)))
    if head.task != "regression":
        return x
    return reshaped(w, x, (spec["shape"][0], 2) if head.in_image else tuple(spec["shape"]))


def write_classes(w: Writer, z: Value) -> Value:
    """Probabilities (n, C) of a plain classifier's task, of one output for two classes, else of C."""
    if z.shape != (1,):
        return _softmax(w, z)
    sides = w.add("Concat", w.add("Neg", z.name), z.name, axis=1)
    return Value(w.add("Sigmoid", sides), (2,))


def write_number(w: Writer, z: Value, shift: float, scale: float, loss: str) -> Value:
    """The number (n,) of a plain regressor's task."""
    z = w.add("Exp", z.name) if loss == "poisson" else z.name
    scaled = w.add("Add", w.add("Mul", z, w.constant(scale)), w.constant(shift))
    return reshaped(w, Value(scaled, (1,)), ())


def _softmax(w, z):
    return z._replace(name=w.add("Softmax", z.name, axis=1))


def _pixels(w, z):
    x = channels_last(w, _softmax(w, z))
    if x.shape[2] > 2:
        return x
    return Value(w.add("Gather", x.name, w.constant(np.array(1)), axis=3), x.shape[:2])


def _ordinal(w, z):
    above = w.add("Sigmoid", z.name)
    columns = [w.add("Gather", above, w.constant(np.array([c])), axis=1) for c in range(z.shape[0])]
    one = w.add("Add", w.add("Mul", columns[0], w.constant(0.0)), w.constant(1.0))
    for c in range(1, len(columns)):
        columns[c] = w.add("Min", columns[c - 1], columns[c])
    first, last = (w.add("Concat", *parts, axis=1) for parts in ([one, *columns], [*columns]))
    nothing = w.add("Sub", one, one)
    shares = w.add("Sub", first, w.add("Concat", last, nothing, axis=1))
    return Value(shares, (z.shape[0] + 1,))


def _brightest(w, z, reach: int = 2):
    """``nn.brightest``: the mean place around the largest pixel of each map (n, K, h, w)."""
    height, width, K = z.shape
    flat = w.add("Reshape", z.name, w.constant(np.array([0, K, height * width])))
    peak = w.add("ArgMax", flat, axis=2, keepdims=1)
    row = w.add("Div", peak, w.constant(np.array(width)))
    column = w.add("Sub", peak, w.add("Mul", row, w.constant(np.array(width))))
    rows, columns = np.divmod(np.arange(height * width), width)
    shares = w.add("Softmax", flat, axis=2)
    for places, middle in ((rows, row), (columns, column)):
        away = w.add("Abs", w.add("Sub", w.constant(places), middle))
        near = w.add("Less", away, w.constant(np.array(reach + 1)))
        shares = w.add("Mul", shares, w.add("Cast", near, to=1))
    pixels = np.stack([columns + 0.5, rows + 0.5, np.ones(height * width)], axis=1)
    sums = w.add("MatMul", shares, w.constant(pixels))  # (n, K, 3): x and y, and what they are shares of
    place = w.add("Gather", sums, w.constant(np.array([0, 1])), axis=2)
    total = w.add("Gather", sums, w.constant(np.array([2])), axis=2)
    return Value(w.add("Flatten", w.add("Div", place, total), axis=1), (2 * K,))


def _box(w: Writer, x: Value, spec: dict) -> Value:
    first, second = (w.add("Gather", x.name, w.constant(np.array(c)), axis=1) for c in ([0, 1], [2, 3]))
    lowest, highest = w.constant(spec["lowest"]), w.constant(spec["highest"])
    corners = [w.add(op, first, second) for op in ("Min", "Max")]
    inside = [w.add("Min", w.add("Max", corner, lowest), highest) for corner in corners]
    return Value(w.add("Concat", *inside, axis=1), (4,))


_OUTPUTS = {
    "classes": _softmax,
    "ordinal": _ordinal,
    "tags": lambda w, z: z._replace(name=w.add("Sigmoid", z.name)),
    "rates": lambda w, z: z._replace(name=w.add("Exp", z.name)),
    "heat maps": _brightest,
    "mask": _pixels,
}
