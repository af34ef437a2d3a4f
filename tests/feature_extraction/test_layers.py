"""Layers, paddings, activations and poolings of the extractor against their slow twins."""

import pickle

import naive
import naive_layers
import numpy as np
import pytest
from numba import config

from skmtl.feature_extraction import (
    ConvFeatureExtractor,
    ConvLayer,
    FixedFilters,
    KMeansFilters,
    RandomFilters,
)

FLOAT32 = {"rtol": 2e-5, "atol": 2e-5}  # sums of some hundred rounded products
FLOAT64 = {"rtol": 1e-10, "atol": 1e-10}
ACTIVATIONS = ["two-sided", "relu", "abs", "linear", "modulus"]


def _images(n=2, shape=(9, 11, 2), dtype=np.float64, seed=0):
    return np.random.RandomState(seed).uniform(0, 255, (n, *shape)).astype(dtype)


def _fitted(images, **parameters):
    given = {"filters": RandomFilters(), "n_filters": 4, "kernel_size": 3, "random_state": 0, **parameters}
    return ConvFeatureExtractor(**given).fit(images)


def _check(extractor, images):
    expected = [naive_layers.features(extractor, image) for image in images]
    features = extractor.transform(images)
    rounding = FLOAT32 if features.dtype == np.float32 else FLOAT64
    np.testing.assert_allclose(features, expected, **rounding)
    np.testing.assert_allclose(extractor.transform(images[1:2]), features[1:2], rtol=1e-6, atol=1e-6)
    assert features.shape == (len(images), extractor.n_features_out_)
    assert len(set(extractor.get_feature_names_out())) == extractor.n_features_out_


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
@pytest.mark.parametrize("padding", ["valid", "same", "reflect"])
@pytest.mark.parametrize(
    ("shape", "kernel_size", "stride", "dilation"),
    [
        ((9, 11, 2), 3, 1, 1),
        ((9, 10, 1), (2, 4), 2, 1),
        ((11, 9, 3), 3, 1, 3),
        ((13, 8, 2), (4, 2), 3, 2),
        ((7, 7, 4), 1, 2, 1),
    ],
)
def test_geometry(shape, kernel_size, stride, dilation, padding, dtype):
    images = _images(shape=shape, dtype=dtype)
    steps = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation, "padding": padding}
    _check(_fitted(images, **steps, grid=(1, 2)), images)


@pytest.mark.parametrize("padding", ["same", "reflect"])
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5, 1), (2, 3, 2)])
def test_images_smaller_than_the_filters_where_they_are_padded(shape, padding):
    images = _images(5, shape)
    _check(_fitted(images, kernel_size=(3, 4), padding=padding, grid=1), images)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    ("pooling", "power"),
    [("mean", 2.0), ("sum", 2.0), ("max", 2.0), ("power", 2.0), ("power", 3.5), ("ppv", 1.0)],
)
def test_activations_and_poolings(activation, pooling, power):
    images = _images()
    _check(_fitted(images, activation=activation, pooling=pooling, power=power, grid=(1, 3)), images)


def test_the_largest_linear_response_may_be_negative():
    images = -1.0 - np.arange(9.0).reshape(1, 3, 3)
    extractor = ConvFeatureExtractor(
        FixedFilters(np.ones((1, 1, 1))), activation="linear", pooling="max", grid=1
    )
    np.testing.assert_array_equal(extractor.fit_transform(images), [[-1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("component", [KMeansFilters(), RandomFilters(), RandomFilters(contrast=None)])
def test_triangle(component, dtype):
    """From the definition: distances of patches to centroids, in coordinates where both are points."""
    images = _images(6, (8, 8, 1), dtype) / 255
    extractor = _fitted(images, filters=component, n_filters=5, activation="triangle", grid=1)
    learned = extractor._layers()[0].learned
    flat = learned.filters.reshape(5, -1)
    for image, found in zip(images, extractor.transform(images), strict=True):
        z = naive.patch_responses(image, learned.filters, learned.bias, learned.contrast)
        if learned.coordinates is None:
            patches = np.lib.stride_tricks.sliding_window_view(image[..., 0], (3, 3)).reshape(6, 6, 9)
            patches = patches.astype(np.float64)
            points, centroids = patches, flat
            if learned.contrast is not None:
                spread = np.sqrt(patches.var(axis=2, keepdims=True) + learned.contrast)
                points = (patches - patches.mean(axis=2, keepdims=True)) / spread
        else:
            points = naive.patch_responses(image, *learned.coordinates, learned.contrast)
            # Centroids have unit length and respond by their product with the point, which tells them.
            centroids = np.linalg.lstsq(points.reshape(36, 9), z.reshape(36, 5), rcond=1e-9)[0].T
            np.testing.assert_allclose(np.square(centroids).sum(axis=1), 1, rtol=1e-5)
        expected = naive_layers.triangle(z, points, centroids).mean(axis=(0, 1))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 if dtype == np.float32 else 1e-7)


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
@pytest.mark.parametrize(
    "layers",
    [
        [ConvLayer(RandomFilters(), n_filters=3)],
        [
            ConvLayer(
                RandomFilters(), n_filters=3, padding="valid", pooling="mean", pool_size=3, threshold=0.1
            )
        ],
        [
            ConvLayer(
                RandomFilters(),
                n_filters=2,
                stride=2,
                dilation=2,
                pooling=None,
                activation="two-sided",
                threshold=0.2,
            )
        ],
        [
            ConvLayer(RandomFilters(), n_filters=4, activation="modulus", padding="reflect"),
            ConvLayer(RandomFilters(), n_filters=2, activation="abs", per_channel=True, pooling=None),
        ],
    ],
)
def test_hidden_layers(layers, dtype):
    images = _images(4, (14, 13, 3), dtype)
    _check(_fitted(images, hidden_layers=layers, kernel_size=2, grid=(1, 2)), images)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, (2, 3)])
@pytest.mark.parametrize("padding", ["same", "reflect"])
def test_hidden_layers_before_layers_that_are_padded(kernel_size, padding):
    images = _images(3, (10, 9, 2))
    hidden = [
        ConvLayer(RandomFilters(), n_filters=3, pooling=None, activation="linear"),
        ConvLayer(RandomFilters(), n_filters=4, kernel_size=kernel_size, padding=padding),
    ]
    extractor = _fitted(images, hidden_layers=hidden, kernel_size=kernel_size, padding=padding, grid=2)
    _check(extractor, images)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["two-sided", "relu", "abs", "linear"])
@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize(("grid", "channels", "contrast"), [(4, 1, None), (4, 17, 0.01), (8, 2, 0.01)])
def test_cells_of_few_patches(grid, channels, contrast, pooling, activation, dtype):
    images, filters = _images(3, (10, 10, channels), dtype), RandomFilters(contrast=contrast)
    _check(_fitted(images, filters=filters, grid=grid, pooling=pooling, activation=activation), images)


def test_cells_of_few_patches_with_filters_for_each_channel():
    images = _images(3, (10, 10, 3))
    _check(_fitted(images, grid=4, per_channel=True), images)


def test_hidden_layers_of_fewer_channels_than_asked_for():
    images = _images(3, (12, 12, 1))
    layer = ConvLayer(RandomFilters(), n_filters=2, activation="modulus")
    extractor = _fitted(images, hidden_layers=[layer], padding="same")
    assert extractor.filters_.shape == (4, 3, 3, 1)


@pytest.mark.parametrize("activation", ["two-sided", "modulus"])
@pytest.mark.parametrize("pooling", ["mean", "max", "ppv"])
def test_per_channel(pooling, activation):
    images = _images(3, (8, 9, 3))
    extractor = _fitted(images, per_channel=True, pooling=pooling, activation=activation, grid=(1, 2))
    _check(extractor, images)
    assert extractor.filters_.shape == (4, 3, 3, 1)
    one = _fitted(images, per_channel=True, pooling=pooling, activation=activation, grid=(1, 2))
    one.filters_, one.image_shape_ = one.filters_, (8, 9, 1)
    one.n_features_in_ = 8
    columns = [i for i, name in enumerate(extractor.get_feature_names_out()) if name.startswith("channel2_")]
    np.testing.assert_allclose(
        extractor.transform(images)[:, columns], one.transform(images[..., 2:]), **FLOAT64
    )


def test_filters_are_learned_from_the_maps_of_the_layer_before():
    images = _images(5, (10, 10, 2))
    twice = ConvLayer(FixedFilters(2 * np.eye(2).reshape(2, 1, 1, 2)), activation="linear", pooling=None)
    contrasts = [_fitted(images, hidden_layers=layers).contrast_ for layers in ([], [twice])]
    np.testing.assert_allclose(contrasts[1], 4 * contrasts[0], rtol=1e-12)  # a share of the patches' variance
    half = ConvLayer(FixedFilters(np.eye(2)[:1].reshape(1, 1, 1, 2)), activation="linear", pooling=None)
    of_one = _fitted(images[..., :1]).contrast_
    np.testing.assert_allclose(_fitted(images, hidden_layers=[half]).contrast_, of_one, rtol=1e-12)


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="slow in the interpreter")
@pytest.mark.parametrize("threads", [2, 3])
def test_the_same_bits_for_any_number_of_threads_and_any_memory(threads):
    images = _images(30, (12, 14, 3), np.uint8)
    layers = [ConvLayer(n_filters=4), ConvLayer(n_filters=3, activation="abs", pooling=None)]
    one = _fitted(images, filters=None, hidden_layers=layers, activation="triangle")
    features = one.transform(images)
    for memory in (1e-3, 100.0):
        many = _fitted(
            images, filters=None, hidden_layers=layers, activation="triangle", n_jobs=threads, memory=memory
        )
        np.testing.assert_array_equal(many.filters_, one.filters_)
        np.testing.assert_array_equal(many.transform(images), features)


def test_changes_to_a_layer_after_fit_do_not_reach_the_model():
    images = _images()
    layer = ConvLayer(RandomFilters(), n_filters=2, pooling=None)
    extractor = _fitted(images, hidden_layers=[layer])
    features = extractor.transform(images)
    extractor.set_params(hidden_layers=[]), layer.set_params(activation="abs")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(extractor)).transform(images), features)


def test_names_of_channels():
    images = _images()
    extractor = _fitted(images, grid=1, activation="modulus", per_channel=True)
    assert list(extractor.get_feature_names_out()) == [
        f"channel{c}_filter{f}_mod_1x1_r0c0" for c in (0, 1) for f in (0, 1)
    ]


def test_transform_dense_goes_with_every_activation():
    images = _images(2, (6, 7, 2))
    for activation in ("linear", "modulus"):
        extractor = _fitted(images, activation=activation, dilation=2, stride=2, padding="same", scales=1)
        learned = extractor._layers()[0].learned
        layer = ConvLayer(dilation=2, padding="reflect", activation=activation)
        expected = [naive_layers.maps(image, learned, layer) for image in images]
        np.testing.assert_allclose(extractor.transform_dense(images), expected, **FLOAT64)


def test_pictures_of_filters():
    extractor = _fitted(_images(6), filters=KMeansFilters(), n_filters=4)
    pictures = extractor.filter_images()
    assert pictures.shape == (4, 3, 3, 2) and pictures.min() >= 0 and pictures.max() <= 1
    for pattern, picture in zip(extractor.patterns_, pictures, strict=True):
        np.testing.assert_allclose((picture - 0.5) * 2 * np.abs(pattern).max(), pattern, **FLOAT64)


def test_sparse_output():
    images = _images(7)
    extractor = _fitted(images, threshold=1.0, sparse_output=True, memory=1e-3)
    features = extractor.transform(images)
    assert features.format == "csr" and features.nnz < features.shape[0] * features.shape[1]
    np.testing.assert_array_equal(
        features.toarray(), extractor.set_params(sparse_output=False).transform(images)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_torch_gives_the_same(dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.RandomState(0)
    images = rng.normal(size=(3, 17, 14, 3)).astype(dtype)
    first, second = rng.normal(size=(5, 3, 3, 3)), rng.normal(size=(6, 3, 3, 5))
    extractor = ConvFeatureExtractor(
        FixedFilters(second, bias=np.arange(6) / 6),
        hidden_layers=[ConvLayer(FixedFilters(first, bias=np.arange(5) / 5))],
        padding="same",
        dilation=2,
        activation="relu",
        threshold=0,
        grid=1,
    )

    def tensor(array):
        return torch.from_numpy(np.ascontiguousarray(np.moveaxis(array, -1, 1)).astype(dtype))

    convolve = torch.nn.functional.conv2d
    maps = convolve(tensor(images), tensor(first), torch.arange(5).to(tensor(images)) / 5, padding=1)
    maps = torch.nn.functional.max_pool2d(maps.relu(), 2)
    maps = convolve(maps, tensor(second), torch.arange(6).to(maps) / 6, padding=2, dilation=2).relu()
    expected = maps.mean(dim=(2, 3)).numpy()
    np.testing.assert_allclose(
        extractor.fit_transform(images), expected, **(FLOAT32 if dtype == np.float32 else FLOAT64)
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"kernel_size": 6, "dilation": 2},
            "6 x 6 pixels .*, which reach over 11 x 11, are larger than .* 9 x 11",
        ),
        ({"hidden_layers": ConvLayer()}, "hidden_layers"),
        ({"hidden_layers": [3]}, "hidden_layers must be a sequence of ConvLayer; number 0 is 3"),
        ({"hidden_layers": [ConvLayer(stride=0)]}, "'stride' parameter of ConvLayer"),
        (
            {"hidden_layers": [ConvLayer(pool_size=10)]},
            r"hidden_layers\[0\]: pool_size=10 leaves nothing of .* 9 x 11",
        ),
        (
            {"hidden_layers": [ConvLayer(RandomFilters()), ConvLayer(kernel_size=5, padding="valid")]},
            r"hidden_layers\[1\]: filters of 5 x 5 .* larger than the images of 4 x 5",
        ),
        (
            {"hidden_layers": [ConvLayer(kernel_size=(1, 2, 3))]},
            r"hidden_layers\[0\]: kernel_size must be one",
        ),
        ({"hidden_layers": [ConvLayer(pool_size=4)]}, "filters of 3 x 3 .* larger than the images of 2 x 2"),
        ({"stride": 9}, "grid=2 asks for 2 cells a side, but the filters have 1 x 1 positions"),
        (
            {"activation": "modulus", "n_filters": 3},
            "activation='modulus' .* even number of filters; .* gave 3",
        ),
        ({"padding": "full"}, "padding"),
        ({"dilation": 0}, "dilation"),
        ({"power": 0}, "power"),
        ({"memory": 0}, "memory"),
        ({"filters": FixedFilters(np.ones((2, 3, 3, 5)))}, "for 5 channels, but the images have 2"),
        ({"filters": FixedFilters(np.ones((2, 3, 3, 2))), "per_channel": True}, "for 2 channels"),
    ],
)
def test_bad_layers_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        _fitted(_images(), **parameters)


def test_transform_dense_is_of_one_layer():
    images = _images()
    for parameters in (
        {"hidden_layers": [ConvLayer(RandomFilters())], "padding": "same"},
        {"per_channel": True},
    ):
        with pytest.raises(ValueError, match="transform_dense gives the maps of one layer"):
            _fitted(images, **parameters).transform_dense(images)
