"""Filters that are given: in an array, or by a network; and their pictures."""

from types import SimpleNamespace

import numpy as np
import pytest

from skmtl import MultiHeadNetwork, make_targets
from skmtl.feature_extraction import ConvFeatureExtractor, FixedFilters, NetworkFilters, filter_images
from skmtl.neural_network import ConvTrunk
from skmtl.nn import Run

NETWORK = {"rtol": 1e-9, "atol": 1e-9}  # the same sums in float64, scaled before or after


def make_patches(shape):
    return np.random.RandomState(0).normal(size=(30, *shape))


def test_filters_in_an_array():
    given = np.arange(12.0).reshape(2, 2, 3)
    learned = FixedFilters(given, bias=[1, 2]).learn(make_patches((2, 3, 2)), 99)
    np.testing.assert_array_equal(learned.filters, np.stack([given, given], axis=-1))
    np.testing.assert_array_equal(learned.bias, [1, 2])
    normalised = FixedFilters(given, contrast=0.1).learn(make_patches((2, 3, 2)), 99)
    np.testing.assert_allclose(normalised.filters.sum(axis=(1, 2, 3)), 0, atol=1e-12)
    assert normalised.contrast > 0 and learned.contrast is None


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "batch_norm"])
def network(request):
    rng = np.random.RandomState(0)
    X = 50 + 20 * rng.normal(size=(40, 12, 12, 2))
    y = make_targets(kind=np.repeat([0, 1], 20), size=X.mean(axis=(1, 2, 3)))
    trunk = ConvTrunk((5, 4), (3,), batch_norm=request.param)
    return MultiHeadNetwork(trunk=trunk, max_iter=2, random_state=0).fit(X, y), X


def test_filters_of_a_network_give_what_its_activation_sees(network):
    model, X = network
    learned = NetworkFilters(model).learn(make_patches((3, 3, 2)), 1)
    windows = np.lib.stride_tricks.sliding_window_view(X, (3, 3), axis=(1, 2))
    responses = np.einsum("nyxcij,fijc->nyxf", windows, learned.filters) + learned.bias
    rectified = np.maximum(responses, 0)
    pooled = rectified[:, 1:9, 1:9].reshape(40, 4, 2, 4, 2, 5).max(axis=(2, 4))
    scaled = (X - model._scaling["shift"]) / model._scaling["scale"]
    first = model.trunk_.stages()[0]
    inside = _apply(first, model, scaled)[:, 1:5, 1:5]  # without the borders, where zeros were added
    np.testing.assert_allclose(pooled, inside, **NETWORK)


def _apply(layer, model, X):
    layer.init(np.random.default_rng(0), X.shape[1:], np.float64)
    return layer.forward(model.params_, X, Run(statistics=model._statistics))[0]


def test_filters_of_a_network_in_the_extractor(network):
    model, X = network
    extractor = ConvFeatureExtractor(NetworkFilters(model), activation="relu", threshold=0).fit(X)
    assert extractor.filters_.shape == (5, 3, 3, 2)
    assert extractor.transform(X).shape == (40, 20)
    deeper = NetworkFilters(model, layer=1).learn(make_patches((3, 3, 5)), 1)
    assert deeper.filters.shape == (4, 3, 3, 5)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (FixedFilters(np.ones((2, 2))), r"must have the shape \(k, rows, columns\)"),
        (FixedFilters(np.ones((0, 2, 2))), "must have the shape"),
        (FixedFilters(np.full((1, 2, 2), np.nan)), "FixedFilters: filters contains NaN"),
        (FixedFilters(np.ones((1, 2, 2, 3))), "for 3 channels, but the images have 1"),
        (FixedFilters(np.ones((1, 8, 2))), "8 x 2 pixels .* larger than"),
        (FixedFilters(np.ones((1, 2, 2)), bias=[1, 2]), "bias must be 1 finite numbers"),
        (NetworkFilters(MultiHeadNetwork()), r"is not fitted \(it has no params_\)"),
        (
            NetworkFilters(SimpleNamespace(params_={"trunk.dense0.W": np.ones((3, 2))})),
            "layer=0 is not a convolution of the network, which has none: its trunk must be a ConvTrunk",
        ),
        (
            NetworkFilters(SimpleNamespace(params_={"trunk.conv0.W": np.ones((3, 3, 1, 2))}), layer=1),
            r"layer=1 is not a convolution of the network, which has 1 of them: \[0\]",
        ),
        (
            NetworkFilters(
                SimpleNamespace(params_={"trunk.conv0.W": np.ones((3, 3, 2, 1)), "trunk.conv0.b": np.ones(1)})
            ),
            "NetworkFilters: filters of shape .* are for 2 channels, but the images have 1",
        ),
    ],
)
def test_filters_that_do_not_fit_are_refused(component, message):
    with pytest.raises(ValueError, match=message):
        ConvFeatureExtractor(component, grid=1).fit(np.eye(7)[None])


def test_patches_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"filters of shape \(1, 2, 2, 1\) do not go with patches of"):
        FixedFilters(np.ones((1, 2, 2))).learn(make_patches((3, 3, 1)), 1)


def test_pictures_have_zero_in_the_middle_and_one_scale_a_filter():
    patterns = np.array([[1.0, -2.0, 0.0], [0.1, 0.0, 0.05], [0.0, 0.0, 0.0]]).reshape(3, 1, 3, 1)
    expected = np.array([[0.75, 0.0, 0.5], [1.0, 0.5, 0.75], [0.5, 0.5, 0.5]]).reshape(3, 1, 3, 1)
    np.testing.assert_allclose(filter_images(patterns), expected, rtol=1e-15)
    np.testing.assert_allclose(filter_images(1e6 * patterns), expected, rtol=1e-15)
    with pytest.raises(ValueError, match=r"patterns must have the shape .* got \(3, 3\)"):
        filter_images(np.eye(3))
    with pytest.raises(ValueError, match="patterns contains NaN"):
        filter_images(np.full((1, 2, 2, 1), np.nan))
