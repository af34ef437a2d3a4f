"""Trunks from ONNX files: chains of the usual operators as layers that can be learned further."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import numpy as np

from ..io._onnx import Node, OnnxGraph
from ..io._problems import FormatError
from ..nn import Params, chain, global_mean
from ._flow import Step, flow
from ._onnx_operators import FIRST, READERS, Seen
from ._origin import Blank, Origin, need_shapes

#: What a layer says of itself that hands on what it is given.
NOTHING = chain().made
MAX_SIDE = 2**20


class GraphReader:
    """Turns nodes into steps; ``params`` and ``statistics`` are what the file has for their layers."""

    def __init__(self, path, graph: OnnxGraph):
        self.path, self.graph = path, graph
        self.largest = max((value.size for value in graph.constants.values()), default=0)
        self.params: Params = {}
        self.statistics: Params = {}
        self.steps: list[Step] = []
        self.seen: dict[str, Seen] = {}

    def bad(self, node: Node, problem: str) -> FormatError:
        return FormatError(self.path, f"node {node.op} -> {node.outputs[0]!r}", problem)

    def read(self, start: str, shape: tuple[int, ...], end: str) -> None:
        """Steps from the value ``start``, of this shape, up to ``end``."""
        self.seen[start] = Seen(shape, _takes_channels_last(self.graph, start))
        for node in _needed(self.graph, end):
            self._step(node)
        if end not in self.seen:
            raise FormatError(self.path, f"value {end!r}", "no node makes it of the file's input")

    def _step(self, node: Node) -> None:
        if node.op not in READERS:
            raise self.bad(node, f"the operator is not read; these are: {', '.join(sorted(READERS))}")
        moving = [name for name in node.inputs if name in self.seen]
        constants = self.graph.constants
        unknown = [each for each in node.inputs if each and each not in self.seen and each not in constants]
        if unknown or not moving:
            raise self.bad(node, f"its input {(unknown or ['?'])[0]!r} comes from nowhere")
        if node.outputs[0] in self.seen or node.outputs[0] in constants:
            raise self.bad(node, "its output is there already")
        name = f"trunk.{node.outputs[0]}"
        try:
            layer, channels_last = READERS[node.op](self, node, name)
            seen = [self.seen[name] for name in moving]
            given = seen[0].shape if len(seen) == 1 else tuple(each.shape for each in seen)
            drawn, shape = layer.init(Blank(self.largest), given, np.float32)
            need_shapes(drawn, self.params)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise self.bad(node, str(error)) from None
        self.steps.append(Step(layer, tuple(moving), node.outputs[0]))
        self.seen[node.outputs[0]] = Seen(shape, channels_last)

    def constant(self, node: Node, place: int) -> np.ndarray:
        """A finite constant among a node's inputs."""
        if place >= len(node.inputs) or node.inputs[place] not in self.graph.constants:
            raise ValueError(f"its input {place} must be a constant of the file")
        value = self.graph.constants[node.inputs[place]]
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise ValueError(f"its input {place} holds numbers that are not finite")
        return value

    def first(self, node: Node) -> Seen:
        """The value that the node takes first."""
        return self.seen[node.inputs[0]]

    def image(self, node: Node) -> Seen:
        """The same, which must be images with the channels first, as ONNX has them."""
        seen = self.first(node)
        if len(seen.shape) != 3 or seen.channels_last:
            raise ValueError(f"it takes images (n, channels, h, w), got samples of shape {seen.shape}")
        return seen


def _takes_channels_last(graph: OnnxGraph, start: str) -> bool:
    """Whether a file moves the channels of its images to the front before anything looks at them."""
    for node in graph.nodes:
        if start not in node.inputs:
            continue
        if node.op not in ("Add", "Div", "Identity", "Mul", "Reshape", "Sub"):
            return node.op == "Transpose" and node.attributes.get("perm") == FIRST
        start = node.outputs[0] if node.outputs else start
    return False


def _needed(graph: OnnxGraph, end: str) -> list[Node]:
    """The nodes that ``end`` is made by, in the file's order."""
    wanted, kept = {end}, []
    for node in reversed(graph.nodes):
        if wanted & set(node.outputs):
            wanted |= set(node.inputs)
            kept.append(node)
    return kept[::-1]


def read_trunk(path, graph: OnnxGraph, end: str | None) -> Origin:
    """A trunk of the nodes that make the value ``end`` of a file's input.

    None: of the last value of the trunk where this package has written the file, else of the first output.
    """
    start, shape = _input_of(path, graph)
    end = end or _own_end(graph) or next(iter(graph.outputs), None)
    if end is None:
        raise FormatError(path, "", "the file has no output")
    reader = GraphReader(path, graph)
    reader.read(start, shape, end)
    steps, start, scaling = _without_scaling(reader.steps, start, shape[-1])
    cuts = _cuts(steps, reader.seen, start, end)
    places = {start: 0} | {step.output: i for i, step in enumerate(steps, start=1)}
    stages = [flow(steps[places[a] : places[b]], a, b) for a, b in pairwise([start, *cuts])]
    shapes = [reader.seen[name].shape for name in cuts]
    if len(shapes[-1]) == 3:
        stages.append(global_mean())
    n_maps = sum(len(each) == 3 for each in (shape, *shapes))
    return Origin(stages, n_maps, reader.params, reader.statistics, scaling, shape)


def _input_of(path, graph: OnnxGraph) -> tuple[str, tuple[int, ...]]:
    """The only input of a graph: its name, and the shape of a sample with the channels last."""
    if len(graph.inputs) != 1:
        raise FormatError(path, "", f"files with one input are read, this has {len(graph.inputs)}")
    ((name, shape),) = graph.inputs.items()
    sides = () if shape is None else shape[1:]
    known = all(isinstance(side, int) and 0 < side < MAX_SIDE for side in sides)
    if len(sides) not in (1, 2, 3) or not known:
        raise FormatError(path, f"input {name!r}", f"the shape of a sample must be known, got {shape}")
    if len(sides) == 2:
        return name, (*sides, 1)
    if len(sides) == 3 and not _takes_channels_last(graph, name):
        return name, (*sides[1:], sides[0])
    return name, sides


def _own_end(graph: OnnxGraph) -> str | None:
    """The trunk's last value, where this package has written the file."""
    try:
        level = json.loads(graph.metadata.get("skmtl", "{}"))["levels"][-1]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    return level if isinstance(level, str) else None


def _without_scaling(steps: list[Step], start: str, channels: int):
    """The steps behind those that only subtract and divide; the value they begin with; shift and scale."""
    uses = Counter(name for step in steps for name in step.inputs)
    shift, scale = np.zeros(channels), np.ones(channels)
    for i, step in enumerate(steps):
        made = step.layer.made
        arguments = made.arguments if made.function.__name__ == "fixed" else {}
        operator = arguments.get("operator")
        scales = operator == "Sub" or (operator == "Div" and (arguments["constant"] != 0).all())
        if uses[start] != 1 or not (scales or made == NOTHING):
            return steps[i:], start, {"shift": shift, "scale": scale}
        if operator == "Sub":
            shift = shift + scale * arguments["constant"]
        elif operator == "Div":
            scale = scale * arguments["constant"]
        start = step.output
    return [], start, {"shift": shift, "scale": scale}


def _cuts(steps: list[Step], seen: dict[str, Seen], start: str, end: str) -> list[str]:
    """Values that all that follows is made of: of images the last of each size, and the end.

    Images of the size of the input are left out where there are smaller ones.
    """
    last = {name: i for i, step in enumerate(steps) for name in step.inputs}
    alive, found = {start}, {}
    for i, step in enumerate(steps):
        alive = {name for name in (*alive, step.output) if last.get(name, -1) > i}
        size = seen[step.output].shape[:-1]
        if alive == {step.output} and size:
            found.pop(size, None)
            found[size] = step.output
    if len(found) > 1:
        found.pop(seen[start].shape[:-1], None)
    return [*(name for name in found.values() if name != end), end]
