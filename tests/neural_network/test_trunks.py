"""Convolutional trunks in every form, and trunks that were fitted before."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from _asserts import SAME_BITS, assert_close
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from skmtl import MultiHeadNetwork, MultiTaskMLPRegressor, make_targets, nn
from skmtl.balancers import FAMO, MGDA, GradNorm
from skmtl.neural_network import ConvTrunk, CrossStitchTrunk, DenseTrunk, PretrainedTrunk

SMALL = {"channels": (6, 6), "hidden_layer_sizes": (16,)}


@pytest.fixture(scope="module")
def images():
    """A square on grey: where it is, how large, and its mask."""
    rng = np.random.default_rng(5)
    corner, side = rng.integers(0, 8, size=(120, 2)), rng.integers(3, 8, 120)
    mask = np.zeros((120, 17, 16), np.uint8)
    for image, (x, y), s in zip(mask, corner, side, strict=True):
        image[y : y + s, x : x + s] = 1
    X = (100 + 80 * mask + rng.normal(0, 5, size=mask.shape)).astype(np.uint8)
    return X, make_targets(mask=mask, left=(corner[:, 0] < 4).astype(int), side=side.astype(float))


def network(trunk, **options):
    given = {"learning_rate": 0.01, "schedule": "cosine", "max_iter": 15, "batch_size": 20, "random_state": 0}
    return MultiHeadNetwork(trunk=trunk, **given | options)


def bits_of(model) -> bytes:
    return b"".join(value.tobytes() for value in model.params_.values())


# ------------------------------------------------------------------------------- convolutions

FORMS = {
    "mean pooling": {"pooling": "mean"},
    "5 x 5": {"size": 5},
    "strides": {"pooling": None, "stride": 2},
    "even filters": {"size": 4, "channels": (6,), "pooling": "mean", "activation": "gelu"},
    "residuals": {"residuals": 2, "batch_norm": True},
    "residuals, gelu": {"residuals": 1, "activation": "gelu"},
    "a mean, one block": {"mean": True, "channels": (8,), "batch_norm": True},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_learns_masks_and_numbers(form, images):
    X, y = images
    model = network(ConvTrunk(**SMALL | FORMS[form])).set_params(augment=None)
    scores = model.fit(X, y).score_heads(X, y)
    assert scores["mask"] > 0.8 and scores["side"] > 0.7, scores
    assert scores["left"] > (0.6 if form == "a mean, one block" else 0.85), scores


@pytest.mark.parametrize("form", FORMS)
def test_shapes_are_those_that_are_foreseen(form, rng):
    trunk = ConvTrunk(**SMALL | FORMS[form])
    for side in range(1, 14):
        X = rng.normal(size=(2, side, 13, 1))
        layers = trunk.layers(1)
        try:
            trunk.samples(X)
        except ValueError as error:
            assert "leave nothing of images of" in str(error)
            with pytest.raises((ValueError, ZeroDivisionError)):
                _check(layers.init(rng, X.shape[1:], np.dtype(float))[1])
        else:
            _, shapes = layers.init(rng, X.shape[1:], np.dtype(float))
            _check(shapes)
            assert [len(shape) == 3 for shape in shapes] == [i < trunk.n_maps() for i in range(len(shapes))]


def _check(shapes) -> None:
    if any(side < 1 for shape in shapes for side in shape):
        raise ValueError(shapes)


def test_a_residual_block_is_its_formula(rng):
    trunk = ConvTrunk((3,), (), residuals=1, pooling="mean")
    params, _ = trunk.layers(1).init(rng, (6, 6, 2), np.dtype(float))
    X = rng.normal(size=(2, 6, 6, 2))

    def layer(made, name, H):
        own = {f"{name}.{k}": params[f"{name}.{k}"] for k in "Wb"}
        return made.forward(own, H, nn.Run())[0]

    H = np.maximum(layer(nn.conv("trunk.conv0", 3), "trunk.conv0", X), 0)
    H = H.reshape(2, 3, 2, 3, 2, 3).mean(axis=(2, 4))
    inner = np.maximum(layer(nn.conv("trunk.conv0.residual0.a", 3), "trunk.conv0.residual0.a", H), 0)
    change = layer(nn.conv("trunk.conv0.residual0.b", 3), "trunk.conv0.residual0.b", inner)
    levels, _ = trunk.layers(1).forward(params, X, nn.Run())
    assert_close(levels[1], np.maximum(H + change, 0), SAME_BITS)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"pooling": "min"}, "pooling is 'max', 'mean' or None, got 'min'"),
        ({"size": 0}, "size must be a whole number >= 1, got 0"),
        ({"stride": 1.5}, "stride must be a whole number >= 1, got 1.5"),
        ({"residuals": -1}, "residuals must be a whole number >= 0, got -1"),
        ({"dropout": 1.0}, r"dropout: rate must be in \[0, 1\), got 1.0"),
        ({"channels": (4,) * 5}, "5 blocks leave nothing of images of 17 x 16 pixels; give fewer channels"),
        ({"size": 40}, "2 blocks leave nothing|must be"),
    ],
)
def test_what_does_not_fit_is_refused(options, message, images):
    if options == {"size": 40}:
        options = {"size": 40, "stride": 9}
    with pytest.raises(ValueError, match=message):
        network(ConvTrunk(**SMALL | options)).fit(*images)


# ------------------------------------------------------------------------------- fitted before


@pytest.fixture(scope="module")
def fitted(images):
    X, y = images
    return network(ConvTrunk(**SMALL, batch_norm=True, dropout=0.1)).fit(X, y)


def sides(y, rows=slice(None)):
    return make_targets(side=y["side"][rows])


def test_a_frozen_trunk_is_left_as_it_was(fitted, images):
    X, y = images
    before = bits_of(fitted)
    model = network(PretrainedTrunk(fitted, frozen=True), max_iter=30).fit(X[:40], sides(y, slice(40)))
    assert all(name.startswith("head.") for name in model.params_)
    assert model.score(X, sides(y)) > 0.7
    assert bits_of(fitted) == before
    hidden = []
    for owner, trunk in ((fitted, fitted.trunk_), (model, model.trunk_)):
        H = trunk.samples(X).astype(float) - owner._scaling["shift"]
        run = nn.Run(statistics=owner._statistics)
        hidden.append(trunk.layers(1).forward(owner.params_, H / owner._scaling["scale"], run)[0][-1])
    assert_close(hidden[1], hidden[0], SAME_BITS)


def test_learning_begins_where_the_other_network_ended(fitted, images):
    X, y = images
    slow = {"learning_rate": 1e-12, "schedule": "constant", "max_iter": 1, "solver": "sgd", "alpha": 0.0}
    model = network(PretrainedTrunk(fitted), **slow).fit(X, sides(y))
    names = [name for name in fitted.params_ if name.startswith("trunk.")]
    assert set(names) == {name for name in model.params_ if name.startswith("trunk.")}
    for name in names:
        assert_close(model.params_[name], fitted.params_[name], SAME_BITS, name)
    moved = network(PretrainedTrunk(fitted), max_iter=2).fit(X, sides(y))
    assert np.abs(moved.params_["trunk.conv0.W"] - fitted.params_["trunk.conv0.W"]).max() > 1e-3
    again = network(PretrainedTrunk(moved, frozen=True), max_iter=2).fit(X, sides(y))
    last = network(PretrainedTrunk(again), **slow).fit(X, sides(y))
    assert_close(last.params_["trunk.conv0.W"], moved.params_["trunk.conv0.W"], SAME_BITS)


def test_few_labels_are_enough_on_a_trunk_that_knows_the_images(fitted, images):
    X, y = images
    left = make_targets(side=y["side"][:12])
    plain = network(ConvTrunk(**SMALL)).fit(X[:12], left)
    tuned = network(PretrainedTrunk(fitted, frozen=True)).fit(X[:12], left)
    assert tuned.score(X[12:], sides(y, slice(12, None))) > plain.score(X[12:], sides(y, slice(12, None)))


@pytest.mark.parametrize("balancer", [MGDA(), GradNorm(), FAMO()], ids=repr)
def test_balancers_stand_a_trunk_without_parameters(balancer, fitted, images):
    model = network(PretrainedTrunk(fitted, frozen=True), balancer=balancer, max_iter=3, record_conflict=True)
    assert np.isfinite(model.fit(*images).loss_curve_).all()


def test_clones_folds_and_pickles_keep_the_fitted_trunk(fitted, images):
    X, y = images
    model = network(PretrainedTrunk(fitted, frozen=True), max_iter=3)
    assert clone(model).trunk.source is fitted
    assert np.isfinite(cross_val_score(model, X, sides(y), cv=3)).all()
    model.fit(X, sides(y))
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict(X) == model.predict(X)).all()


def test_a_checkpoint_knows_which_trunk_it_began_with(fitted, images, tmp_path):
    X, y = images
    path = tmp_path / "run.npz"
    network(PretrainedTrunk(fitted), max_iter=1, checkpoint=path).fit(X, sides(y))
    other = clone(fitted).set_params(max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="written by a fit with other data, parameters"):
        network(PretrainedTrunk(other), max_iter=1, checkpoint=path).fit(X, sides(y))


def test_trunks_that_cannot_be_taken_over(fitted, images):
    X, y = images
    with pytest.raises(ValueError, match="PretrainedTrunk needs a fitted MultiHeadNetwork"):
        network(PretrainedTrunk(network(ConvTrunk()))).fit(X, y)
    with pytest.raises(ValueError, match=r"samples of X are \(16, 16\), but the source takes \(17, 16, 1\)"):
        network(PretrainedTrunk(fitted)).fit(X[:, :16], sides(y))
    with pytest.raises(ValueError, match="copies of a trunk that tasks share whole"):
        network(CrossStitchTrunk(PretrainedTrunk(fitted))).fit(X, y)
    stitched = network(CrossStitchTrunk(ConvTrunk(**SMALL)), max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="PretrainedTrunk needs a trunk that its heads share whole"):
        network(PretrainedTrunk(stitched)).fit(X, y)
    rows = network(DenseTrunk((4,)), max_iter=1).fit(X.reshape(120, -1), sides(y))
    with pytest.raises(ValueError, match="has rows of numbers alone"):
        MultiTaskMLPRegressor(trunk=PretrainedTrunk(rows)).fit(X.reshape(120, -1), y["side"])
