"""ONNX files: graphs of operators with their constants, written and read without the onnx package."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from . import _protobuf as pb
from ._files import MAX_BYTES, read_bytes, write_atomic
from ._problems import Bad, FormatError

OPSET, IR_VERSION = 13, 7
FLOAT, INT64 = 1, 7
TYPES = {FLOAT: "<f4", 6: "<i4", INT64: "<i8", 10: "<f2", 11: "<f8"}
# The kinds of attributes: AttributeProto.type.
A_FLOAT, A_INT, A_TEXT, A_TENSOR, A_FLOATS, A_INTS = 1, 2, 3, 4, 6, 7
MAX_DIMENSIONS = 8


@dataclass(frozen=True)
class Node:
    """An operator, the names of the values that it takes and makes, and its attributes."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict = field(default_factory=dict)


@dataclass
class OnnxGraph:
    """Nodes in the order in which they are computed.

    ``inputs`` and ``outputs`` give each value's shape: numbers, texts for lengths that are free, or None
    where nothing is said. Inputs and outputs that are written are float32.
    """

    inputs: dict[str, tuple | None]
    outputs: dict[str, tuple | None] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


def write_onnx(path, graph: OnnxGraph, producer: str, version: str) -> Path:
    """Write the whole file or leave what was there."""
    body = b"".join(pb.bytes_field(1, _node(node)) for node in graph.nodes)
    body += pb.bytes_field(2, producer)
    body += b"".join(pb.bytes_field(5, _tensor(name, value)) for name, value in graph.constants.items())
    body += b"".join(pb.bytes_field(11, _value(name, shape)) for name, shape in graph.inputs.items())
    body += b"".join(pb.bytes_field(12, _value(name, shape)) for name, shape in graph.outputs.items())
    model = pb.number_field(1, IR_VERSION) + pb.bytes_field(2, producer) + pb.bytes_field(3, version)
    model += pb.bytes_field(7, body) + pb.bytes_field(8, pb.bytes_field(1, "") + pb.number_field(2, OPSET))
    for key, value in graph.metadata.items():
        model += pb.bytes_field(14, pb.bytes_field(1, key) + pb.bytes_field(2, value))
    return write_atomic(Path(path), model)


def _node(node: Node) -> bytes:
    parts = [pb.bytes_field(1, name) for name in node.inputs]
    parts += [pb.bytes_field(2, name) for name in node.outputs]
    parts += [pb.bytes_field(3, node.outputs[0]), pb.bytes_field(4, node.op)]
    parts += [pb.bytes_field(5, _attribute(name, value)) for name, value in node.attributes.items()]
    return b"".join(parts)


def _attribute(name: str, value) -> bytes:
    begin = pb.bytes_field(1, name)
    if isinstance(value, float):
        return begin + pb.float_field(2, value) + pb.number_field(20, A_FLOAT)
    if isinstance(value, int):
        return begin + pb.number_field(3, value) + pb.number_field(20, A_INT)
    if isinstance(value, str):
        return begin + pb.bytes_field(4, value) + pb.number_field(20, A_TEXT)
    return begin + b"".join(pb.number_field(8, one) for one in value) + pb.number_field(20, A_INTS)


def _tensor(name: str, value: np.ndarray) -> bytes:
    code = INT64 if value.dtype.kind in "iu" else FLOAT
    begin = b"".join(pb.number_field(1, length) for length in value.shape)
    return begin + pb.number_field(2, code) + pb.bytes_field(8, name) + pb.bytes_field(
        9, np.ascontiguousarray(value, TYPES[code]).tobytes()
    )  # fmt: skip


def _value(name: str, shape: tuple) -> bytes:
    lengths = b"".join(
        pb.bytes_field(
            1, pb.bytes_field(2, length) if isinstance(length, str) else pb.number_field(1, length)
        )
        for length in shape
    )
    tensor = pb.number_field(1, FLOAT) + pb.bytes_field(2, lengths)
    return pb.bytes_field(1, name) + pb.bytes_field(2, pb.bytes_field(1, tensor))


def read_onnx(path, max_bytes: int = MAX_BYTES) -> OnnxGraph:
    """The graph in a file.

    Raises
    ------
    FormatError
        No such file, larger than ``max_bytes``, no ONNX model, or one with graphs within the graph, weights
        in other files, or constants of another type than float16, float32, float64, int32 or int64.
    """
    return parse_onnx(read_bytes(Path(path), max_bytes), path)


def parse_onnx(content: bytes, path) -> OnnxGraph:
    """The graph in the content of a file; errors name it."""
    try:
        model = pb.read_message(memoryview(content))
        if len(model.get(7, ())) != 1 or not isinstance(model[7][0], memoryview):
            raise Bad("no ONNX model: it holds no graph")
        graph = _read_graph(pb.read_message(model[7][0]))
        graph.metadata = dict(_pair(entry) for entry in model.get(14, ()))
        return graph
    except Bad as bad:
        raise FormatError(path, bad.where, bad.problem) from None


def _message(value) -> pb.Message:
    if not isinstance(value, memoryview):
        raise Bad("no ONNX model: a number stands where a part was expected")
    return pb.read_message(value)


def _pair(value) -> tuple[str, str]:
    entry = _message(value)
    return _text(entry, 1), _text(entry, 2)


def _text(message: pb.Message, number: int) -> str:
    return pb.text(message[number][-1]) if number in message else ""


def _int(message: pb.Message, number: int) -> int:
    value = message.get(number, [0])[-1]
    if not isinstance(value, int):
        raise Bad("no ONNX model: a whole number was expected")
    return pb.signed(value)


def _read_graph(graph: pb.Message) -> OnnxGraph:
    constants = dict(_read_tensor(_message(value)) for value in graph.get(5, ()))
    inputs = dict(_read_value(_message(value)) for value in graph.get(11, ()))
    outputs = dict(_read_value(_message(value)) for value in graph.get(12, ()))
    nodes = [_read_node(_message(value)) for value in graph.get(1, ())]
    kept = {name: shape for name, shape in inputs.items() if name not in constants}
    return OnnxGraph(kept, outputs, nodes, constants)


def _read_node(node: pb.Message) -> Node:
    op, domain = _text(node, 4), _text(node, 7)
    place = f"node {_text(node, 3) or op!r}"
    if domain not in ("", "ai.onnx"):
        raise Bad(f"the operator {op!r} is of the domain {domain!r}, not of ONNX itself", place)
    try:
        attributes = dict(_read_attribute(_message(value)) for value in node.get(5, ()))
    except Bad as bad:
        raise Bad(bad.problem, place) from None
    names = (tuple(pb.text(name) for name in node.get(number, ())) for number in (1, 2))
    return Node(op, *names, attributes)


def _read_attribute(attribute: pb.Message):
    name, kind = _text(attribute, 1), _int(attribute, 20)
    if kind == A_FLOAT:
        return name, float(pb.floats(attribute.get(2, []))[-1:].sum())
    if kind == A_INT:
        return name, _int(attribute, 3)
    if kind == A_TEXT:
        return name, _text(attribute, 4)
    if kind == A_INTS:
        return name, tuple(pb.numbers(attribute.get(8, [])))
    if kind == A_FLOATS:
        return name, tuple(pb.floats(attribute.get(7, [])).tolist())
    if kind == A_TENSOR:
        return name, _read_tensor(_message(attribute.get(5, [0])[-1]))[1]
    raise Bad(f"the attribute {name!r} is of a kind ({kind}) that is not read, such as a graph of its own")


def _read_tensor(tensor: pb.Message) -> tuple[str, np.ndarray]:
    name, shape, code = _text(tensor, 8), pb.numbers(tensor.get(1, [])), _int(tensor, 2)
    place = f"constant {name!r}"
    if _int(tensor, 14) or 13 in tensor:
        raise Bad("its numbers are in another file, which is not read", place)
    if code not in TYPES:
        raise Bad(f"its numbers are of ONNX's type {code}; float and int32 or int64 are read", place)
    if len(shape) > MAX_DIMENSIONS or any(length < 0 for length in shape):
        raise Bad(f"its shape {shape[:MAX_DIMENSIONS]} cannot be", place)
    values = _tensor_values(tensor, code)
    if values.size != math.prod(shape):
        raise Bad(f"{values.size} numbers do not fill the shape {shape}", place)
    return name, values.reshape(shape)


def _tensor_values(tensor: pb.Message, code: int) -> np.ndarray:
    dtype = np.dtype(TYPES[code])
    if 9 in tensor:
        raw = tensor[9][-1]
        if isinstance(raw, int) or len(raw) % dtype.itemsize:
            raise Bad(f"its numbers are not whole {dtype}", f"constant {_text(tensor, 8)!r}")
        return np.frombuffer(bytes(raw), dtype)
    if code == FLOAT:
        return pb.floats(tensor.get(4, []))
    if code == 11:
        data = b"".join(bytes(part) for part in tensor.get(10, []) if not isinstance(part, int))
        return np.frombuffer(data[: len(data) // 8 * 8], dtype)
    whole = np.array(pb.numbers(tensor.get(7 if code == INT64 else 5, [])), np.int64)
    return whole.astype(np.uint16).view(np.float16) if code == 10 else whole.astype(dtype)


def _read_value(value: pb.Message) -> tuple[str, tuple | None]:
    name, shape = _text(value, 1), None
    for number in (2, 1, 2):  # TypeProto.tensor_type.shape
        if number not in value:
            return name, shape
        value = _message(value[number][-1])
    return name, tuple(_read_length(_message(length)) for length in value.get(1, ()))


def _read_length(length: pb.Message) -> int | str:
    return _int(length, 1) if 1 in length else _text(length, 2)
