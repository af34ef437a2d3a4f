"""Several inputs in the columns of X: what they learn, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from _asserts import ROUNDING, SAME_BITS, Tolerance, assert_close
from sklearn.base import clone

from skmtl import MultiHeadNetwork, MultiTaskMLPRegressor, make_targets
from skmtl.neural_network import ConvTrunk, CrossStitchTrunk, DenseTrunk, InputsTrunk
from skmtl.neural_network._inputs import Scaling

PICTURE = ConvTrunk((6,), (12,), image_shape=(8, 8))
BOTH = InputsTrunk([("numbers", slice(0, 3), DenseTrunk((8,))), ("picture", slice(3, 67), PICTURE)], (16,))


def two_inputs(rng, n=300):
    """Three numbers and a flat image with a bright square, and two fields that need both."""
    numbers, place = rng.normal(size=(n, 3)), rng.integers(0, 5, n)
    image = rng.normal(100, 10, size=(n, 8, 8))
    for one, x in zip(image, place, strict=True):
        one[2:5, x : x + 3] += 100
    y = make_targets(size=numbers[:, 0] + place, right=(place + numbers[:, 1] > 2).astype(int))
    return np.hstack([numbers, image.reshape(n, -1)]), y


def network(**options):
    return MultiHeadNetwork(learning_rate=0.01, random_state=0, **{"trunk": BOTH, "max_iter": 20} | options)


def test_both_inputs_are_used_and_joined(rng):
    X, y = two_inputs(rng)
    model = network().fit(X[:200], y[:200])
    scores = model.score_heads(X[200:], y[200:])
    assert scores["size"] > 0.85 and scores["right"] > 0.85
    alone = network(trunk=InputsTrunk(BOTH.inputs[:1], (16,))).fit(X[:200], y[:200])
    assert alone.score(X[200:], y[200:]) < model.score(X[200:], y[200:]) - 0.2
    shared = {name for name in model.params_ if name.startswith("trunk.")}
    layers = ("numbers.dense0", "picture.conv0", "picture.dense0", "dense0")
    assert shared == {f"trunk.{layer}.{kind}" for layer in layers for kind in "Wb"}
    again = pickle.loads(pickle.dumps(model))
    assert (again.predict(X) == model.predict(X)).all()


def test_one_input_of_all_columns_is_its_trunk(rng):
    X, y = two_inputs(rng, 60)
    inputs = network(trunk=InputsTrunk([("all", slice(None), DenseTrunk((8,)))], ()), max_iter=2).fit(X, y)
    plain = network(trunk=DenseTrunk((8,)), max_iter=2).fit(X, y)
    for name, value in plain.params_.items():
        assert_close(inputs.params_[name.replace("trunk.", "trunk.all.")], value, SAME_BITS, name)


def test_columns_by_name_position_and_slice_are_the_same(rng):
    pd = pytest.importorskip("pandas")
    X, y = two_inputs(rng, 40)
    names = [f"c{i}" for i in range(67)]
    by_name = InputsTrunk([("numbers", names[:3], BOTH.inputs[0][2]), ("picture", names[3:], PICTURE)], (16,))
    by_place = InputsTrunk(
        [("numbers", [0, 1, 2], BOTH.inputs[0][2]), ("picture", range(3, 67), PICTURE)], (16,)
    )
    frame, model = pd.DataFrame(X, columns=names), network(max_iter=2)
    expected = clone(model).fit(X, y).predict(X)
    assert (clone(model).set_params(trunk=by_place).fit(X, y).predict(X) == expected).all()
    named = clone(model).set_params(trunk=by_name).fit(frame, y)
    assert (named.predict(frame) == expected).all()
    assert named.trunk.inputs[0][1] == names[:3]
    copies = network(trunk=CrossStitchTrunk(by_name), max_iter=2).fit(frame, y)
    assert copies.sharing_.shape == (2, 2, 2)
    plain = MultiTaskMLPRegressor(trunk=by_name, max_iter=2).fit(frame, frame[["c0", "c1"]])
    assert plain.predict(frame).shape == (40, 2)


def test_an_image_is_standardised_as_one_and_numbers_each(rng):
    X, _ = two_inputs(rng, 50)
    colour = InputsTrunk([("picture", slice(3, 67), ConvTrunk((2,), image_shape=(8, 4, 2)))])
    scaling = Scaling.learn(X, np.ones(50), np.arange(50), colour.alike(67))
    pixels = X[:, 3:].reshape(50, 8, 4, 2)
    assert_close(scaling.shift[3:].reshape(8, 4, 2)[5, 2], pixels.mean(axis=(0, 1, 2)), ROUNDING)
    assert_close(scaling.scale[3:].reshape(8, 4, 2)[1, 3], pixels.std(axis=(0, 1, 2)), ROUNDING)
    assert_close(scaling.shift[:3], X[:, :3].mean(axis=0), ROUNDING)
    assert_close(scaling.scale[:3], X[:, :3].std(axis=0), ROUNDING)


def test_units_of_the_inputs_do_not_matter(rng):
    X, y = two_inputs(rng, 60)
    other = X * np.r_[[1000.0] * 3, [1 / 255] * 64]
    model = network(max_iter=3)
    told = [clone(model).fit(x, y).predict(x)["size"] for x in (X, other)]
    assert_close(told[1], told[0], Tolerance("training in float32 on numbers rounded anew", 1e-3, 1e-3))


@pytest.mark.parametrize(
    "inputs, message",
    [
        ([], "inputs needs at least one, and distinct names, got"),
        ([("a", [0], DenseTrunk()), ("a", [1], DenseTrunk())], "distinct names, got .'a', 'a'."),
        ([DenseTrunk()], r"inputs holds \(name, columns, trunk\) for each input"),
        ([("a", [0], CrossStitchTrunk())], "input 'a' takes a trunk that tasks share whole"),
        ([("a", [0, 0], DenseTrunk())], "input 'a' names a column twice"),
        ([("a", [0, 99], DenseTrunk())], "input 'a': index 99 is out of bounds"),
        ([("a", slice(90, 99), DenseTrunk())], "input 'a' has no column"),
        ([("a", ["left"], DenseTrunk())], "input 'a' names columns, but X is no data frame"),
        ([("a", slice(0, 9), PICTURE)], r"input 'a': ConvTrunk: image_shape=\(8, 8\) does not fit rows of 9"),
        ([("a", [0], DenseTrunk((0,)))], "hidden_layer_sizes must hold whole numbers"),
    ],
)
@pytest.mark.parametrize("model", [network(max_iter=1), MultiTaskMLPRegressor(max_iter=1)])
def test_what_does_not_fit_is_refused(inputs, message, model, rng):
    X, y = two_inputs(rng, 20)
    y = y if isinstance(model, MultiHeadNetwork) else X[:, :2]
    with pytest.raises(ValueError, match=message):
        clone(model).set_params(trunk=InputsTrunk(inputs)).fit(X, y)


def test_a_frame_without_the_column_is_refused(rng):
    pd = pytest.importorskip("pandas")
    X, y = two_inputs(rng, 20)
    frame = pd.DataFrame(X).rename(columns=str)
    with pytest.raises(ValueError, match="input 'a': X has no column 'left'"):
        network(trunk=InputsTrunk([("a", ["0", "left"], DenseTrunk())])).fit(frame, y)


def test_images_are_no_rows_of_numbers(rng):
    with pytest.raises(ValueError, match="InputsTrunk takes rows of numbers"):
        network().fit(np.ones((9, 8, 8)), np.arange(9.0))
