"""ONNX files: what is written is read back, also by another reader, and hostile bytes are refused."""

from __future__ import annotations

import numpy as np
import pytest

from skmtl.io import FormatError
from skmtl.io import _protobuf as pb
from skmtl.io._onnx import Node, OnnxGraph, read_onnx, write_onnx


@pytest.fixture
def graph():
    return OnnxGraph(
        inputs={"X": ("n", 2)},
        outputs={"Y": ("n", 3)},
        nodes=[
            Node("Gemm", ("X", "W", "b"), ("h",), {"alpha": 0.5, "transB": 1}),
            Node("Reshape", ("h", "shape"), ("Y",), {"pads": (1, 2, -3), "mode": "naïve"}),
        ],
        constants={
            "W": np.arange(6, dtype=np.float32).reshape(3, 2),
            "b": np.array([0.5, -1.0, 3e7], np.float32),
            "shape": np.array([-1, 3]),
            "alone": np.array(7.0, np.float32),
        },
        metadata={"skmtl": "{}", "naïve": "ünicode"},
    )


def same(a, b):
    assert (a.inputs, a.outputs, a.nodes, a.metadata) == (b.inputs, b.outputs, b.nodes, b.metadata)
    assert a.constants.keys() == b.constants.keys()
    for name, value in a.constants.items():
        assert b.constants[name].shape == value.shape and (b.constants[name] == value).all()


def test_what_is_written_is_read_back(graph, tmp_path):
    same(graph, read_onnx(write_onnx(tmp_path / "model.onnx", graph, "us", "1")))


def test_what_onnx_writes_is_read(graph, tmp_path):
    onnx = pytest.importorskip("onnx")
    h = onnx.helper
    made = h.make_graph(
        [h.make_node(node.op, node.inputs, node.outputs, **node.attributes) for node in graph.nodes],
        "name",
        [h.make_tensor_value_info("X", 1, ["n", 2])],
        [h.make_tensor_value_info("Y", 1, ["n", 3])],
        [
            h.make_tensor(name, 7 if value.dtype.kind == "i" else 1, value.shape, value.ravel().tolist())
            for name, value in graph.constants.items()
        ],
    )
    model = h.make_model(made)
    h.set_model_props(model, graph.metadata)
    onnx.save(model, str(tmp_path / "model.onnx"))
    same(graph, read_onnx(tmp_path / "model.onnx"))


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**31, 2**63 - 1, -1, -(2**63)])
def test_whole_numbers_of_every_length(value):
    (fields,) = pb.read_message(memoryview(pb.number_field(4, value))).values()
    assert pb.signed(fields[0]) == value
    assert pb.numbers([memoryview(pb.varint(value) * 3)]) == [value] * 3


@pytest.mark.parametrize(
    "data, problem",
    [
        (b"", "no ONNX model: it holds no graph"),
        (b"\xff" * 11, "a number of more than 10 bytes"),
        (b"\x0b", "wire type 3"),
        (b"\x00\x00", "field 0"),
        (b"\x3a\xff\xff\xff\x7f", "cut short: field 7 needs 268435455 bytes, 0 are left"),
        (pb.number_field(7, 3), "it holds no graph"),
        (pb.bytes_field(7, pb.number_field(1, 3)), "a number stands where a part was expected"),
        (pb.bytes_field(7, pb.bytes_field(5, pb.number_field(2, 8))), "numbers are of ONNX's type 8"),
        (
            pb.bytes_field(7, pb.bytes_field(5, pb.number_field(1, 2**40) + pb.number_field(2, 1))),
            r"0 numbers do not fill the shape \[1099511627776\]",
        ),
        (
            pb.bytes_field(7, pb.bytes_field(5, pb.number_field(1, -2) + pb.number_field(2, 1))),
            r"its shape \[-2\] cannot be",
        ),
        (
            pb.bytes_field(7, pb.bytes_field(5, pb.number_field(2, 1) + pb.number_field(14, 1))),
            "its numbers are in another file, which is not read",
        ),
        (
            pb.bytes_field(7, pb.bytes_field(1, pb.bytes_field(4, "Mine") + pb.bytes_field(7, "me"))),
            "node 'Mine': the operator 'Mine' is of the domain 'me'",
        ),
        (
            pb.bytes_field(7, pb.bytes_field(1, pb.bytes_field(5, pb.number_field(20, 5)))),
            r"of a kind \(5\) that is not read",
        ),
        (pb.bytes_field(7, pb.bytes_field(1, pb.bytes_field(4, b"\xff"))), "a text is not UTF-8"),
    ],
)
def test_hostile_files_are_refused(data, problem, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=problem) as error:
        read_onnx(path)
    assert str(path) in str(error.value)


def test_missing_and_large_files_are_refused(graph, tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        read_onnx(tmp_path / "none.onnx")
    path = write_onnx(tmp_path / "model.onnx", graph, "us", "1")
    with pytest.raises(FormatError, match="larger than max_bytes=10"):
        read_onnx(path, max_bytes=10)


def test_damage_is_refused_or_read_but_never_anything_else(graph, tmp_path, rng):
    path = write_onnx(tmp_path / "model.onnx", graph, "us", "1")
    whole = path.read_bytes()
    refused = 0
    for n in range(600):
        data = bytearray(whole)
        if n % 3 == 0:
            del data[int(rng.integers(len(data))) :]
        else:
            for place in rng.integers(len(data), size=1 + n % 3):
                data[place] = rng.integers(256)
        path.write_bytes(data)
        try:
            assert isinstance(read_onnx(path), OnnxGraph)
        except FormatError:
            refused += 1
    assert refused > 200
