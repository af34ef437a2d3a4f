"""What may go wrong while a network learns: overflow, and batches, labels and sizes that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
from _networks import bits_of, scenes
from sklearn.base import clone

from skmtl import MultiHeadNetwork, MultiTaskMLPClassifier, MultiTaskMLPRegressor, make_targets
from skmtl.neural_network import ConvTrunk, CrossStitchTrunk, DenseTrunk, InputsTrunk

DEEP = ConvTrunk((4, 4, 4))


def rows(rng, n=60):
    X = rng.normal(size=(n, 3))
    return X, make_targets(kind=np.where(X[:, 0] > 0, "up", "down"), size=X.sum(axis=1))


def explode(model, *data, message):
    """Refused with ``message``, and the model is as if nothing had been asked of it."""
    before = vars(model).copy()
    with pytest.raises(FloatingPointError, match=message):
        model.fit(*data)
    assert vars(model) == before


WILD = {"solver": "sgd", "learning_rate": 1e39, "max_iter": 1, "schedule": "constant", "random_state": 0}


@pytest.mark.parametrize(
    "batch_size, what",
    [
        (10, r"the loss of task '(kind|size)' is no longer finite in epoch 1: "),
        (100, r"'trunk.dense0.W' is no longer finite after epoch 1: "),  # the last step has no loss behind it
    ],
)
def test_numbers_that_overflow_are_named_with_epoch_and_advice(batch_size, what, rng):
    X, y = rows(rng)
    model = MultiHeadNetwork(trunk=DenseTrunk((4,)), batch_size=batch_size, **WILD)
    explode(model, X, y, message=what + r"lower learning_rate \(1e\+39\)$")


def test_perceptrons_do_not_scale_x_themselves(rng):
    X, _ = rows(rng)
    advice = r"lower learning_rate \(1e\+39\), or scale the columns of X \(StandardScaler\)$"
    explode(MultiTaskMLPRegressor((4,), batch_size=10, **WILD), X, X[:, :2], message=advice)


def test_a_part_of_partial_fit_that_overflows_is_refused(rng):
    X, y = rows(rng)
    model = MultiHeadNetwork(solver="sgd", random_state=0).partial_fit(X, y)
    before = bits_of(model)
    with pytest.raises(FloatingPointError, match=r"no longer finite (in|after) epoch 2: lower learning_rate"):
        model.set_params(learning_rate=1e39).partial_fit(X, y)
    assert bits_of(model) == before and model.n_iter_ == 1


def test_a_checkpoint_is_never_poisoned(rng, tmp_path):
    path, (X, y) = tmp_path / "run", rows(rng)
    model = MultiHeadNetwork(solver="sgd", learning_rate=1e39, random_state=0, checkpoint=path)
    with pytest.raises(FloatingPointError, match="no longer finite"):
        model.fit(X, y)
    assert not path.exists()


@pytest.mark.parametrize(
    "model",
    [
        MultiHeadNetwork(max_iter=2, random_state=0),
        MultiTaskMLPClassifier(solver="adam", max_iter=2, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_batch_larger_than_the_data_is_all_of_them(model, rng):
    X = rng.normal(size=(30, 3))
    y = (X[:, 0] > 0).astype(int)
    whole, more = (clone(model).set_params(batch_size=size).fit(X, y) for size in (30, 10**9))
    assert bits_of(whole) == bits_of(more)
    assert np.isfinite(clone(model).set_params(batch_size=1).fit(X, y).loss_curve_).all()


def test_a_task_without_a_label_in_a_batch_has_no_update(rng):
    """One label, in one of six batches: as many steps for its head as for a fit on this batch alone."""
    X, y = rows(rng)
    y["size"][1:] = np.nan
    model = MultiHeadNetwork(trunk=DenseTrunk((4,)), batch_size=10, max_iter=1, random_state=0)
    model.partial_fit(X, y)
    assert model._state["optimiser"]["count"].tolist() == [6, 6, 1]


@pytest.mark.parametrize(
    "trunk, shape, message",
    [
        (DEEP, (7, 9), "ConvTrunk: 3 blocks leave nothing of images of 7 x 9 pixels; give fewer channels"),
        (CrossStitchTrunk(DEEP), (9, 7), "3 blocks leave nothing of images of 9 x 7 pixels"),
        (
            ConvTrunk((4,), size=5, stride=4, pooling="mean"),
            (4, 4),
            "1 blocks leave nothing of images of 4 x 4",
        ),
        (
            ConvTrunk((4,)),
            (4, 4, 3, 2),
            r"ConvTrunk takes images .*, got X of shape \(9, 4, 4, 3, 2\)",
        ),
        (DenseTrunk(), (4, 4), "DenseTrunk takes rows of numbers"),
        (
            InputsTrunk([("picture", slice(0, 16), ConvTrunk((4, 4, 4), image_shape=(4, 4)))]),
            (20,),
            "InputsTrunk: input 'picture': ConvTrunk: 3 blocks leave nothing of images of 4 x 4 pixels",
        ),
    ],
    ids=["blocks", "columns", "stride", "dimensions", "rows", "inputs"],
)
@pytest.mark.parametrize("learns", ["fit", "partial_fit"])
def test_samples_that_the_trunk_cannot_take(learns, trunk, shape, message, rng):
    model = MultiHeadNetwork(trunk=trunk)
    with pytest.raises(ValueError, match=message):
        getattr(model, learns)(rng.random((9, *shape)), np.arange(9) % 2)
    assert not hasattr(model, "params_")


def test_later_parts_have_the_shape_of_the_first(rng):
    X, fields = scenes(rng, 20)
    y = make_targets(kind=fields["kind"])
    model = MultiHeadNetwork(trunk=ConvTrunk((4,), (4,)), random_state=0).partial_fit(X, y)
    with pytest.raises(ValueError, match=r"shape per sample is \(16, 15\), but \(16, 16\) was fitted"):
        model.partial_fit(X[:, :, :15], y)
