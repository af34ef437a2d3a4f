"""``arithmetic="bytes"``: the same bits on every machine, close to float, and what it refuses."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skmtl.feature_extraction import ConvFeatureExtractor, ConvLayer, PatchFilters, RandomFilters
from skmtl.kernels import conv

CASES = {
    "quarters": {"kernel_size": 6},
    "one channel": {"kernel_size": (3, 2), "grid": (1, 2), "shape": (9, 7, 1)},
    "strides": {"kernel_size": 3, "stride": 2, "dilation": 2, "padding": "reflect"},
    "zeros around": {"kernel_size": 4, "padding": "same", "pooling": "sum"},
    "channel by channel": {"kernel_size": 3, "per_channel": True},
    "small cells": {
        "kernel_size": 3,
        "grid": 6,
        "shape": (14, 14, 3),
        "filters": RandomFilters(contrast=None),
    },
    "codes": {"kernel_size": 3, "activation": "modulus", "pooling": "power"},
    "two layers": {"kernel_size": 2, "hidden_layers": [ConvLayer(PatchFilters(), n_filters=5)]},
}


def _images(shape=(11, 13, 3), n=7, seed=0):
    """Smooth ones."""
    rows, columns, channels = shape
    noise = np.random.RandomState(seed).normal(size=(n, rows, columns, channels)).cumsum(1).cumsum(2)
    low, high = noise.min(), noise.max()
    return ((noise - low) * (255 / (high - low))).astype(np.uint8)


def _fitted(case, **parameters):
    parameters = {"filters": PatchFilters(), "n_filters": 18, "random_state": 0, **CASES[case], **parameters}
    images = _images(parameters.pop("shape", (11, 13, 3)))
    return ConvFeatureExtractor(**parameters, arithmetic="bytes").fit(images), images


@pytest.mark.parametrize("case", CASES)
def test_bits_are_those_of_a_machine_without_bytes(case, monkeypatch):
    extractor, images = _fitted(case)
    features = extractor.transform(images)
    monkeypatch.setattr(conv, "BYTES", False)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(extractor)).transform(images), features)
    assert features.dtype == np.float32


@pytest.mark.parametrize("case", ["quarters", "one channel", "strides"])
def test_features_are_close_to_those_of_floats(case):
    extractor, images = _fitted(case)
    rounded = extractor.transform(images)
    exact = extractor.set_params(arithmetic="float").transform(images)
    error = np.square(rounded - exact).mean() / np.square(exact - exact.mean(axis=0)).mean()
    assert 0 < np.sqrt(error) < 0.05


def test_one_image_any_threads_and_any_layout():
    extractor, images = _fitted("quarters")
    features = extractor.transform(images)
    for some in (clone(extractor).set_params(n_jobs=2), clone(extractor).set_params(memory=1e-6)):
        np.testing.assert_array_equal(some.fit(images).transform(images), features)
    np.testing.assert_array_equal(extractor.transform(images[-1:]), features[-1:])
    apart = np.repeat(images, 2, axis=2)[:, :, ::2]
    apart.flags.writeable = False
    np.testing.assert_array_equal(extractor.transform(apart), features)
    flat = clone(extractor).set_params(image_shape=images.shape[1:]).fit(images.reshape(len(images), -1))
    np.testing.assert_array_equal(flat.transform(images.reshape(len(images), -1)), features)


def test_images_of_different_sizes():
    extractor, images = _fitted("quarters")
    cut = [images[0], images[1][1:], images[2][:, 2:]]
    free = ConvFeatureExtractor(PatchFilters(), n_filters=18, arithmetic="bytes", random_state=0).fit(cut)
    features = free.transform(cut)
    for image, row in zip(cut, features, strict=True):
        np.testing.assert_array_equal(free.transform([image, images[3]])[0], row)


def test_the_layers_after_the_first_learn_from_its_rounded_maps():
    extractor, images = _fitted("two layers")
    exact = clone(extractor).set_params(arithmetic="float").fit(images)
    first, plain = (each.hidden_layers_[0].learned.filters for each in (extractor, exact))
    np.testing.assert_array_equal(first, plain)
    assert not np.array_equal(extractor.filters_, exact.filters_)
    np.testing.assert_allclose(extractor.contrast_, exact.contrast_, rtol=0.05)


def test_a_stream():
    extractor, images = _fitted("quarters")
    stream = clone(extractor).partial_fit(images[:4]).partial_fit(images[4:])
    assert stream.transform(images).shape == extractor.transform(images).shape
    with pytest.raises(ValueError, match="arithmetic='bytes' multiplies pixels of type uint8"):
        stream.partial_fit(images.astype(float))


@pytest.mark.parametrize("dtype", [np.float32, np.int16, bool])
def test_other_pixels_are_refused(dtype):
    extractor, images = _fitted("quarters")
    wrong = images.astype(dtype)
    for call in (clone(extractor).fit, extractor.transform):
        with pytest.raises(ValueError, match=f"arithmetic='bytes' .* X are {np.dtype(dtype)}"):
            call(wrong)
    with pytest.raises(ValueError, match="X are int16"):
        extractor_of_any = ConvFeatureExtractor(n_filters=2, arithmetic="bytes")
        extractor_of_any.fit([images[0], images[1][1:].astype(np.int16)])


def test_what_it_cannot_serve_is_refused():
    extractor, images = _fitted("quarters")
    with pytest.raises(ValueError, match="arithmetic='bytes' does not go with activation='triangle'"):
        clone(extractor).set_params(activation="triangle").fit(images)
    layer = ConvLayer(PatchFilters(), n_filters=4, activation="triangle")
    with pytest.raises(ValueError, match=r"hidden_layers\[0\]: arithmetic='bytes'"):
        clone(extractor).set_params(hidden_layers=[layer], kernel_size=2).fit(images)
    with pytest.raises(ValueError, match=r"at most 1024 values, but those of \(20, 20, 3\)"):
        clone(extractor).set_params(kernel_size=20).fit(_images((24, 24, 3)))
    with pytest.raises(ValueError, match="transform_dense .* arithmetic='float'"):
        extractor.transform_dense(images)
