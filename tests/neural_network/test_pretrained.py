"""Trunks from extractors and files: what they make, what learning moves, and files that lie."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from _asserts import ROUNDING, Tolerance, assert_close
from _networks import bits_of, levels, network, scenes

from skmtl import ConvFeatureExtractor, make_targets
from skmtl.feature_extraction import ConvLayer
from skmtl.neural_network import ConvTrunk, DenseTrunk, PretrainedTrunk
from skmtl.persistence import load_model, save_model
from skmtl.utils._archive import pack, unpack

FLOAT32 = Tolerance("float32 through a network", rtol=2e-4, atol=2e-5)
STILL = {"learning_rate": 1e-12, "schedule": "constant", "max_iter": 1, "solver": "sgd", "alpha": 0.0}


@pytest.fixture(scope="module")
def images():
    X, fields = scenes(np.random.default_rng(3), 40)
    return X[:, :15], make_targets(kind=fields["kind"], mask=fields["mask"][:, :15], size=fields["size"])


# -------------------------------------------------------------------------------- extractors

EXTRACTORS = {
    "default": {},
    "one scale of light": {
        "kernel_size": 5,
        "stride": 2,
        "grid": (1, 3),
        "activation": "relu",
        "threshold": 0.1,
    },
    "same": {"kernel_size": 3, "padding": "same", "activation": "abs"},
    "linear": {"activation": "linear", "grid": 1},
    "two layers": {
        "kernel_size": 3,
        "hidden_layers": [
            ConvLayer(n_filters=4),
            ConvLayer(n_filters=5, kernel_size=2, padding="valid", pooling=None),
        ],
    },
}


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("options", EXTRACTORS.values(), ids=EXTRACTORS)
def test_an_extractor_as_a_trunk_makes_its_features(options, frozen, images):
    X, _ = images
    extractor = ConvFeatureExtractor(n_filters=6, random_state=0, **options).fit(X)
    *_, features = levels(PretrainedTrunk(extractor, frozen), X)
    order = Tolerance("sums in another order", rtol=1e-9)
    assert_close(features, extractor.transform(X.astype(float)), order)


def test_filters_are_learned_or_left(images):
    X, y = images
    extractor = ConvFeatureExtractor(n_filters=4, kernel_size=3, random_state=0).fit(X)
    filters = extractor.filters_.transpose(1, 2, 3, 0)
    still = network(PretrainedTrunk(extractor), **STILL).fit(X, y)
    assert_close(still.params_["trunk.filters0.W"], filters, Tolerance("float32", rtol=1e-7))
    moved = network(PretrainedTrunk(extractor)).fit(X, y)
    assert np.abs(moved.params_["trunk.filters0.W"] - filters).max() > 1e-3
    frozen = network(PretrainedTrunk(extractor, frozen=True)).fit(X, y)
    assert all(name.startswith("head.") for name in frozen.params_)
    again = pickle.loads(pickle.dumps(frozen))
    assert (again.predict(X) == frozen.predict(X)).all()


def test_layers_may_follow(images):
    X, y = images
    extractor = ConvFeatureExtractor(n_filters=4, kernel_size=3, random_state=0).fit(X)
    trunk = PretrainedTrunk(extractor, frozen=True, then=ConvTrunk((5,), (6,)))
    model = network(trunk, max_iter=6, batch_size=8).fit(X, y)
    assert {name for name in model.params_ if name.startswith("trunk")} == {
        f"trunk.then0.{layer}.{part}" for layer in ("conv0", "dense0") for part in "Wb"
    }
    assert model.loss_curve_[-1].mean() < 0.9 * model.loss_curve_[0].mean()
    deeper = network(PretrainedTrunk(model, then=DenseTrunk((3,))), **STILL)
    with pytest.raises(ValueError, match="takes rows of numbers"):
        deeper.fit(X, y)
    deeper.set_params(trunk__then=ConvTrunk((3,), (4,))).fit(X, y)
    assert deeper.params_["trunk.then1.conv0.W"].shape == (3, 3, 5, 3)
    assert_close(deeper.params_["trunk.then0.conv0.W"], model.params_["trunk.then0.conv0.W"], ROUNDING)
    assert "trunk.filters0.W" in deeper.params_


@pytest.mark.parametrize(
    "options, message",
    [
        ({"activation": "triangle"}, "an extractor's activation='triangle' is not taken"),
        ({"padding": "reflect"}, "an extractor's padding='reflect' is not taken"),
        ({"padding": "same", "kernel_size": 4}, "an extractor's padding='same' is not taken"),
        ({"kernel_size": (2, 3)}, r"an extractor's kernel_size=\(2, 3\) is not taken"),
        ({"dilation": 2, "kernel_size": 3}, "an extractor's dilation=2 is not taken"),
        ({"per_channel": True}, "an extractor's per_channel=True is not taken"),
        ({"pooling": "max"}, "the extractor has pooling='max'; 'mean' is taken"),
        (
            {"hidden_layers": [ConvLayer(n_filters=2, padding="reflect")], "kernel_size": 3},
            r"an extractor's hidden_layers\[0\]: padding='reflect' is not taken",
        ),
    ],
)
def test_extractors_that_have_no_layers_here(options, message, images):
    X, y = images
    extractor = ConvFeatureExtractor(n_filters=4, random_state=0, **options).fit(X)
    with pytest.raises(ValueError, match=message):
        network(PretrainedTrunk(extractor)).fit(X, y)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_model_file_holds_what_the_trunk_needs(frozen, images, tmp_path):
    X, y = images
    first = network(ConvTrunk((3,), (4,))).fit(X, y)
    extractor = ConvFeatureExtractor(n_filters=4, kernel_size=3, random_state=0).fit(X)
    files = first.save_trunk(tmp_path / "trunk.npz"), first.to_onnx(tmp_path / "trunk.onnx")
    for source in (extractor, *map(str, files)):
        model = network(PretrainedTrunk(source, frozen)).fit(X, y)
        again = load_model(save_model(model, tmp_path / "model.skmtl"))
        assert (again.predict(X) == model.predict(X)).all()


# ------------------------------------------------------------------------------- array files


@pytest.mark.parametrize("frozen", [False, True])
def test_a_saved_trunk_is_the_trunk(frozen, images, tmp_path):
    X, y = images
    trunk = ConvTrunk((4, 3), (6,), batch_norm=True, residuals=1, dropout=0.1)
    first = network(trunk).fit(X, y)
    path = first.save_trunk(tmp_path / "deep" / "trunk.npz")
    by_file, by_network = (
        network(PretrainedTrunk(source, frozen)).fit(X, y) for source in (str(path), first)
    )
    assert bits_of(by_file) == bits_of(by_network)
    path.unlink()
    again = pickle.loads(pickle.dumps(by_file))
    assert (again.predict(X) == by_network.predict(X)).all()
    with pytest.raises(FileNotFoundError, match=r"trunk\.npz"):
        by_file.fit(X, y)


def test_a_tuned_trunk_is_saved_as_the_trunk_it_was(images, tmp_path):
    X, y = images
    rows = X.reshape(40, -1)
    first = network(DenseTrunk((5,))).fit(rows, y[["size"]])
    assert (
        network(PretrainedTrunk(first.save_trunk(tmp_path / "a.npz"))).fit(rows, y[["size"]]).trunk_.n_maps()
        == 0
    )
    with pytest.raises(
        ValueError, match=r"a trunk of one of \['ConvTrunk', 'DenseTrunk'\] is written, not Pre"
    ):
        network(PretrainedTrunk(first)).fit(rows, y[["size"]]).save_trunk(tmp_path / "b.npz")
    with pytest.raises(ValueError, match=r"must end in \.npz, got"):
        first.save_trunk(tmp_path / "a.bin")


def but(**changes):
    """The same file with other values."""

    def write(path):
        path.write_bytes(pack(unpack(path) | changes))

    return write


def with_weights(**changes):
    def write(path):
        content = unpack(path)
        params = content["params"] | {f"trunk.conv0.{name}": value for name, value in changes.items()}
        kept = {name: value for name, value in params.items() if value is not None}
        path.write_bytes(pack(content | {"params": kept}))

    return write


def with_options(**changes):
    def write(path):
        content = unpack(path)
        path.write_bytes(pack(content | {"options": content["options"] | changes}))

    return write


HOSTILE = {
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:900]), "cannot be read"),
    "empty": (lambda path: path.write_bytes(b""), "cannot be read"),
    "compressed": (
        lambda path: np.savez_compressed(path, about=np.zeros(10**6)),
        "its entries do not fit into its size",
    ),
    "another file": (lambda path: path.write_bytes(pack([1])), "no trunk that this version can read"),
    "another version": (but(format=2), "no trunk that this version can read: format 2, 1 is read"),
    "another class": (but(trunk="Popen"), "no trunk that this version can read: 'Popen'"),
    "no option": (with_options(colour=1), "unexpected keyword argument 'colour'"),
    "a bad option": (with_options(stride=0), "stride must be a whole number >= 1"),
    "NaN": (
        with_weights(W=np.full((3, 3, 1, 4), np.nan)),
        r"trunk.conv0.W must hold finite floats, it is float64 \(3, 3, 1, 4\)",
    ),
    "no scaling": (but(scaling={}), "its scaling is missing"),
    "no array": (but(params={"trunk.conv0.W": 3}), "no trunk that this version can read"),
    "weights missing": (
        with_weights(b=None),
        r"trunk.conv0.b of the source is missing, its layer needs \(4,\)",
    ),
    "a huge layer": (
        with_options(hidden_layer_sizes=[10**9]),
        "a layer needs weights of shape .*, the source has none so large",
    ),
}


@pytest.mark.parametrize("write, message", HOSTILE.values(), ids=HOSTILE)
def test_hostile_array_files_are_refused(write, message, images, tmp_path):
    X, y = images
    path = tmp_path / "trunk.npz"
    network(ConvTrunk((4,), (6,)), **STILL).fit(X, y).save_trunk(path)
    write(path)
    with pytest.raises(ValueError, match=message):
        network(PretrainedTrunk(path)).fit(X, y)


@pytest.mark.parametrize(
    "source, options, message",
    [
        ("trunk.pkl", {}, r"a file ends in \.npz or \.onnx, got 'trunk.pkl'"),
        (3, {}, "needs a fitted MultiHeadNetwork or ConvFeatureExtractor, or the path of a file; got 3"),
        ("trunk.npz", {"then": 3}, "then takes a trunk that tasks share whole, got 3"),
    ],
)
def test_what_is_no_source_is_refused(source, options, message, images):
    with pytest.raises(ValueError, match=message):
        network(PretrainedTrunk(source, **options)).fit(*images)
