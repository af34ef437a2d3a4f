"""Fitted networks as ONNX files."""

from __future__ import annotations

import json
from pathlib import Path

from .._version import __version__
from ..io._onnx import Node, OnnxGraph, write_onnx
from . import _onnx_foreign  # noqa: F401 - adds what it can write
from ._onnx_heads import write_classes, write_head, write_number
from ._onnx_layers import OWN, Value, Writer, channels_first, reshaped
from ._trunks import Trunk


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
        _give(graph, task.name, write_head(w, z, head, spec, model._codings[task.name]))
    return _finish(path, graph, _description(model, levels))


def write_perceptron(path, model) -> Path:
    """Write a fitted ``MultiTaskMLPClassifier`` or ``MultiTaskMLPRegressor``; its ``to_onnx`` says how."""
    trunk, shape = model._ground()
    graph = OnnxGraph(inputs={"X": ("n", *shape)})
    w, network = Writer(graph, model.params_, model._statistics), model._network()
    levels, heads = w.write(network.trunk, Value("X", shape)), {}
    for t, task in enumerate(network.tasks):
        z = w.write(task.head, levels)
        if model._classify:
            told = write_classes(w, z)
            heads[task.name] = {"kind": "classes", "classes": model._classes()[t].tolist()}
        else:
            told = write_number(w, z, *model._scales[:, t], model._design["loss"])
            heads[task.name] = {"kind": "numbers"}
        _give(graph, task.name, told)
    return _finish(path, graph, {"heads": heads} | _levels(levels, trunk))


def _give(graph: OnnxGraph, name: str, told: Value) -> None:
    """Let a value be an output of the graph under this name."""
    if name in (*graph.inputs, *graph.constants) or name.startswith(OWN):
        raise ValueError(f"to_onnx: {name!r} is a name that the file itself needs; rename the field")
    graph.nodes.append(Node("Identity", (told.name,), (name,)))
    graph.outputs[name] = ("n", *told.shape)


def _finish(path, graph: OnnxGraph, description: dict) -> Path:
    graph.metadata["skmtl"] = json.dumps(description, ensure_ascii=False)
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
    return {"heads": heads} | _levels(levels, model.trunk_)


def _levels(levels: tuple, trunk: Trunk) -> dict:
    """The names of the trunk's levels, where every head reads the same ones."""
    if not all(isinstance(level, Value) for level in levels):
        return {}
    return {"levels": [level.name for level in levels], "n_maps": trunk.n_maps()}
