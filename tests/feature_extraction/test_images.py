"""How images are read: of different sizes, memory-mapped, never copied as a whole, refused."""

import tracemalloc

import numpy as np
import pytest
from numba import config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skmtl.feature_extraction import ConvFeatureExtractor, ConvLayer, RandomFilters


def _images(sizes=((8, 9), (12, 7), (8, 9), (10, 10)), channels=(3,), dtype=np.uint8):
    rng = np.random.RandomState(0)
    return [rng.randint(0, 256, (*size, *channels)).astype(dtype) for size in sizes]


def _fitted(images, **parameters):
    given = {"filters": RandomFilters(), "n_filters": 4, "kernel_size": 3, "random_state": 0, **parameters}
    return ConvFeatureExtractor(**given).fit(images)


def _objects(images):
    out = np.empty(len(images), dtype=object)
    out[:] = images
    return out


@pytest.mark.parametrize("form", [list, tuple, _objects])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
@pytest.mark.parametrize("layers", [[], [ConvLayer(n_filters=3)]])
def test_images_of_different_sizes(layers, channels, form):
    images = _images(channels=channels)
    extractor = _fitted(form(images), hidden_layers=layers, padding="same")
    assert extractor.image_shape_ == (None, None, channels[0] if channels else 1)
    assert not hasattr(extractor, "n_features_in_")
    features = extractor.transform(form(images))
    assert features.shape == (4, extractor.n_features_out_)
    for i, image in enumerate(images):
        np.testing.assert_array_equal(extractor.transform(image[None]), features[i : i + 1])
    sparse = extractor.set_params(sparse_output=True).transform(images)
    np.testing.assert_array_equal(sparse.toarray(), features)


def test_features_of_one_size_do_not_depend_on_how_the_images_are_given():
    images = _images([(9, 8)] * 3)
    whole, listed = _fitted(np.stack(images)), _fitted(images)
    assert listed.image_shape_ == (9, 8, 3)
    free = _fitted(images, image_shape=(None, None, 3))
    assert free.image_shape_ == (None, None, 3)
    for one in (listed, free, _fitted(_objects(images))):
        np.testing.assert_array_equal(one.transform(images), whole.transform(np.stack(images)))
    assert free.transform(_images()).shape == (4, 32)


def test_a_list_of_images_goes_through_cross_validation_and_frames():
    images, labels = _images([(8, 9), (12, 7), (9, 9)] * 4), np.arange(12) % 2
    model = make_pipeline(_fitted(images), LogisticRegression(max_iter=1000))
    assert np.isfinite(cross_val_score(model, images, labels, cv=3)).all()
    frame = _fitted(images).set_output(transform="pandas").transform(images)
    assert frame.shape == (12, 32) and frame.columns[0] == "filter0_pos_2x2_r0c0"


def test_dense_maps_of_a_list():
    images = _images()
    extractor = _fitted(images)
    for image, maps in zip(images, extractor.transform_dense(images), strict=True):
        np.testing.assert_array_equal(extractor.transform_dense(image[None])[0], maps)


def _peak(work) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="slow in the interpreter")
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_set_is_never_copied(dtype, tmp_path):
    shape = (3000, 16, 16, 3)
    images = np.memmap(tmp_path / "images", dtype, "w+", shape=shape)
    images[:] = np.random.RandomState(0).randint(0, 256, shape)
    extractor = _fitted(images[:10], hidden_layers=[ConvLayer(RandomFilters(), n_filters=4)])
    extractor.transform(images[:10])  # compiled before the count begins

    def work():
        extractor.fit(images)
        assert extractor.transform(images).nbytes < 2**20

    assert _peak(work) < 0.1 * images.size * 4 + 2**23  # the patches and the features are most of it


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="slow in the interpreter")
def test_memory_bounds_what_is_taken_at_once():
    images = np.stack(_images([(16, 16)] * 400))
    extractor = _fitted(images[:10], hidden_layers=[ConvLayer(RandomFilters(), n_filters=16)], grid=1)
    extractor.transform(images[:10])
    peaks = [_peak(lambda: extractor.transform(images)) for extractor.memory in (0.1, 1.0, 4.0)]
    assert peaks[0] < 2**19 and peaks[0] < peaks[1] < 2**21 < peaks[2] < 2**23


def test_not_a_number_is_looked_for_without_a_copy():
    images = np.ones((2000, 16, 16), np.float32)[:, ::2]  # not contiguous: a test of the whole would copy
    images[-1, -1, -1] = np.nan
    extractor = _fitted(_images([(8, 16)] * 3, (), np.float32))

    def work():
        with pytest.raises(ValueError, match="Input X contains NaN"):
            extractor.transform(images)

    assert _peak(work) < 2**20


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([np.ones((8, 8, 3)), np.ones((9, 8, 2))], r"image 1 of X has the shape \(9, 8, 2\) .* channels=3"),
        ([np.ones((8, 8)), np.ones((9, 8, 2))], r"image 1 of X .* channels=1"),
        ([np.ones((8, 8)), np.full((9, 8), np.inf)], "Input X contains infinity"),
        ([np.ones((8, 8)), np.full((9, 8), "a")], "image 1 of X .* expected numbers"),
        ([np.ones((8, 8)), np.ones((0, 8))], r"image 1 of X has the shape \(0, 8, 1\)"),
        ([np.eye(8), np.ones((2, 8))], "filters of 3 x 3 pixels .* larger than the images of 2 x 8"),
        ([np.eye(8), np.ones((3, 8))], "grid=2 asks for 2 cells a side, .* have 1 x 6 positions"),
    ],
)
def test_bad_lists_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        _fitted(images)
    good = _fitted(_images(channels=(images[0].shape[2:] or (1,))))
    with pytest.raises(ValueError, match=message.replace("grid=2", r"grid=\(2,\)")):
        good.transform(images)


def test_lists_and_sizes_that_do_not_go_together_are_refused():
    images = _images()
    with pytest.raises(ValueError, match=r"image_shape=\(8, 9, 3\) is one size, but X is a list"):
        _fitted(images, image_shape=(8, 9, 3))
    with pytest.raises(ValueError, match=r"but all images at fit had \(8, 9, 3\).* image_shape=\(None, None"):
        _fitted(np.stack(images[::2])).transform(images)
    with pytest.raises(ValueError, match=r"at: row 0 must lie in 0\.\.7; got 8"):
        _fitted(images).transform_dense(images, at=([0], [images[0].shape[0]], [0]))
    with pytest.raises(
        ValueError, match=r"X must be a list of images, or an array .* got the shape \(4, 5\)"
    ):
        _fitted(images).transform(np.ones((4, 5)))
    with pytest.raises(ValueError, match=r"expected numbers, rows, columns and channels=3"):
        _fitted(images).transform(np.ones((4, 5, 5)))
