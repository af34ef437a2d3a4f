"""ONNX files say what their networks say: by operators in numpy, and by onnxruntime if it is installed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from _asserts import Tolerance, assert_close
from _networks import scenes
from _onnx_numpy import run_graph

from skmtl import MultiHeadNetwork, MultiTaskMLPClassifier, MultiTaskMLPRegressor, make_targets, nn
from skmtl.heads import (
    BoxHead,
    CountHead,
    LabelHead,
    MapHead,
    MaskHead,
    NumberHead,
    OrdinalHead,
    PointsHead,
    ReconstructionHead,
    TagsHead,
)
from skmtl.io._onnx import OnnxGraph, read_onnx
from skmtl.neural_network import (
    ConvTrunk,
    CrossStitchTrunk,
    DenseTrunk,
    InputsTrunk,
    MixtureTrunk,
    PretrainedTrunk,
)
from skmtl.neural_network._onnx_layers import Value, Writer

FLOAT32 = Tolerance("float32 through a network", rtol=2e-4, atol=2e-5)
SMALL = ConvTrunk((4, 3), (8,))
ALL_OPTIONS = ConvTrunk(
    (4, 3), (8,), batch_norm=True, activation="gelu", pooling="mean", residuals=1, dropout=0.1, mean=True
)
STRIDED = ConvTrunk((4,), (), stride=2, size=5, pooling=None)


def told_by_numpy(path, X):
    return run_graph(read_onnx(path), {"X": X})


def told_by_onnxruntime(path, X):
    session = pytest.importorskip("onnxruntime").InferenceSession(str(path))
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"X": X}), strict=True))


RUNTIMES = {"numpy": told_by_numpy, "onnxruntime": told_by_onnxruntime}


@pytest.fixture(params=list(RUNTIMES))
def runtime(request):
    return RUNTIMES[request.param]


HEADS = {
    "kind": LabelHead(),
    "tags": TagsHead(),
    "grade": OrdinalHead(),
    "size": NumberHead(),
    "rate": NumberHead(loss="poisson"),
    "count": CountHead(),
    "box": BoxHead(),
    "points": PointsHead(),
    "seen": PointsHead(),
    "hot": PointsHead(heatmap=True),
    "mask": MaskHead(),
    "parts": MaskHead(),
    "depth": MapHead(),
    "again": ReconstructionHead(),
}


@pytest.fixture(scope="module")
def images():
    """Images whose sides are not powers of two, and a field for every kind of head."""
    rng = np.random.default_rng(7)
    X, fields = scenes(rng, 30)
    X, mask = X[:, :15], fields["mask"][:, :15]
    for name in ("box", "points"):
        fields[name] = np.clip(fields[name], 0, 15)
    more = {
        "grade": rng.integers(0, 4, 30),
        "rate": fields["size"] + 1,
        "count": rng.poisson(3.0, 30).astype(float),
        "seen": np.concatenate([fields["points"], np.full((30, 2, 1), 2.0)], axis=2),
        "hot": fields["points"],
        "parts": mask * (1 + rng.integers(0, 2, (30, 1, 1))).astype(np.uint8),
        "depth": np.stack([mask * 2.0, mask - 1.0], axis=3),
        "again": X / 255,
    }
    return X, make_targets(**fields | more | {"mask": mask})


def expected(model, X):
    """What the file must say: probabilities, or else predictions, without visibility."""
    predicted = model.predict(X)
    told = {name: predicted[name] for name in model.heads_} | model.predict_proba(X)
    return {name: values[..., :2] if name == "seen" else values for name, values in told.items()}


def compare(model, X, runtime, tmp_path):
    path = model.to_onnx(tmp_path / "deep" / "model.onnx")
    given = runtime(path, X.astype(np.float32))
    wanted = expected(model, X)
    assert list(given) == list(model.heads_)
    for name, values in wanted.items():
        assert given[name].dtype == np.float32
        assert_close(given[name], values, FLOAT32, name)


def network(trunk, heads=HEADS, **options):
    return MultiHeadNetwork(list(heads.items()), trunk, max_iter=1, random_state=0, **options)


@pytest.mark.parametrize("trunk", [SMALL, ALL_OPTIONS, STRIDED], ids=["plain", "all options", "strided"])
def test_every_head_on_images(trunk, images, runtime, tmp_path):
    X, y = images
    compare(network(trunk, learning_rate=0.01).fit(X, y), X, runtime, tmp_path)


@pytest.mark.parametrize(
    "trunk", [CrossStitchTrunk(SMALL), MixtureTrunk(SMALL, 2)], ids=["stitched", "mixed"]
)
def test_trunks_that_tasks_share_in_part(trunk, images, runtime, tmp_path):
    X, y = images
    some = {name: HEADS[name] for name in ("kind", "box", "mask")}
    model = network(trunk, some, learning_rate=0.01).fit(X, y[list(some)])
    compare(model, X, runtime, tmp_path)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_trunk_fitted_before(frozen, images, runtime, tmp_path):
    X, y = images
    first = network(ALL_OPTIONS, {"kind": LabelHead()}).fit(X, y[["kind"]])
    model = network(PretrainedTrunk(first, frozen), {"tags": TagsHead(), "mask": MaskHead()})
    compare(model.fit(X, y[["tags", "mask"]]), X, runtime, tmp_path)


def test_several_inputs_and_flat_images(images, runtime, tmp_path):
    X, y = images
    rows = np.hstack([np.arange(90.0).reshape(30, 3), X.reshape(30, -1)])
    trunk = InputsTrunk(
        [
            ("numbers", [2, 0], DenseTrunk((4,), batch_norm=True)),
            ("picture", slice(3, None), ConvTrunk((4,), (5,), batch_norm=True, image_shape=(15, 16))),
        ],
        (8,),
    )
    heads = {"kind": LabelHead(), "size": NumberHead()}
    compare(network(trunk, heads, head_layer_sizes=(4,)).fit(rows, y[list(heads)]), rows, runtime, tmp_path)


def test_perceptrons(rng, runtime, tmp_path):
    X = rng.normal(size=(50, 3))
    y = np.column_stack([X[:, 0] > 0, np.digitize(X[:, 1], [-0.5, 0.5])]).astype(int)
    model = MultiTaskMLPClassifier((5,), max_iter=5, random_state=0).fit(X, y)
    given = runtime(model.to_onnx(tmp_path / "model.onnx"), X.astype(np.float32))
    for values, wanted in zip(given.values(), model.predict_proba(X), strict=True):
        assert_close(values, wanted, FLOAT32)
    for loss in ("squared_error", "poisson"):
        model = MultiTaskMLPRegressor((5,), loss=loss, max_iter=5, random_state=0).fit(X, np.exp(X[:, :2]))
        given = runtime(model.to_onnx(tmp_path / "model.onnx"), X.astype(np.float32))
        assert_close(np.column_stack(list(given.values())), model.predict(X), FLOAT32)


def test_the_file_tells_the_classes(images, tmp_path):
    X, y = images
    model = network(SMALL, {"kind": LabelHead(), "mask": MaskHead()}).fit(X, y[["kind", "mask"]])
    told = json.loads(read_onnx(model.to_onnx(tmp_path / "model.onnx")).metadata["skmtl"])
    assert told["heads"] == {
        "kind": {"kind": "classes", "classes": ["bright", "dark"]},
        "mask": {"kind": "mask", "classes": [0, 1]},
    }


def test_the_file_is_well_formed_for_onnx(images, tmp_path):
    onnx = pytest.importorskip("onnx")
    X, y = images
    onnx.checker.check_model(str(network(SMALL).fit(X, y).to_onnx(tmp_path / "model.onnx")), full_check=True)


def test_a_name_that_the_file_needs_is_refused(rng, tmp_path):
    X = rng.normal(size=(9, 2))
    model = MultiHeadNetwork(max_iter=1, random_state=0).fit(X, make_targets(X=X[:, 0]))
    with pytest.raises(ValueError, match="to_onnx: 'X' is a name that the file itself needs"):
        model.to_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_layer_without_a_form_is_refused():
    strange = nn.Layer(nn.relu().init, nn.relu().forward)
    with pytest.raises(ValueError, match="has no form in ONNX here"):
        Writer(OnnxGraph({}), {}, {}).write(nn.chain(strange), Value("X", (3,)))


def test_a_failed_writing_leaves_the_old_file(rng, tmp_path, monkeypatch):
    X = rng.normal(size=(9, 2))
    model = MultiHeadNetwork(max_iter=1, random_state=0).fit(X, X[:, 0])
    path = model.to_onnx(tmp_path / "model.onnx")
    before = path.read_bytes()

    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        model.to_onnx(path)
    assert path.read_bytes() == before and [found.name for found in tmp_path.iterdir()] == ["model.onnx"]
