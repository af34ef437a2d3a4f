"""Fitted networks with heads as ONNX files."""

from __future__ import annotations

import json
from pathlib import Path

from .._version import __version__
from ..io._onnx import Node, OnnxGraph, write_onnx
from ._onnx_heads import write_head
from ._onnx_layers import OWN, Value, Writer, channels_first, reshaped


def write_network(path, model) -> Path:
    """Write a fitted ``MultiHeadNetwork``; its ``to_onnx`` says how."""
    shape = tuple(model.input_shape_)
    graph = OnnxGraph(inputs={"X": ("n", *shape)})
    w = Writer(graph, model.params_, model._statistics)
    network = model._network()
    levels = w.write(network.trunk, _scaled(w, Value("X", shape), model))
    for task in network.tasks:
        head, spec = model.heads_[task.name], model.specs_[task.name]
        z = w.write(task.head, levels)
        told = write_head(w, z, head, spec, model._codings[task.name])
        if task.name in (*graph.inputs, *graph.constants) or task.name.startswith(OWN):
            raise ValueError(f"to_onnx: {task.name!r} is a name that the file itself needs; rename the field")
        graph.nodes.append(Node("Identity", (told.name,), (task.name,)))
        graph.outputs[task.name] = ("n", *told.shape)
    graph.metadata["skmtl"] = json.dumps(_description(model, levels), ensure_ascii=False)
    return write_onnx(path, graph, "skmtl", __version__)


def _scaled(w: Writer, x: Value, model) -> Value:
    """X as the layers take it."""
    x, scaling = reshaped(w, x, tuple(model._shape)), model._scaling
    moved = w.add("Sub", x.name, w.constant(scaling["shift"]))
    return channels_first(w, x._replace(name=w.add("Div", moved, w.constant(scaling["scale"]))))


def _description(model, levels) -> dict:
    """What an outsider must know besides: the heads' kinds and classes, and where the trunk's levels are."""
    heads = {}
    for name, head in model.heads_.items():
        classes = model.specs_[name].get("classes")
        heads[name] = {"kind": head.kind} | ({} if classes is None else {"classes": classes.tolist()})
    told = {"heads": heads}
    if all(isinstance(level, Value) for level in levels):
        told["levels"], told["n_maps"] = [level.name for level in levels], model.trunk_.n_maps()
    return told
