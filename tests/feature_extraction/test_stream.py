"""Learning from a stream of images, and fits that are watched or interrupted."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skmtl.feature_extraction import ConvFeatureExtractor, ConvLayer, KMeansFilters, RandomFilters
from skmtl.feature_extraction._layers import Geometry
from skmtl.feature_extraction._sampling import Sample, draw_places, gather, merge
from skmtl.kernels.windows import Window


def _images(n=12, shape=(9, 8, 2), seed=0):
    return np.random.RandomState(seed).uniform(0, 255, (n, *shape)).astype(np.float32)


def _extractor(**parameters):
    return ConvFeatureExtractor(**{"n_filters": 4, "kernel_size": 3, "random_state": 0, **parameters})


@pytest.mark.parametrize("layers", [[], [ConvLayer(n_filters=3, pooling=None)]])
def test_the_first_call_is_a_fit(layers):
    images = _images()
    fitted, begun = (_extractor(hidden_layers=layers) for _ in range(2))
    features = fitted.fit(images).transform(images)
    np.testing.assert_array_equal(begun.partial_fit(images).transform(images), features)
    assert not hasattr(fitted, "_stream")


def test_more_images_move_the_filters_to_what_is_in_them():
    """Stripes along one axis first, along the other later: in the end there are filters for both."""
    rng = np.random.RandomState(0)
    rows = np.repeat(rng.normal(size=(20, 8, 1)), 8, axis=2)
    columns = np.swapaxes(np.repeat(rng.normal(size=(20, 8, 1)), 8, axis=2), 1, 2)
    extractor = _extractor(filters=KMeansFilters(whitening=10.0), n_filters=6).partial_fit(rows)
    along = np.abs(np.diff(extractor.filters_, axis=2)).max(axis=(1, 2, 3))
    assert along.max() < 1e-8  # constant along every row
    extractor.partial_fit(columns)
    along, down = (np.abs(np.diff(extractor.filters_, axis=axis)).max(axis=(1, 2, 3)) for axis in (2, 1))
    assert (along < down / 3).any() and (along > down).any()


def test_layers_before_the_last_stay():
    extractor = _extractor(hidden_layers=[ConvLayer(n_filters=3, pooling=None)]).partial_fit(_images())
    before, last = extractor.hidden_layers_[0].learned.filters, extractor.filters_
    extractor.partial_fit(5 + _images(seed=1) ** 2)
    np.testing.assert_array_equal(extractor.hidden_layers_[0].learned.filters, before)
    assert np.abs(extractor.filters_ - last).max() > 1e-3


def test_a_stream_goes_on_after_pickle_and_ends_with_fit():
    images = _images()
    extractor = _extractor().partial_fit(images[:6])
    copy = pickle.loads(pickle.dumps(extractor))
    for one in (extractor, copy):
        one.partial_fit(images[6:])
    np.testing.assert_array_equal(extractor.filters_, copy.filters_)
    np.testing.assert_array_equal(extractor.fit(images).filters_, _extractor().fit(images).filters_)
    again = extractor.partial_fit(images[:6])
    np.testing.assert_array_equal(again.filters_, clone(extractor).fit(images[:6]).filters_)


def test_the_sample_is_bounded_and_uniform():
    """Every patch of a stream is as likely as every other to be kept, wherever the stream is cut."""
    geometry, rng = Geometry(Window((1, 1)), "valid", 1, ""), np.random.RandomState(0)
    values, counts, rounds, size = np.arange(40.0), np.zeros(40), 4000, 10
    for _ in range(rounds):
        sample = None
        for part in np.split(values, [3, 15, 33]):
            images = part[:, None, None, None]
            at, keys = draw_places(np.ones((len(part), 2), int), geometry, size, None, rng)
            new = Sample(gather(images, at, geometry), keys)
            sample = new if sample is None else merge(sample, new, size)
        kept = sample.patches.ravel().astype(int)
        assert len(np.unique(kept)) == size
        counts[kept] += 1
    share = size / 40
    assert np.abs(counts / rounds - share).max() < 4 * np.sqrt(share * (1 - share) / rounds)


def test_the_reservoir_keeps_its_size():
    component = KMeansFilters(n_patches=50)
    extractor = _extractor(filters=component)
    for seed in range(3):
        extractor.partial_fit(_images(seed=seed))
        assert extractor._stream[0].patches.shape == (50, 3, 3, 2)


def test_images_that_do_not_go_with_the_first_are_refused():
    extractor = _extractor().partial_fit(_images())
    with pytest.raises(ValueError, match=r"X has images of shape \(9, 9, 2\), but the images at fit had"):
        extractor.partial_fit(_images(shape=(9, 9, 2)))


class Watcher:
    """A callback that writes down what it is told, and asks to stop where ``stop`` says so."""

    def __init__(self):
        self.told = []

    def setup(self, estimator, context):
        self.told.append("setup")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        self.told.append(f"begin {context.task_name} {len(X)}")

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        ready = fitted_estimator is not None and fitted_estimator.transform(_images()).shape[1]
        self.told.append(f"end {context.task_name} {ready}")

    def teardown(self, estimator, context):
        self.told.append("teardown")


@pytest.mark.skipif(not hasattr(ConvFeatureExtractor, "set_callbacks"), reason="scikit-learn before 1.9")
def test_callbacks_hear_of_every_layer():
    watcher = Watcher()
    extractor = _extractor(hidden_layers=[ConvLayer(n_filters=3, pooling=None)]).set_callbacks(watcher)
    extractor.fit(_images())
    assert watcher.told == [
        "setup",
        "begin fit 12",
        *("begin layer 1 12", "end layer 1 False", "begin layer 2 12", "end layer 2 False"),
        "end fit 32",
        "teardown",
    ]


class Interrupted(RandomFilters):
    """The user presses the key while these filters are learned."""

    def learn(self, *args, **kwargs):
        raise KeyboardInterrupt


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_an_interrupted_fit_changes_nothing(method):
    images = _images()
    extractor = _extractor(hidden_layers=[ConvLayer(n_filters=3)], padding="same").partial_fit(images)
    state, features = dict(vars(extractor)), extractor.transform(images)
    extractor.set_params(filters=Interrupted(), hidden_layers=[ConvLayer(n_filters=5)])
    with pytest.raises(KeyboardInterrupt):
        getattr(extractor, method)(images)
    extractor.set_params(filters=state["filters"], hidden_layers=state["hidden_layers"])
    assert vars(extractor).keys() == state.keys()
    np.testing.assert_array_equal(extractor.transform(images), features)


def test_progress_is_shown_where_it_is_asked_for(capsys):
    images = _images()
    _extractor().fit(images).transform(images)
    assert capsys.readouterr() == ("", "")
    _extractor(verbose=1).fit(images).transform(images)
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("100 %") == 2 and "transform [" in shown.err
