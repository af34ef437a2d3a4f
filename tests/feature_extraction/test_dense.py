"""Dense maps by tiles, at cells and at chosen pixels: the same as the maps of whole images."""

import naive_grids
import numpy as np
import pytest

from skmtl.feature_extraction import ConvFeatureExtractor, RandomFilters, _dense, _geometry


def _images(n=3, shape=(9, 11, 2), dtype=np.float64):
    return np.random.RandomState(0).uniform(0, 255, (n, *shape)).astype(dtype)


def _fitted(images, filters=None, **parameters):
    parameters = {"n_filters": 3, "kernel_size": 3, "random_state": 0, **parameters}
    return ConvFeatureExtractor(filters or RandomFilters(), **parameters).fit(images)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("contrast", [0.01, None])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_tiles_are_parts_of_the_maps_to_the_bit(monkeypatch, n_jobs, contrast, dtype):
    images = _images(2, (37, 50, 2), dtype)
    extractor = _fitted(images, filters=RandomFilters(contrast), scales=(1, 2, 3), n_jobs=n_jobs)
    maps, seen = extractor.transform_dense(images), np.zeros(images.shape[:3], int)
    for pixels in (2**14, 60):  # pieces as large as a tile, and small ones
        monkeypatch.setattr(_dense, "PIECE_PIXELS", pixels)
        for image, rows, columns, tile in extractor.iter_dense(images, tile=16):
            assert tile.shape[0] <= 16 and tile.shape[1] <= 16
            np.testing.assert_array_equal(tile, maps[image, rows, columns])
            seen[image, rows, columns] += 1
    np.testing.assert_array_equal(seen, 2)


def test_chosen_pixels_are_those_of_the_maps_to_the_bit(monkeypatch):
    images = _images(3, (37, 50, 2), np.float32)
    extractor = _fitted(images, scales=(1, 2, 3, 8))
    maps, rng = extractor.transform_dense(images), np.random.RandomState(0)
    at = tuple(rng.randint(0, length, 200) for length in maps.shape[:3])
    for side in (2**7, 8):
        monkeypatch.setattr(_geometry, "SQUARE", side)
        np.testing.assert_array_equal(extractor.transform_dense(images, at=at), maps[at])


@pytest.mark.parametrize("cell", [1, 2, 3, 16])
def test_cells_are_means_of_the_maps(monkeypatch, cell):
    images = _images(2, (13, 18, 1))
    extractor = _fitted(images, scales=(1, 2, 4))
    expected = [naive_grids.cell_means(maps, cell) for maps in extractor.transform_dense(images)]
    for pixels in (2**14, 40):
        monkeypatch.setattr(_dense, "PIECE_PIXELS", pixels)
        found = extractor.transform_dense(images, cell=cell)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
        for image, rows, columns, tile in extractor.iter_dense(images, tile=4, cell=cell):
            np.testing.assert_array_equal(tile, found[image, rows, columns])


def test_tiles_of_a_file_are_read_as_they_are_needed(tmp_path):
    images = _images(2, (40, 30, 3), np.uint8)
    np.save(tmp_path / "images.npy", images)
    extractor = _fitted(images)
    maps = extractor.transform_dense(images)
    for image, rows, columns, tile in extractor.iter_dense(
        np.load(tmp_path / "images.npy", mmap_mode="r"), tile=16
    ):
        np.testing.assert_array_equal(tile, maps[image, rows, columns])


@pytest.mark.parametrize(
    ("method", "parameters", "message"),
    [
        ("transform_dense", {"cell": 0}, "cell == 0, must be >= 1"),
        ("transform_dense", {"cell": 2, "at": ([0], [0], [0])}, "cell must be 1; got cell=2"),
        ("iter_dense", {"tile": 0}, "tile == 0, must be >= 1"),
        ("iter_dense", {"cell": -1}, "cell == -1, must be >= 1"),
    ],
)
def test_bad_cells_and_tiles_are_refused_at_the_call(method, parameters, message):
    images = _images()
    with pytest.raises(ValueError, match=message):
        getattr(_fitted(images), method)(images, **parameters)


def test_images_of_different_sizes():
    images = [_images(1, shape)[0] for shape in ((30, 20, 2), (9, 40, 2), (30, 20, 2))]
    extractor = _fitted(images, scales=(1, 3))
    maps = extractor.transform_dense(images)
    for image, found in zip(images, maps, strict=True):
        np.testing.assert_array_equal(found, extractor.transform_dense(image[None])[0])
    for image, rows, columns, tile in extractor.iter_dense(images, tile=7, cell=1):
        np.testing.assert_array_equal(tile, maps[image][rows, columns])
    image, row, column = np.array([1, 0, 2, 1]), np.array([8, 29, 0, 3]), np.array([39, 19, 5, 0])
    rows = extractor.transform_dense(images, at=(image, row, column))
    for found, i, y, x in zip(rows, image, row, column, strict=True):
        np.testing.assert_array_equal(found, maps[i][y, x])
    with pytest.raises(ValueError, match="row 1 must lie in 0..8; got 9"):
        extractor.transform_dense(images, at=([0, 1], [9, 9], [0, 0]))


@pytest.mark.parametrize("activation", ["linear", "modulus", "triangle"])
def test_tiles_of_other_activations(activation):
    images = _images(1, (37, 50, 2), np.float32)
    extractor = _fitted(images, n_filters=4, activation=activation, scales=(1, 2), dilation=2)
    maps = extractor.transform_dense(images)
    for image, rows, columns, tile in extractor.iter_dense(images, tile=16):
        np.testing.assert_array_equal(tile, maps[image, rows, columns])
