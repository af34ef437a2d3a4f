"""Later passes: heads that read heads, and what is inside a box."""

import numpy as np
import pytest
from _fakes import BlockTrunk, image_model
from numpy.testing import assert_array_equal
from sklearn.base import clone

from skmtl import MultiHeadEstimator, make_targets


def test_stacking_helps_where_a_target_is_a_function_of_another():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 30))
    # The label is easy to see from X; the product of signs, which the number is, no linear model sees.
    four = 2 * (X[:, 0] > 0) + (X[:, 1] > 0)
    y = make_targets(kind=four, number=np.isin(four, (0, 3)).astype(float) + 0.01 * rng.normal(size=400))
    train, test = slice(0, 300), slice(300, 400)
    separate = MultiHeadEstimator(random_state=0).fit(X[train], y[train]).score_heads(X[test], y[test])
    stacked = MultiHeadEstimator(stack=True, random_state=0).fit(X[train], y[train])
    assert stacked.kept_["number"] == 1
    assert separate["number"] < 0.2 < 0.5 < stacked.score_heads(X[test], y[test])["number"]


def test_a_pass_that_does_not_help_is_not_kept():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 4))
    y = make_targets(a=X @ rng.normal(size=4), b=rng.normal(size=100))
    model = MultiHeadEstimator(stack=True, random_state=0).fit(X, y)
    # Reading a field of pure noise cannot better an exact linear function of X.
    assert model.kept_["a"] == 0
    assert_array_equal(model.predict(X)["a"], MultiHeadEstimator().fit(X, y).predict(X)["a"])


def test_region_reads_what_is_inside_the_box(blocks):
    """Light against dark inside a block that may be anywhere: whole-picture blocks hardly show it."""
    rng = np.random.default_rng(0)

    def scenes(n):
        images = np.full((n, 12, 12), 20, np.uint8)
        box = np.zeros((n, 4))
        kind = rng.integers(0, 2, n)
        for i in range(n):
            x, y = rng.integers(0, 7, 2)
            box[i] = x, y, x + 6, y + 6
            images[i, y : y + 6, x : x + 6] = 90
            left = kind[i]
            images[i, y + 1 : y + 5, x + 1 + 2 * left : x + 3 + 2 * left] = 200
        return images, make_targets(kind=kind, box=box)

    train, test = scenes(150), scenes(100)
    whole = MultiHeadEstimator(trunk=BlockTrunk(), random_state=0).fit(*train)
    region = MultiHeadEstimator(trunk=BlockTrunk(), region="box", random_state=0).fit(*train)
    assert region.kept_["kind"] == 1
    assert whole.score_heads(*test)["kind"] < 0.9 < region.score_heads(*test)["kind"]
    assert region.score_heads(*test)["box"] >= whole.score_heads(*test)["box"]


@pytest.mark.parametrize("parameters", [{}, {"stack": True, "region": "box"}])
def test_flat_images(blocks, parameters):
    X, y = blocks
    model = image_model(**parameters)
    flat = clone(model).set_params(trunk__image_shape=(12, 12)).fit(X.reshape(60, -1), y)
    assert_array_equal(flat.predict(X.reshape(60, -1)), model.fit(X, y).predict(X))
