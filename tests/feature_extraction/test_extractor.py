"""The extractor against its slow twin, over kinds of input, and what it refuses."""

import pickle

import naive
import numpy as np
import pandas as pd
import pytest
from numba import config
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from skmtl.feature_extraction import ConvFeatureExtractor, FixedFilters, RandomFilters, warmup

FLOAT32 = {"rtol": 2e-5, "atol": 2e-5}  # sums of some hundred rounded products
FLOAT64 = {"rtol": 1e-10, "atol": 1e-10}


def _images(n=3, shape=(9, 11, 2), dtype=np.float64, seed=0):
    return np.random.RandomState(seed).uniform(0, 255, (n, *shape)).astype(dtype)


def _fitted(images, **parameters):
    parameters = {
        "filters": RandomFilters(),
        "n_filters": 3,
        "kernel_size": 3,
        "random_state": 0,
        **parameters,
    }
    return ConvFeatureExtractor(**parameters).fit(images)


def _naive_pooled(extractor, image):
    z = naive.patch_responses(image, extractor.filters_, extractor.bias_, extractor.contrast_)
    maps = naive.activate(z, extractor.activation, extractor.threshold)
    maps = maps[:: extractor.stride, :: extractor.stride]
    return np.concatenate([naive.pool(maps, grid, extractor.pooling) for grid in extractor.grid_])


def _naive_dense(extractor, image):
    fitted = extractor.filters_, extractor.bias_, extractor.contrast_
    kind = extractor.activation, extractor.threshold
    return np.concatenate([naive.dense_maps(image, *fitted, *kind, s) for s in extractor.scales], axis=2)


@pytest.mark.parametrize("activation", ["two-sided", "relu", "abs"])
@pytest.mark.parametrize("pooling", ["mean", "sum", "max"])
@pytest.mark.parametrize(
    ("kernel_size", "stride", "grid"), [(3, 1, 2), ((2, 5), 2, (1, 3)), (9, 1, 1), (1, 3, (2, 3))]
)
def test_transform(kernel_size, stride, grid, pooling, activation):
    images = _images()
    geometry = {"kernel_size": kernel_size, "stride": stride, "grid": grid}
    extractor = _fitted(images, **geometry, pooling=pooling, activation=activation)
    expected = [_naive_pooled(extractor, image) for image in images]
    np.testing.assert_allclose(extractor.transform(images), expected, **FLOAT64)


@pytest.mark.parametrize("shape", [(9, 11, 2), (3, 3, 1), (5, 8, 3)])
@pytest.mark.parametrize("kernel_size", [1, 2, 3])
@pytest.mark.parametrize("activation", ["two-sided", "relu", "abs"])
def test_transform_dense(shape, kernel_size, activation):
    images = _images(2, shape)
    filters = RandomFilters(contrast=0.01 if kernel_size > 1 or shape[2] > 1 else None)
    extractor = _fitted(
        images, filters=filters, kernel_size=kernel_size, activation=activation, scales=(1, 2, 4), grid=1
    )
    maps = extractor.transform_dense(images)
    np.testing.assert_allclose(maps, [_naive_dense(extractor, image) for image in images], **FLOAT64)
    at = np.array([1, 0, 1]), np.array([shape[0] - 1, 0, 1]), np.array([0, shape[1] - 1, 1])
    np.testing.assert_array_equal(extractor.transform_dense(images, at=at), maps[at])


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "f2", "f4", "f8", "i8", ">f4"])
def test_pixel_types(dtype):
    images = (_images() / 2).astype(dtype)
    extractor = _fitted(images)
    features, maps = extractor.transform(images), extractor.transform_dense(images)
    wide = images.dtype.kind != "f" and images.dtype.itemsize > 2 or dtype == "f8"
    assert features.dtype == maps.dtype == (np.float64 if wide else np.float32)
    rounding = FLOAT64 if wide else FLOAT32
    np.testing.assert_allclose(features, [_naive_pooled(extractor, image) for image in images], **rounding)
    np.testing.assert_allclose(maps, [_naive_dense(extractor, image) for image in images], **rounding)


def test_bytes_do_not_wrap_around():
    images = np.full((1, 4, 4), 250, np.uint8)
    extractor = ConvFeatureExtractor(FixedFilters(np.ones((1, 2, 2))), threshold=0, grid=1, activation="relu")
    np.testing.assert_array_equal(extractor.fit_transform(images), [[1000]])


@pytest.mark.parametrize("threads", [2, 3])
def test_the_same_bits_for_any_number_of_threads_and_images(threads):
    images = _images(40, (12, 14, 3), np.float32)
    one = _fitted(images)
    many = _fitted(images, n_jobs=threads)
    features, maps = one.transform(images), one.transform_dense(images[:5])
    np.testing.assert_array_equal(many.filters_, one.filters_)
    np.testing.assert_array_equal(many.transform(images), features)
    np.testing.assert_array_equal(many.transform_dense(images[:5]), maps)
    np.testing.assert_array_equal(many.transform_dense(images[:1]), maps[:1])
    np.testing.assert_array_equal(one.transform(images[39:]), features[39:])


def test_large_images_are_cut_into_bands():
    images = _images(1, (70, 90, 1), np.float32)
    extractor = _fitted(images, n_filters=1, n_jobs=2, scales=(1, 3), kernel_size=2)
    np.testing.assert_allclose(
        extractor.transform_dense(images)[0], _naive_dense(extractor, images[0]), **FLOAT32
    )


def test_layouts_and_read_only_input():
    images = _images(4, (9, 11, 2), np.float32)
    extractor = _fitted(images)
    features, maps = extractor.transform(images), extractor.transform_dense(images)
    frozen = images.copy()
    frozen.flags.writeable = False
    spaced = np.zeros((4, 9, 22, 2), np.float32)[:, :, ::2]
    spaced[:] = images
    for same in (frozen, spaced, np.asfortranarray(images), images.tolist()):
        np.testing.assert_allclose(extractor.transform(same), features, **FLOAT32)
        np.testing.assert_allclose(extractor.transform_dense(same), maps, **FLOAT32)


def test_flattened_images_are_the_same_images():
    images = _images(4, (9, 11, 2))
    flat = images.reshape(4, -1)
    whole, rows = _fitted(images), _fitted(flat, image_shape=(9, 11, 2))
    np.testing.assert_array_equal(rows.transform(flat), whole.transform(images))
    np.testing.assert_array_equal(rows.transform_dense(flat), whole.transform_dense(images))
    grey = _images(4, (8, 8))
    np.testing.assert_array_equal(
        _fitted(grey.reshape(4, 64)).transform(grey.reshape(4, 64)), _fitted(grey).transform(grey[..., None])
    )


def test_a_strip_shrinks_filters_and_grid():
    strips = np.random.RandomState(0).normal(size=(20, 5))
    extractor = ConvFeatureExtractor(random_state=0).fit(strips)
    assert extractor.image_shape_ == (1, 5, 1) and extractor.grid_ == (1,)
    assert extractor.filters_.shape[1:] == (1, 5, 1)


def test_names_say_what_the_columns_are():
    images = _images(2)
    extractor = _fitted(images, grid=(1, 2)).set_output(transform="pandas")
    frame = extractor.transform(images)
    assert list(frame.columns) == list(extractor.get_feature_names_out())
    assert frame.shape[1] == extractor.n_features_out_ == 3 * 2 * 5
    z = naive.patch_responses(images[1], extractor.filters_, extractor.bias_, extractor.contrast_)
    lower_left = np.maximum(-z[3:, :4, 2] - 0.25, 0).mean()
    np.testing.assert_allclose(frame.loc[1, "filter2_neg_2x2_r1c0"], lower_left, **FLOAT64)


def test_frames_of_pixels():
    images = _images(5, (4, 4))
    frame = pd.DataFrame(images.reshape(5, 16), columns=[f"pixel{i}" for i in range(16)])
    extractor = _fitted(frame, image_shape=(4, 4))
    np.testing.assert_array_equal(extractor.transform(frame), _fitted(images).transform(images))
    assert list(extractor.feature_names_in_) == list(frame.columns)


def test_copies_give_the_same_features():
    images = _images()
    extractor = _fitted(images)
    again = pickle.loads(pickle.dumps(extractor))
    np.testing.assert_array_equal(again.transform(images), extractor.transform(images))


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="slow in the interpreter")
def test_features_beat_pixels_where_labels_are_few():
    images, labels = load_digits(return_X_y=True)
    train, test = slice(0, 200), slice(1200, 1500)
    features = make_pipeline(
        ConvFeatureExtractor(n_filters=32, kernel_size=3, random_state=0), RidgeClassifier(0.1)
    )
    scores = [
        model.fit(images[train], labels[train]).score(images[test], labels[test])
        for model in (features, RidgeClassifier(0.1))
    ]
    assert scores[0] > scores[1] + 0.05 and scores[0] > 0.9


def test_warmup_compiles_what_is_needed():
    warmup(["float32"])


@pytest.mark.parametrize(
    ("parameters", "shape", "message"),
    [
        ({"kernel_size": 4}, (3, 9), "4 x 4 pixels .* larger than the images of 3 x 9"),
        ({"kernel_size": (2, 3, 4)}, (9, 9), "kernel_size must be one positive integer or two"),
        ({"kernel_size": (2, 0)}, (9, 9), "kernel_size must be a positive integer"),
        ({"grid": 8}, (9, 9), "grid=8 asks for 8 cells a side, .* have 7 x 7 positions"),
        (
            {"stride": 7, "grid": 2},
            (9, 9),
            "grid=2 asks for 2 .* have 1 x 1 positions; give a smaller grid, stride",
        ),
        ({"grid": ()}, (9, 9), "grid must be a positive integer"),
        ({"scales": (1, 0)}, (9, 9), "scales must be a positive integer"),
        ({"n_filters": 0}, (9, 9), "n_filters"),
        ({"threshold": -1}, (9, 9), "threshold"),
        ({"activation": "tanh"}, (9, 9), "activation"),
        ({"filters": np.ones((1, 2, 2))}, (9, 9), "filters"),
        ({"image_shape": (3, 3)}, (9, 9), "does not match X, whose images are .9, 9, 1"),
        ({"image_shape": (3, 3)}, (10,), r"image_shape=\(3, 3\) needs 9 features in X, which has 10"),
        ({"image_shape": (9,)}, (9,), r"image_shape must be \(rows, columns\)"),
        ({}, (2, 2, 2, 2), r"X must have the shape \(n, h, w\)"),
    ],
)
def test_bad_parameters_are_refused(parameters, shape, message):
    with pytest.raises(ValueError, match=message):
        _fitted(_images(2, shape), **parameters)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (_images(2, (9, 12, 2)), r"images of shape \(9, 12, 2\), but the images at fit had \(9, 11, 2\)"),
        (_images(2, (9, 11, 3)), r"images of shape \(9, 11, 3\)"),
        (_images(2, (9, 11)), r"images of shape \(9, 11\)"),
        (_images(2, (8, 11, 2)), "X has 8 features"),
        (np.where(_images(2) < 9, np.nan, 1), "NaN"),
        (np.where(_images(2) < 9, np.inf, 1), "infinity"),
    ],
)
@pytest.mark.parametrize("method", ["transform", "transform_dense", "iter_dense"])
def test_bad_images_are_refused(method, images, message):
    extractor = _fitted(_images())
    with pytest.raises(ValueError, match=message):
        getattr(extractor, method)(images)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (([0], [0]), "at must be a tuple of three arrays"),
        (([0], [0], [0, 1]), "one length"),
        (([0], [0.5], [0]), "integer arrays"),
        (([3], [0], [0]), r"image index 0 must lie in 0..2; got 3"),
        (([0], [-1], [0]), r"row 0 must lie in 0..8; got -1"),
        (([0], [0], [11]), r"column 0 must lie in 0..10; got 11"),
    ],
)
def test_bad_positions_are_refused(at, message):
    images = _images()
    with pytest.raises(ValueError, match=message):
        _fitted(images).transform_dense(images, at=at)


def test_no_positions_give_no_rows():
    images = _images()
    extractor = _fitted(images)
    assert extractor.transform_dense(images, at=([], [], [])).shape == (0, 12)


def test_arrays_that_do_not_belong_together_never_reach_a_kernel():
    images = _images()
    extractor = _fitted(images)
    for shape, message in (
        ((3, 3, 3, 5), "do not belong together"),
        ((3, 20, 3, 2), "20 x 3 pixels .* larger"),
    ):
        extractor.filters_ = np.ones(shape)
        with pytest.raises(ValueError, match=message):
            extractor.transform(images)
