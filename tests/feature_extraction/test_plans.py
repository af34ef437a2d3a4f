"""What is kept between calls is never stale, never in the way, and used."""

import copy
import gc
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from numba import config
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skmtl.feature_extraction import ConvFeatureExtractor, ConvLayer, RandomFilters, _plans
from skmtl.kernels import shares


def _images(n=3, shape=(9, 11, 2), dtype=np.float32):
    return np.random.RandomState(0).uniform(0, 255, (n, *shape)).astype(dtype)


def _fitted(images, **parameters):
    parameters = {"n_filters": 4, "kernel_size": 3, "random_state": 0, **parameters}
    return ConvFeatureExtractor(RandomFilters(), **parameters).fit(images)


def _copied(extractor):
    """The same without what is kept."""
    return pickle.loads(pickle.dumps(extractor))


def _check_changed(change, **parameters):
    """After ``change`` the features are other ones, and those of an extractor that was never used."""
    images = _images()
    extractor = _fitted(images, **parameters)
    before = extractor.transform(images)
    change(extractor)
    after, expected = extractor.transform(images), _copied(extractor).transform(images)
    assert type(after) is type(expected)
    if isinstance(after, np.ndarray):
        np.testing.assert_array_equal(after, expected)
        assert not np.array_equal(after, before)


@pytest.mark.parametrize(
    "changed",
    [
        {"stride": 2},
        {"dilation": 2},
        {"padding": "same"},
        {"activation": "abs"},
        {"threshold": 20.0},
        {"pooling": "max"},
        {"power": 3.0},
        {"sparse_output": True},
    ],
)
def test_parameters_set_after_a_call(changed):
    pooling = "power" if "power" in changed else "mean"
    _check_changed(lambda extractor: extractor.set_params(**changed), pooling=pooling)


def _double(array):
    array.flags.writeable = True
    array[0] *= 2


def _write(name):
    return lambda extractor: _double(getattr(extractor, name))


def _write_coordinates(extractor):
    _double(extractor._coordinates[0])


def _write_hidden(extractor):
    _double(extractor.hidden_layers_[0].learned.filters)


def _replace_and_write(extractor):
    extractor.filters_ = 3 * extractor.filters_
    extractor.transform(_images())
    extractor.filters_[0] += 1


def _set_hidden(extractor):
    extractor.hidden_layers_[0].settings.activation = "abs"


@pytest.mark.parametrize(
    ("change", "parameters"),
    [
        (_write("filters_"), {}),
        (lambda extractor: setattr(extractor, "bias_", 1 + extractor.bias_), {}),
        (_replace_and_write, {}),
        (lambda extractor: setattr(extractor, "filters_", 2 * extractor.filters_), {}),
        (lambda extractor: setattr(extractor, "contrast_", 1000.0), {}),
        (lambda extractor: setattr(extractor, "grid_", (1, 2)), {}),
        (_write_hidden, {"hidden_layers": [ConvLayer(RandomFilters(), n_filters=3)]}),
        (_set_hidden, {"hidden_layers": [ConvLayer(RandomFilters(), n_filters=3)]}),
    ],
)
def test_attributes_changed_after_a_call(change, parameters):
    _check_changed(change, **parameters)


def test_coordinates_written_into_after_a_call():
    images = _images(30)
    parameters = {"n_filters": 4, "kernel_size": 3, "activation": "triangle", "random_state": 0}
    extractor = ConvFeatureExtractor(**parameters).fit(images)
    before = extractor.transform(images)
    _write_coordinates(extractor)
    after = extractor.transform(images)
    assert not np.array_equal(after, before)
    np.testing.assert_array_equal(after, _copied(extractor).transform(images))


def test_a_second_fit_is_seen():
    images = _images()
    extractor = _fitted(images)
    extractor.transform(images)
    again = extractor.set_params(random_state=1).fit(images).transform(images)
    np.testing.assert_array_equal(again, _fitted(images, random_state=1).transform(images))


def test_types_and_sizes_take_turns():
    extractor = _fitted([_images()[0], _images(1, (12, 8, 2))[0]])
    sets = [_images(2, shape, dtype) for shape in ((9, 11, 2), (12, 8, 2)) for dtype in ("f4", "f8", "u1")]
    expected = [_copied(extractor).transform(images) for images in sets]
    for _ in range(2):
        for images, features in zip(sets, expected, strict=True):
            again = extractor.transform(images)
            assert again.dtype == features.dtype
            np.testing.assert_array_equal(again, features)


@pytest.mark.parametrize("hidden", [(), (ConvLayer(RandomFilters(), n_filters=3),)])
def test_threads_share_an_extractor(hidden):
    images = _images(8)
    wide = images.astype(np.float64)
    extractor = _fitted(images, hidden_layers=hidden)
    expected = {some.dtype: _copied(extractor).transform(some) for some in (images, wide)}

    def work(number):
        some = (images, wide)[number % 2]
        i = number % len(some)
        return np.abs(extractor.transform(some[i : i + 1]) - expected[some.dtype][i]).max()

    with ThreadPoolExecutor(4) as pool:
        assert max(pool.map(work, range(200))) == 0


@pytest.mark.parametrize("hidden", [(), (ConvLayer(RandomFilters(), n_filters=40),)])
def test_threads_share_the_filters_of_one_image(hidden, monkeypatch):
    images, parts = _images(1), []
    extractor = _fitted(images, n_filters=40, hidden_layers=hidden)
    expected = extractor.transform(images)
    monkeypatch.setattr(shares, "WORTH_A_THREAD", 1)
    run = shares.run_blocks
    monkeypatch.setattr(shares, "run_blocks", lambda *args: parts.append(len(args[1])) or run(*args))
    np.testing.assert_array_equal(extractor.set_params(n_jobs=2).transform(images), expected)
    assert parts == [2] * (1 + len(hidden))


def test_nothing_of_it_is_in_the_estimator():
    images = _images()
    extractor = _fitted(images)
    attributes, size = dict(vars(extractor)), len(pickle.dumps(extractor))
    extractor.transform(images)
    assert vars(extractor).keys() == attributes.keys()
    assert all(vars(extractor)[name] is value for name, value in attributes.items())
    assert len(pickle.dumps(extractor)) == size
    with pytest.raises(NotFittedError):
        clone(extractor).transform(images)


def test_fitted_arrays_are_read_only_and_stay_so():
    images = _images(30)
    parameters = {"activation": "triangle", "n_filters": 4, "kernel_size": 3, "random_state": 0}
    hidden = [ConvLayer(RandomFilters(), n_filters=3)]
    fitted = ConvFeatureExtractor(hidden_layers=hidden, **parameters).fit(images)
    streamed = ConvFeatureExtractor(**parameters).partial_fit(images).partial_fit(images)
    for extractor in (fitted, _copied(fitted), streamed, copy.deepcopy(streamed)):
        learned = [extractor.filters_, extractor.bias_, *extractor._coordinates]
        for layer in extractor.hidden_layers_:
            learned += layer.learned[:2]
        for array in learned:
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def _counted(monkeypatch):
    planned = []

    class Counted(_plans.PooledFeatures):
        def __init__(self, *args):
            planned.append(1)
            super().__init__(*args)

    monkeypatch.setattr(_plans, "PooledFeatures", Counted)
    return planned


def test_the_second_call_plans_nothing(monkeypatch):
    planned, images = _counted(monkeypatch), _images()
    extractor = _fitted(images)
    for i in range(3):
        extractor.transform(images[i : i + 1])
    extractor.set_params(n_jobs=2, memory=0.5).transform(images.astype(np.uint8))
    assert len(planned) == 1


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="slow in the interpreter")
def test_plans_of_large_images_and_of_extractors_that_are_gone_take_no_memory(monkeypatch):
    planned, large = _counted(monkeypatch), _images(1, (300, 300))
    extractor = _fitted(large, n_filters=1, kernel_size=2)
    extractor.transform(large), extractor.transform(large)
    assert len(planned) == 2 and extractor not in _plans._kept
    small = _images()
    extractor = _fitted(small)
    extractor.transform(small)
    gc.collect()
    kept = len(_plans._kept)
    del extractor
    gc.collect()
    assert len(_plans._kept) == kept - 1


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (_images().astype(complex), ValueError, "Complex data not supported"),
        (_images().astype(str), ValueError, "could not convert string|dtype='numeric' is not compatible"),
        (_images(0), ValueError, "Found array with 0 sample"),
        (_images()[0, 0, 0], ValueError, "Expected 2D array"),
        (_images().swapaxes(1, 2), ValueError, "X has 11 features, but ConvFeatureExtractor is expecting 9"),
    ],
)
def test_the_checks_of_scikit_learn_apply(images, error, message):
    with pytest.raises(error, match=message):
        _fitted(_images()).transform(images)


def test_frames_at_fit_and_arrays_later():
    pixels = _images(5, (4, 4)).reshape(5, 16)
    frame = pd.DataFrame(pixels, columns=[f"pixel{i}" for i in range(16)])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        _fitted(frame, image_shape=(4, 4)).transform(pixels)


def test_unfitted():
    for method in ("transform", "transform_dense"):
        with pytest.raises(NotFittedError):
            getattr(ConvFeatureExtractor(), method)(_images())
