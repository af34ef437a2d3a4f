"""What networks choose where nothing is said: steps, layers for the size of images, and moved images."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from skmtl import MultiHeadNetwork, make_targets
from skmtl.neural_network import Augment, ConvTrunk
from skmtl.neural_network._settings import auto_lengths

FEW = {"max_iter": 2, "random_state": 0}


def images(rng, n=20):
    X = rng.integers(0, 256, size=(n, 16, 16), dtype=np.uint8)
    return X, {"kind": rng.integers(0, 2, n), "size": rng.normal(size=n)}


def bits(model) -> bytes:
    return b"".join(value.tobytes() for value in model.params_.values())


@pytest.mark.parametrize(
    "n, batch_size, max_iter",
    [(10, 16, 1000), (150, 16, 100), (960, 32, 34), (5000, 64, 30), (None, 64, 30)],
)
def test_few_samples_are_seen_in_small_batches_and_often(n, batch_size, max_iter):
    found = auto_lengths("adam", n, "auto", "auto")
    assert found == {"batch_size": batch_size, "max_iter": max_iter}
    assert auto_lengths("adam", n, 7, 3) == {"batch_size": 7, "max_iter": 3}


def test_lengths_are_those_of_the_samples_to_learn_from(rng):
    X, y = rng.normal(size=(70, 2)), make_targets(size=rng.normal(size=70))
    model = MultiHeadNetwork(early_stopping=True, validation_fraction=0.5, batch_size=10, max_iter="auto")
    model.set_params(n_iter_no_change=1000, random_state=0).fit(X, y)
    assert model.n_iter_ == 250  # 35 rows in 4 batches
    assert MultiHeadNetwork(solver="lbfgs", random_state=0).fit(X, y).n_iter_ <= 200


@pytest.mark.parametrize("side, blocks", [(8, 1), (15, 1), (16, 2), (28, 2), (32, 3), (60, 3), (128, 5)])
def test_blocks_leave_4_to_7_pixels(side, blocks):
    trunk = ConvTrunk.for_images(side, side + 40)
    assert trunk.channels == (32, 64, 64, 64, 64)[:blocks]
    assert 4 <= trunk._left(side) <= 7


def test_images_get_as_many_blocks_as_fit_and_tiny_ones_one(rng):
    X, fields = images(rng)
    y = make_targets(kind=fields["kind"])
    assert MultiHeadNetwork(**FEW).fit(X, y).trunk_.channels == (32, 64)
    assert MultiHeadNetwork(**FEW).fit(X[:, :3, :2], y).trunk_.channels == (32,)
    with pytest.raises(ValueError, match="1 blocks leave nothing of images of 16 x 1 pixels"):
        MultiHeadNetwork(**FEW).fit(X[:, :, :1], y)


HALF = Augment(share=0.5, numbers=False)


@pytest.mark.parametrize(
    "names, augment", [(["kind"], Augment()), (["kind", "size"], HALF), (["size"], None)], ids=str
)
def test_numbers_are_learned_from_images_as_they_are(names, augment, rng):
    X, fields = images(rng)
    y = make_targets(**{name: fields[name] for name in names})
    model = MultiHeadNetwork(**FEW).fit(X, y)
    for given in (Augment(), HALF, None):
        again = clone(model).set_params(augment=given).fit(X, y)
        assert (bits(again) == bits(model)) == (repr(given) == repr(augment))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_what_cannot_be_moved_is_left_alone(solver, rng):
    X, fields = images(rng)
    y = make_targets(kind=fields["kind"])
    for samples in (X,) if solver == "lbfgs" else (X.reshape(len(X), -1),):
        model = MultiHeadNetwork(solver=solver, **FEW).fit(samples, y)
        assert bits(clone(model).set_params(augment=None).fit(samples, y)) == bits(model)


@pytest.mark.parametrize(
    "options, stops",
    [({"schedule": "constant"}, True), ({"early_stopping": True}, True), ({}, False)],
)
def test_a_falling_rate_is_followed_to_its_end(options, stops, rng):
    X, y = rng.normal(size=(40, 2)), make_targets(size=rng.normal(size=40))
    model = MultiHeadNetwork(max_iter=9, tol=10.0, n_iter_no_change=3, random_state=0, **options)
    assert model.fit(X, y).n_iter_ == (4 if stops else 9)
