"""MultiHeadNetwork: every kind of head on rows and on images, its trunks, checkpoints, and bad input."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, Tolerance, assert_close
from _networks import bits_of, hide, scenes
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score

from skmtl import MultiHeadNetwork, make_targets, nn
from skmtl.balancers import FAMO, MGDA
from skmtl.heads import BoxHead, LabelHead, MaskHead, PointsHead, TagsHead
from skmtl.neural_network import ConvTrunk, DenseTrunk
from skmtl.neural_network import _train as training

SMALL = ConvTrunk(channels=(8, 8), hidden_layer_sizes=(32,))
FIELDS = ["kind", "tags", "box", "points", "size", "mask"]


def rows(rng, n=200):
    X = rng.normal(50, 10, size=(n, 4))
    return X, make_targets(kind=np.where(X[:, 0] > 50, "a", "b"), size=1000 * X[:, 1])


# ---------------------------------------------------------------------------------- learning


def test_all_kinds_are_learned_on_one_trunk_with_labels_missing(rng):
    X, fields = scenes(rng, 400)
    y = make_targets(**hide({name: field[:300] for name, field in fields.items()}, rng))
    truth = make_targets(**{name: field[300:] for name, field in fields.items()})
    model = MultiHeadNetwork(trunk=SMALL, learning_rate=0.005, max_iter=25, random_state=0).fit(X[:300], y)
    scores = model.score_heads(X[300:], truth)
    least = {"kind": 0.95, "tags": 0.7, "box": 0.5, "points": 0.2, "size": 0.3, "mask": 0.7}
    assert all(scores[name] > bound for name, bound in least.items()), scores
    assert model.predict(X[:3]).dtype == truth.dtype
    assert model.loss_curve_.shape == (model.n_iter_, 6)
    proba = model.predict_proba(X[:3])
    assert proba.keys() == {"kind", "tags", "mask"}
    assert_close(proba["kind"].sum(axis=1), np.ones(3), ROUNDING)
    assert proba["mask"].shape == (3, 16, 16)


@pytest.mark.parametrize("activation, batch_norm, dropout", [("relu", True, 0.1), ("gelu", False, 0.0)])
def test_every_trunk_option_learns(activation, batch_norm, dropout, rng):
    X, fields = scenes(rng, 200)
    y = make_targets(kind=fields["kind"], size=fields["size"])
    trunk = clone(SMALL).set_params(activation=activation, batch_norm=batch_norm, dropout=dropout)
    model = MultiHeadNetwork(
        trunk=trunk, head_layer_sizes=(8,), learning_rate=0.01, max_iter=15, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.85


@pytest.mark.parametrize("balancer", [FAMO(), MGDA()], ids=repr)
@pytest.mark.parametrize("solver, rate", [("adam", 0.01), ("adamw", 0.01), ("sgd", 0.02)])
def test_rows_of_numbers_are_learned(balancer, solver, rate, rng):
    X, y = rows(rng)
    model = MultiHeadNetwork(balancer=balancer, solver=solver, learning_rate=rate, random_state=0)
    assert model.fit(X, y).score(X, y) > 0.9


def test_images_in_any_form_give_the_same_network(rng):
    X, fields = scenes(rng, 40)
    y = make_targets(kind=fields["kind"], mask=fields["mask"])
    model = MultiHeadNetwork(trunk=SMALL, max_iter=2, random_state=0).fit(X, y)
    flat_trunk = clone(SMALL).set_params(image_shape=(16, 16))
    for other, trunk in (
        (X[..., None], SMALL),
        (X.astype(float), SMALL),
        (X.reshape(40, -1), flat_trunk),
    ):
        again = clone(model).set_params(trunk=trunk).fit(other, y)
        assert bits_of(again) == bits_of(model)
        assert (again.predict(other) == model.predict(X)).all()


def test_units_of_x_and_y_do_not_matter(rng):
    X, y = rows(rng)
    model = MultiHeadNetwork(max_iter=5, random_state=0).fit(X, y)
    scaled = make_targets(kind=y["kind"], size=0.001 * y["size"])
    again = clone(model).fit(4 * X, scaled)
    float32 = Tolerance("training in float32 on numbers rounded anew", rtol=1e-3, atol=1e-3)
    assert_close(1000 * again.predict(4 * X)["size"] / 1e4, model.predict(X)["size"] / 1e4, float32)


def test_a_vector_a_matrix_and_a_frame_are_told_back_in_their_form(rng):
    pd = pytest.importorskip("pandas")
    X, y = rows(rng)
    model = MultiHeadNetwork(max_iter=2, random_state=0)
    assert model.fit(X, y["kind"]).predict(X).shape == (200,)
    assert model.predict_proba(X).shape == (200, 2)
    assert model.fit(X, X[:, :2]).predict(X).shape == (200, 2)
    frame = pd.DataFrame({"kind": y["kind"], "size": y["size"]})
    told = model.fit(X, frame).predict(X)
    assert list(told.columns) == ["kind", "size"]


def test_scikit_learns_tools_take_it(rng):
    X, y = rows(rng, 90)
    model = MultiHeadNetwork(trunk=DenseTrunk((8,)), max_iter=2, random_state=0)
    assert cross_val_score(model, X, y, cv=3).shape == (3,)
    grid = {"trunk__hidden_layer_sizes": [(4,), (8,)], "balancer": [None, MGDA()]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert search.best_estimator_.predict(X).shape == (90,)


# -------------------------------------------------------------------------------- same bits


@pytest.fixture(scope="module")
def images():
    X, fields = scenes(np.random.default_rng(3), 40)
    return X, make_targets(**fields)


def network(**options):
    given = {"trunk": clone(SMALL).set_params(dropout=0.2, batch_norm=True), "max_iter": 4, "batch_size": 16}
    return MultiHeadNetwork(random_state=0, **given | options)


def test_a_seed_gives_the_same_bits(images):
    first = bits_of(network().fit(*images))
    assert bits_of(network().fit(*images)) == first
    assert bits_of(network().set_params(random_state=1).fit(*images)) != first


@pytest.mark.parametrize("batch_norm", [False, True])
def test_threads_share_a_batch_and_give_the_same_bits(batch_norm, images, monkeypatch):
    monkeypatch.setattr(nn._layer, "LEAST", 1)  # small batches in as many parts as there can be
    X, y = images
    trunk = clone(SMALL).set_params(batch_norm=batch_norm, dropout=0.2)
    models = [network(trunk=trunk, batch_size=9, max_iter=2, n_jobs=n).fit(X, y) for n in (None, 2, 3)]
    expected = bits_of(models[0])
    for model in models:
        assert bits_of(model) == expected
        assert_close(model.predict_proba(X)["mask"], models[0].predict_proba(X)["mask"], SAME_BITS)


def test_a_pickled_network_says_the_same(images):
    model = network().fit(*images)
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict(images[0]) == model.predict(images[0])).all()


def test_samples_without_labels_or_weight_change_nothing(images):
    X, y = images
    weight = np.ones(len(X))
    weight[5] = 0
    plain = network().fit(np.delete(X, 5, axis=0), np.delete(y, 5))
    assert bits_of(network().fit(X, y, sample_weight=weight)) == bits_of(plain)
    bare = np.zeros(3, y.dtype)
    for name in ("tags", "box", "points", "size"):
        bare[name] = np.nan
    bare["mask"] = 255
    more = network().fit(np.concatenate([X, X[:3] // 2]), np.concatenate([y, bare]))
    assert bits_of(more) == bits_of(network().fit(X, y))


@pytest.mark.parametrize(
    "options", [{}, {"early_stopping": True}, {"balancer": FAMO(), "record_conflict": True}]
)
def test_a_fit_killed_after_any_epoch_goes_on_to_the_same_bits(options, images, tmp_path, monkeypatch):
    straight = network(**options).fit(*images)
    path = tmp_path / "run.npz"
    save = training.one_epoch
    for stop in (1, 3):
        calls = []

        def killed(*args, stop=stop, calls=calls, **kwargs):
            calls.append(1)
            if len(calls) > 1 or stop == 0:
                raise KeyboardInterrupt
            return save(*args, **kwargs)

        monkeypatch.setattr(training, "one_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            network(checkpoint=path, **options).fit(*images)
        monkeypatch.setattr(training, "one_epoch", save)
    resumed = network(checkpoint=path, **options).fit(*images)
    assert bits_of(resumed) == bits_of(straight)
    assert_close(resumed.loss_curve_, straight.loss_curve_, Tolerance("the same run"))
    done = network(checkpoint=path, **options).fit(*images)
    assert bits_of(done) == bits_of(straight)


def test_a_checkpoint_of_another_fit_is_refused(images, tmp_path):
    X, y = images
    path = tmp_path / "run.npz"
    network(checkpoint=path).fit(X, y)
    with pytest.raises(ValueError, match="written by a fit with other data, parameters or version"):
        network(checkpoint=path, alpha=0.5).fit(X, y)
    with pytest.raises(ValueError, match="written by a fit with other data"):
        network(checkpoint=path).fit(255 - X, y)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match="is no checkpoint"):
        network(checkpoint=path).fit(X, y)
    with pytest.raises(ValueError, match="checkpoint needs random_state to be a number"):
        network(checkpoint=path).set_params(random_state=None).fit(X, y)


def test_early_stopping_judges_by_samples_held_out(images):
    model = network(early_stopping=True, validation_fraction=0.25).fit(*images)
    assert model.validation_curve_.shape == (model.n_iter_, len(FIELDS))


# --------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "options, message",
    [
        ({"heads": [("kind", LabelHead())]}, "y has a field 'tags' that no head is for"),
        ({"trunk": DenseTrunk()}, r"DenseTrunk takes rows of numbers.*\(40, 16, 16\)"),
        ({"trunk": ConvTrunk((4,) * 5)}, "5 blocks leave nothing of images of 16 x 16 pixels"),
        ({"trunk": ConvTrunk((4, 0))}, "ConvTrunk: channels must hold whole numbers >= 1, got 0"),
        (
            {"trunk": ConvTrunk((4,), activation="tanh")},
            "ConvTrunk: activation is 'relu' or 'gelu', got 'tanh'",
        ),
        ({"early_stopping": True, "validation_fraction": 0.99}, "leaves no label of field 'kind'"),
        ({"solver": "newton"}, "'solver' parameter"),
        ({"checkpoint": "no-such-folder/run"}, "checkpoint='no-such-folder/run': its folder does not exist"),
    ],
)
def test_what_does_not_fit_is_refused(options, message, images):
    model = network(**options)
    with pytest.raises(ValueError, match=message):
        model.fit(*images)
    assert not hasattr(model, "params_")


def test_a_head_s_own_estimator_is_refused(rng):
    head = LabelHead(estimator=LogisticRegression())
    with pytest.raises(ValueError, match=r"head 'y' has estimator=LogisticRegression\(\), which a network"):
        MultiHeadNetwork([("y", head)]).fit(rng.normal(size=(9, 2)), np.arange(9) % 2)


def test_early_stopping_needs_each_column_s_labels(rng):
    """One label of the second column: held out, it would leave nothing to standardise by."""
    Y = rng.normal(size=(30, 2))
    Y[1:, 1] = np.nan
    options = {"early_stopping": True, "validation_fraction": 0.9, "random_state": 0, "max_iter": 1}
    with pytest.raises(ValueError, match="leaves no label of field 'y'"):
        MultiHeadNetwork(**options).fit(rng.normal(size=(30, 3)), Y)


def test_one_number_of_channels_is_one_block(rng):
    with pytest.raises(ValueError, match="1 blocks leave nothing of images of 1 x 4 pixels"):
        MultiHeadNetwork(trunk=ConvTrunk(4)).fit(rng.random((9, 1, 4)), np.arange(9) % 2)


def test_images_of_another_size_are_refused(images):
    X, _ = images
    model = network().fit(*images)
    with pytest.raises(ValueError, match=r"shape per sample is \(16, 15\), but \(16, 16\) was fitted"):
        model.predict(X[:, :, :-1])


def test_masks_need_images(rng):
    X, fields = scenes(rng, 20)
    with pytest.raises(ValueError, match="head 'mask' reads pixels"):
        MultiHeadNetwork().fit(X.reshape(20, -1), make_targets(mask=fields["mask"]))


def test_flat_images_need_their_shape(rng):
    X, fields = scenes(rng, 20)
    flat, y = X.reshape(20, -1), make_targets(kind=fields["kind"])
    with pytest.raises(ValueError, match="flat rows need image_shape"):
        MultiHeadNetwork(trunk=SMALL).fit(flat, y)
    with pytest.raises(ValueError, match=r"image_shape=\(9, 9\) does not fit rows of 256 numbers"):
        MultiHeadNetwork(trunk=clone(SMALL).set_params(image_shape=(9, 9))).fit(flat, y)


def test_an_exploding_loss_names_the_head_and_leaves_the_model(images):
    model = network().fit(*images)
    before = bits_of(model)
    with pytest.raises(FloatingPointError, match=r"loss of task '\w+' is no longer finite in epoch"):
        model.set_params(solver="sgd", learning_rate=1e20, max_iter=10).fit(*images)
    assert bits_of(model) == before


@pytest.mark.parametrize(
    "head, field", [(MaskHead(), "mask"), (BoxHead(), "box"), (PointsHead(), "points"), (TagsHead(), "tags")]
)
def test_one_head_alone_is_fine(head, field, images):
    X, y = images
    model = network(heads=[(field, head)]).fit(X, make_targets(**{field: y[field]}))
    assert np.isfinite(model.score_heads(X, make_targets(**{field: y[field]}))[field])
