"""Whole objects are looked at closer where there are several classes of them."""

import pickle

import numpy as np
import pytest
from annotation._toys import SMALL, few_steps, small_trunk, squares

from skmtl.annotation import ImageAnnotator, InstanceSegmenter, InstancesHead, ObjectDetector, ObjectsHead
from skmtl.annotation import _closer as closer
from skmtl.annotation._found import Found
from skmtl.annotation._records import Known
from skmtl.heads import CountHead
from skmtl.metrics import pairwise_box_iou
from skmtl.neural_network import Augment
from skmtl.persistence import load_model, save_model


def shapes(n, seed=0):
    """Images of plates that have the same colours and sizes: a dark bar in each lies or stands."""
    rng = np.random.default_rng(seed)
    images, y = rng.normal(60, 4, (n, 44, 60)), []
    for image in images:
        numbers, labels, boxes = np.zeros(image.shape, int), [], []
        for k, left in enumerate((0, 30)):
            row, column = rng.integers(1, 27), left + rng.integers(1, 13)
            plate = image[row : row + 16, column : column + 16]
            plate[:] = rng.normal(120, 4, plate.shape)
            labels.append(["lies", "stands"][rng.integers(2)])
            (plate if labels[-1] == "lies" else plate.T)[6:10, 2:14] -= 50
            numbers[row : row + 16, column : column + 16] = k + 1
            boxes.append([column, row, column + 16, row + 16])
        masks = numbers == np.array([1, 2])[:, None, None]
        y.append({"masks": masks, "labels": np.array(labels), "boxes": np.array(boxes, float)})
    return images, y


@pytest.fixture(scope="module")
def scene():
    images, y = shapes(60)
    model = InstanceSegmenter(small_trunk(), **SMALL | {"max_samples": 3000})
    return images, y, model.fit(images[:40], y[:40])


def test_what_pixels_cannot_tell_the_whole_tells(scene):
    images, y, model = scene
    named = model.score(images[40:], y[40:])
    told = model.predict(images[40:])
    assert named > 0.9
    for one in told:
        assert len(one["masks"]) == len(one["boxes"]) == len(one["labels"])
        assert (np.diff(one["scores"]) <= 0).all() and (one["scores"] <= 1).all()
        np.testing.assert_array_equal(one["masks"][0].nonzero()[0].min(), one["boxes"][0, 1])
    looks, model.closer_ = model.closer_, {}
    try:
        assert model.score(images[40:], y[40:]) < named - 0.05
    finally:
        model.closer_ = looks


def test_files_copies_and_threads_tell_the_same(scene, tmp_path):
    images, _, model = scene
    save_model(model, tmp_path / "model.skmtl")
    for other in (pickle.loads(pickle.dumps(model)), load_model(tmp_path / "model.skmtl")):
        for n_jobs in (None, 2):
            found = other.set_params(n_jobs=n_jobs).predict(images[40:44])
            for one, own in zip(found, model.predict(images[40:44]), strict=True):
                np.testing.assert_array_equal(one["scores"], own["scores"])
                np.testing.assert_array_equal(one["labels"], own["labels"])


def test_objects_of_one_class_are_told_as_before(monkeypatch):
    few_steps(monkeypatch)
    images, boxes = squares(8)
    monkeypatch.setattr(closer.CloserLook, "fit", None)
    for labels in ([1], [7]):
        y = [{"boxes": one, "labels": np.repeat(labels, len(one))} for one in boxes]
        assert ObjectDetector(small_trunk(), **SMALL).fit(images, y).closer_ == {}
    with pytest.raises(TypeError, match="not callable"):
        y[0]["labels"] = np.full(len(boxes[0]), 3)
        ObjectDetector(small_trunk(), **SMALL).fit(images, y)
    found = Found.of(np.zeros((3, 4)), np.array([[0.3], [0.7], [0.1]]))
    np.testing.assert_array_equal(found.scores(), [0.3, 0.7, 0.1])


def test_boxes_masks_and_counts_are_learned_together(monkeypatch):
    few_steps(monkeypatch)
    images, records = shapes(6)
    y = [{"box": one, "mask": one, "n": 2.0} for one in records]
    y[1], y[2] = None, {"box": {"boxes": np.zeros((0, 4)), "labels": []}, "n": 3}
    y[3]["box"] = records[3] | {"crowd": [True, False]}
    heads = [("box", ObjectsHead(max_objects=4)), ("mask", InstancesHead()), ("n", CountHead())]
    models = [
        ImageAnnotator(heads, small_trunk(), augment=Augment(shift=0.1), n_jobs=n, **SMALL).fit(images, y)
        for n in (None, 2)
    ]
    assert list(models[0].closer_) == ["box", "mask"]
    one, other = (model.predict(images[:3]) for model in models)
    for a, b in zip(one, other, strict=True):
        assert len(a["box"]["boxes"]) <= 4 and a["n"] == b["n"]
        for name in ("box", "mask"):
            np.testing.assert_array_equal(a[name]["scores"], b[name]["scores"])
            assert set(a[name]["labels"]) <= {"lies", "stands"}
    assert np.isfinite(models[0].uncertainty(images[:3])).all()


class Says:
    """A network and a trunk that always tell the same."""

    def __init__(self, told):
        self.told = np.array(told)
        self.specs_ = {"kind": {"classes": np.arange(len(told))}}

    def _outputs(self, X, dtype):
        return {"kind": np.tile(self.told, (len(X), 1))}


def look(told, shares=(1, 1, 1)):
    one, image = closer.CloserLook(False), np.random.default_rng(0).random((1, 48, 48))
    one.network, one.trunk, one.shares = Says(told), small_trunk().fit(image), np.array(shares)
    return one


def test_both_looks_have_a_say():
    found = Found(np.array([[1.0, 1, 9, 9]]), np.array([0.8]), np.array([[0.9, 0.1]]), "where")
    image = np.zeros((20, 20))
    unsure = look([0.4, 0.4, 0.2])(image, found)
    assert unsure.where == "where" and unsure.sure[0] == pytest.approx(0.8 * 0.8)
    odds = unsure.kinds[0, 0] / unsure.kinds[0, 1]
    assert odds == pytest.approx(9**closer.TOLD) and unsure.kinds.sum() == pytest.approx(1)
    assert look([0.1, 0.8, 0.1])(image, found).kinds.argmax() == 1
    rare = look([0.4, 0.4, 0.2], (1, 0.1, 1))(image, found)  # a tenth of the second class was left out
    assert rare.kinds[0, 1] > 10 * unsure.kinds[0, 1] / 2 / 9
    assert len(look([0.4, 0.4, 0.2])(image, Found(*(part[:0] for part in found[:3]))).boxes) == 0


def test_thousands_of_objects_are_seen_in_blocks(monkeypatch):
    sizes, seen = [], closer.cut_outs
    monkeypatch.setattr(
        closer, "cut_outs", lambda image, boxes: sizes.append(len(boxes)) or seen(image, boxes)
    )
    one, boxes = look([0.4, 0.4, 0.2]), np.tile([2.0, 3, 9, 12], (150, 1))
    assert len(one._features(np.zeros((20, 20)), boxes)) == 150 and sizes == [64, 64, 22]


def test_objects_are_drawn_evenly_and_misses_show_none(monkeypatch):
    monkeypatch.setattr(closer, "MOST", 30)
    rng, known = np.random.default_rng(0), []
    for i in range(9):
        corner = rng.uniform(0, 80, (20, 2))
        labels = np.where(np.arange(20) < 2, "rare", "common")
        crowd = np.array([[0.0, 0, 40, 100]]) if i == 4 else np.zeros((0, 4))
        known.append(Known(np.concatenate([corner, corner + 6], axis=1), labels, crowd))
    known.append(None)
    drawn, shares = closer._drawn(known, np.array(["common", "rare"]), 3)
    codes = np.concatenate([one.codes for one in drawn])
    assert np.bincount(codes)[:2].tolist() == [15 * closer.COPIES, 15 * closer.COPIES]
    np.testing.assert_allclose(shares, [15 / 162, 15 / 18, 30 / 180])
    for one in drawn:
        near, far = (one.boxes[own] for own in (one.codes < 2, one.codes == 2))
        true = known[one.image].boxes
        assert pairwise_box_iou(near, true).max(axis=1).min() > 0.4
        assert pairwise_box_iou(far, true).max(initial=0) < closer.MISS
        middle = (far[:, :2] + far[:, 2:]) / 2
        assert one.image != 4 or not ((middle > 0) & (middle < [40, 100])).all(axis=1).any()
    again, _ = closer._drawn(known, np.array(["common", "rare"]), 3)
    np.testing.assert_array_equal(again[0].boxes, drawn[0].boxes)


def test_a_trunk_that_sees_no_whole_images(monkeypatch):
    few_steps(monkeypatch)

    class Dense:
        def fit(self, X, y=None):
            return self

        def transform_dense(self, X, at=None):
            maps = np.stack([X, X**2], axis=-1)
            return maps if at is None else maps[at]

        def get_params(self, deep=True):
            return {}

    images, y = shapes(6)
    model = ObjectDetector(Dense(), **SMALL).fit(images, y)
    assert hasattr(model.closer_["y"].trunk, "filters_") and len(model.predict(images[:1])) == 1
