"""Trunks from ONNX files: what their layers make, and files that are not to be trusted."""

from __future__ import annotations

import numpy as np
import pytest
from _asserts import Tolerance, assert_close
from _gradients import DIFFERENCES, numeric_gradient
from _networks import levels, network, scenes
from _onnx_numpy import run_graph

from skmtl import ConvFeatureExtractor, make_targets, nn
from skmtl.io._onnx import Node, OnnxGraph, read_onnx, write_onnx
from skmtl.neural_network import ConvTrunk, DenseTrunk, PretrainedTrunk
from skmtl.neural_network import _flow as flows
from skmtl.neural_network import _foreign_layers as foreign

FLOAT32 = Tolerance("float32 through a network", rtol=2e-4, atol=2e-5)


@pytest.fixture(scope="module")
def images():
    X, fields = scenes(np.random.default_rng(3), 40)
    return X[:, :15], make_targets(kind=fields["kind"], mask=fields["mask"][:, :15], size=fields["size"])


# -------------------------------------------------------------------------------- ONNX files


def weights(rng, *shape):
    return rng.normal(size=shape).astype(np.float32) / np.sqrt(np.prod(shape[1:]))


@pytest.fixture
def graph(rng):
    """A network with every operator that is read, as other programs export it: channels first."""
    nodes = [
        Node("Sub", ("in", "mean"), ("centred",)),
        Node("Div", ("centred", "spread"), ("scaled",)),
        Node(
            "Conv",
            ("scaled", "w0", "b0"),
            ("c0",),
            {"strides": (2, 2), "pads": (2,) * 4, "kernel_shape": (5, 5)},
        ),
        Node("BatchNormalization", ("c0", "gamma", "beta", "mu", "var"), ("n0",), {"epsilon": 1e-3}),
        Node("Relu", ("n0",), ("r0",)),
        Node("MaxPool", ("r0",), ("p0",), {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1,) * 4}),
        Node("Conv", ("p0", "w1"), ("c1",), {"pads": (1,) * 4, "group": 1, "dilations": (1, 1)}),
        Node("Add", ("c1", "p0"), ("a1",)),
        Node("Erf", ("a1",), ("e1",)),
        Node("Mul", ("a1", "e1"), ("m1",)),
        Node("Mul", ("factor", "m1"), ("f1",)),
        Node("Conv", ("f1", "w2", "b2"), ("c2",), {}),
        Node("Relu", ("c2",), ("r2",)),
        Node("AveragePool", ("r2",), ("p2",), {"kernel_shape": (2, 2), "strides": (2, 2)}),
        Node("Flatten", ("p2",), ("rows",), {"axis": 1}),
        Node("Gemm", ("rows", "w3", "b3"), ("features",), {"transB": 1}),
        Node("Dropout", ("features",), ("kept",)),
        Node("Gemm", ("kept", "w4", "b4"), ("out",), {"transB": 0, "alpha": 1.0}),
    ]
    constants = {
        "mean": np.full((1, 3, 1, 1), 0.5, np.float32),
        "spread": np.array([0.5, 0.25, 2.0], np.float32).reshape(3, 1, 1),
        "w0": weights(rng, 4, 3, 5, 5),
        "b0": weights(rng, 4),
        "gamma": weights(rng, 4),
        "beta": weights(rng, 4),
        "mu": weights(rng, 4),
        "var": rng.uniform(0.5, 2, 4).astype(np.float32),
        "w1": weights(rng, 4, 4, 3, 3),
        "factor": np.array(0.5, np.float32),
        "w2": weights(rng, 6, 4, 2, 2),
        "b2": weights(rng, 6),
        "w3": weights(rng, 5, 24),
        "b3": weights(rng, 5),
        "w4": weights(rng, 5, 7),
        "b4": weights(rng, 7),
    }
    return OnnxGraph({"in": ("n", 3, 19, 18)}, {"out": ("n", 7)}, nodes, constants)


@pytest.fixture
def file(graph, tmp_path):
    return write_onnx(tmp_path / "other.onnx", graph, "other", "1")


def test_a_file_says_what_its_operators_say(graph, file, rng):
    X = rng.random((3, 19, 18, 3))
    graph.outputs = {"f1": ("n", 4, 5, 5), "r2": ("n", 6, 4, 4), "p2": ("n", 6, 2, 2)}
    graph.outputs |= {"c0": ("n", 4, 10, 9), "features": ("n", 5), "out": ("n", 7)}
    told = run_graph(graph, {"in": X.transpose(0, 3, 1, 2).astype(np.float64)})
    _, *maps, vector = levels(PretrainedTrunk(file), X)
    for mine, name in zip(maps[1:], ("f1", "r2", "p2"), strict=True):
        assert_close(mine, told[name].transpose(0, 2, 3, 1), FLOAT32, name)
    assert_close(vector, told["out"], FLOAT32)
    *_, features = levels(PretrainedTrunk(file, output="features"), X)
    assert_close(features, told["features"], FLOAT32)
    *_, pooled = levels(PretrainedTrunk(file, output="f1"), X)
    assert_close(pooled, told["f1"].mean(axis=(2, 3)), FLOAT32)


def test_its_scaling_is_that_of_x(file, rng):
    trunk = PretrainedTrunk(file).named(None)
    assert_close(trunk.scaling()["shift"], np.full(3, 0.5), Tolerance("exact"))
    assert_close(trunk.scaling()["scale"], [0.5, 0.25, 2.0], Tolerance("exact"))


@pytest.mark.parametrize("frozen", [False, True])
def test_it_is_learned_further_and_written_again(frozen, file, rng, tmp_path):
    X = rng.random((24, 19, 18, 3)).astype(np.float32)
    bright = X[..., 0] > 0.5
    y = make_targets(kind=bright.mean(axis=(1, 2)) > 0.5, mask=bright.astype(int))
    model = network(PretrainedTrunk(file, frozen, output="features"), batch_size=8).fit(X, y)
    assert any(name.startswith("trunk.") for name in model.params_) != frozen
    told = run_graph(read_onnx(model.to_onnx(tmp_path / "mine.onnx")), {"X": X})
    for name, values in model.predict_proba(X).items():
        assert_close(told[name], values, FLOAT32, name)


GELU = ConvTrunk((4, 3), (6,), activation="gelu", batch_norm=True)


@pytest.mark.parametrize("trunk", [GELU, DenseTrunk((5, 4))], ids=repr)
def test_our_own_files_are_read(trunk, images, tmp_path):
    X, y = images
    y = y[["kind", "size"]]
    X = X if isinstance(trunk, ConvTrunk) else X.reshape(40, -1)
    first = network(trunk).fit(X, y)
    path = first.to_onnx(tmp_path / "own.onnx")
    mine, theirs = (levels(PretrainedTrunk(source, frozen=True), X) for source in (path, first))
    assert_close(mine[0], theirs[0], FLOAT32)
    assert_close(mine[-1], theirs[-1], FLOAT32)


def test_extractors_are_written_too(images, tmp_path):
    X, y = images
    for options in ({"grid": (1, 2)}, {"activation": "relu", "kernel_size": 3, "grid": 1}):
        extractor = ConvFeatureExtractor(n_filters=4, random_state=0, **options).fit(X)
        model = network(PretrainedTrunk(extractor)).fit(X, y[["size"]])
        told = run_graph(read_onnx(model.to_onnx(tmp_path / "own.onnx")), {"X": X.astype(np.float64)})
        assert_close(told["size"], model.predict(X)["size"], FLOAT32)


BAD_GRAPHS = {
    "operator": (
        lambda g: g.nodes.insert(4, Node("Tanh", ("n0",), ("n0",))),
        "node Tanh -> 'n0': the operator is not read",
    ),
    "groups": (
        lambda g: g.nodes[6].attributes.update(group=2),
        "node Conv -> 'c1': square filters of all channels",
    ),
    "dilation": (lambda g: g.nodes[6].attributes.update(dilations=(2, 2)), "does not fit 4 channels"),
    "padding": (lambda g: g.nodes[6].attributes.update(pads=(0, 0, 1, 1)), "one stride and one padding"),
    "automatic": (
        lambda g: g.nodes[2].attributes.update(auto_pad="SAME_LOWER"),
        "auto_pad='SAME_LOWER' is not read",
    ),
    "a huge stride": (
        lambda g: g.nodes[2].attributes.update(strides=(2**62, 2**62)),
        "one stride and one padding",
    ),
    "a huge window": (
        lambda g: g.nodes[5].attributes.update(kernel_shape=(2**40, 2**40), pads=(2**39,) * 4),
        "one stride and one padding",
    ),
    "made twice": (
        lambda g: g.nodes.insert(6, Node("Relu", ("r0",), ("p0",))),
        "its output is there already",
    ),
    "stride 0": (lambda g: g.nodes[2].attributes.update(strides=(0, 0)), "one stride and one padding"),
    "ceiling": (lambda g: g.nodes[5].attributes.update(ceil_mode=1), "square windows are read"),
    "overlap": (lambda g: g.nodes[13].attributes.update(strides=(1, 1)), "windows side by side are read"),
    "kernel": (lambda g: g.nodes[13].attributes.clear(), "node AveragePool -> 'p2'"),
    "axis": (lambda g: g.nodes[14].attributes.update(axis=2), "samples as rows are read, axis=1"),
    "alpha": (
        lambda g: g.nodes[15].attributes.update(alpha=2.0),
        r"X W \+ b is read, got transB=1, alpha=2.0",
    ),
    "infinite": (lambda g: g.constants["w0"].fill(np.inf), "its input 1 holds numbers that are not finite"),
    "variance": (lambda g: g.constants["var"].fill(-1), "its constants do not fit 4 channels"),
    "no constant": (
        lambda g: g.constants.pop("w3"),
        "node Gemm -> 'features': its input 'w3' comes from nowhere",
    ),
    "shapes": (lambda g: g.constants.update(w3=np.zeros((5, 9), np.float32)), r"needs \(24, 5\)"),
    "two inputs": (lambda g: g.inputs.update(more=("n", 3)), "files with one input are read, this has 2"),
    "free sides": (
        lambda g: g.inputs.update({"in": ("n", 3, "h", "w")}),
        "the shape of a sample must be known",
    ),
    "huge": (lambda g: g.inputs.update({"in": ("n", 3, 2**19, 2**19)}), "the source has none so large"),
    "small": (
        lambda g: g.inputs.update({"in": ("n", 3, 2, 2)}),
        "windows of 2 x 2 do not fit|takes images of at least",
    ),
    "no output": (lambda g: g.outputs.clear(), "the file has no output"),
    "another": (
        lambda g: g.outputs.clear() or g.outputs.update(none=("n",)),
        "value 'none': no node makes it",
    ),
    "a circle": (lambda g: g.nodes.reverse(), "comes from nowhere"),
}


@pytest.mark.parametrize("change, message", BAD_GRAPHS.values(), ids=BAD_GRAPHS)
def test_files_that_cannot_be_taken(change, message, graph, rng, tmp_path):
    graph.constants = {name: value.copy() for name, value in graph.constants.items()}
    change(graph)
    path = write_onnx(tmp_path / "bad.onnx", graph, "other", "1")
    with pytest.raises(ValueError, match=message):
        network(PretrainedTrunk(path)).fit(rng.random((8, 19, 18, 3)), np.arange(8) % 2)


def test_damage_is_refused_or_read_but_never_anything_else(file, rng):
    whole, refused = file.read_bytes(), 0
    for _ in range(150):
        data = bytearray(whole)
        for place in rng.integers(900, size=3):  # nodes come before their weights
            data[place] = rng.integers(256)
        file.write_bytes(data)
        try:
            assert PretrainedTrunk(file, output="features").origin().n_maps
        except ValueError:
            refused += 1
    assert refused > 50


def test_images_of_another_shape_are_refused(file, rng):
    with pytest.raises(ValueError, match=r"samples of X are \(3, 19, 18\), but the source takes \(19, 18"):
        network(PretrainedTrunk(file)).fit(rng.random((8, 3, 19, 18)), np.arange(8) % 2)


# ------------------------------------------------------------------------------------ layers

LAYERS = {
    "conv, less": (foreign.padded_conv("a", 2, 3, 1, 0), (5, 6, 2)),
    "conv, more": (foreign.padded_conv("a", 2, 3, 2, 2), (5, 6, 2)),
    "conv, even": (foreign.padded_conv("a", 2, 4, 3, 1), (7, 6, 1)),
    "contrast": (foreign.contrast_conv("a", 2, 3, 2, 1, 0.1), (5, 4, 2)),
    "windows": (foreign.max_windows(3, 2, 1), (5, 6, 2)),
    "both sides": (foreign.rectified("two-sided", 0.2), (3, 2, 2)),
    "absolute": (foreign.rectified("abs", 0.2), (3, 2, 2)),
    "one side": (foreign.rectified("relu", 0.2), (3, 2, 2)),
    "grid": (foreign.grid_means(2), (5, 3, 2)),
    "erf": (flows.erf(), (4,)),
    "rows": (flows.channels_first_rows(), (2, 3, 2)),
    "minus": (flows.fixed("Sub", np.array([1.0, 2.0])), (3, 2, 2)),
    "over": (flows.fixed("Div", np.array([2.0])), (3,)),
    "flow": (
        flows.flow(
            [
                flows.Step(nn.dense("a", 3), ("x",), "h"),
                flows.Step(flows.erf(), ("h",), "e"),
                flows.Step(flows.two_together("Mul"), ("h", "e"), "m"),
                flows.Step(flows.two_together("Add"), ("m", "x"), "y"),
            ],
            "x",
            "y",
        ),
        (3,),
    ),
}


@pytest.mark.parametrize("layer, shape", LAYERS.values(), ids=LAYERS)
def test_slopes_are_those_of_central_differences(layer, shape, rng):
    params, made = layer.init(rng, shape, np.float64)
    X = rng.normal(size=(2, *shape))
    weights = rng.normal(size=(2, *made))

    def total():
        return float(np.vdot(weights, layer.forward(params, X, nn.Run())[0]))

    Y, back = layer.forward(params, X, nn.Run())
    assert Y.shape == (2, *made)
    dX, gradients = back(weights)
    assert_close(dX, numeric_gradient(total, X), DIFFERENCES)
    assert gradients.keys() == params.keys()
    for name, value in params.items():
        assert_close(gradients[name], numeric_gradient(total, value), DIFFERENCES, name)
    assert back(weights, need_input=False)[1].keys() == params.keys()
