"""Images that are read when they are asked for: the same model, few of them in memory, clear errors."""

import weakref

import numpy as np
import pytest
from annotation._toys import SMALL, few_steps, numbered, records, small_trunk, squares
from skimage.io import imsave

from skmtl.annotation import ImageAnnotator, ObjectDetector, ObjectsHead, PixelsHead
from skmtl.heads import LabelHead

QUICK = SMALL | {"max_samples": 200, "max_iter": 1}


class Read:
    """Images that nobody keeps; ``most`` is how many were in memory at once."""

    def __init__(self, images):
        self.images, self.there, self.most = images, 0, 0

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = self.images[i].copy()
        self.there += 1
        self.most = max(self.most, self.there)
        weakref.finalize(image, self.gone)
        return image

    def gone(self):
        self.there -= 1


@pytest.fixture(autouse=True)
def short(monkeypatch):
    few_steps(monkeypatch)


def scene():
    images, boxes = squares(10)
    y = [
        {"where": record, "mask": (numbered(one) > 0).astype(int), "n": len(one)}
        for record, one in zip(records(boxes), boxes, strict=True)
    ]
    return np.rint(images).astype(np.uint8), y


def several():
    heads = [("where", ObjectsHead()), ("mask", PixelsHead()), ("n", LabelHead())]
    return ImageAnnotator(heads, small_trunk(), **QUICK)


def same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a["where"]["scores"], b["where"]["scores"])
        np.testing.assert_array_equal(a["mask"], b["mask"])
        assert a["n"] == b["n"]


def test_few_images_are_in_memory(monkeypatch):
    images, y = scene()
    monkeypatch.setattr("skmtl.annotation._inputs.MEMORY", 4 * images[0].nbytes)
    monkeypatch.setattr("skmtl.annotation._rows.IMAGES", 4)
    read = Read(images)
    model = several().fit(read, y)
    assert read.most <= 6 and read.there == 0
    same(model.predict(Read(images)), several().fit(images, y).predict(images))
    read.most = 0
    assert model.score_heads(read, y)["n"] >= 0 and read.most <= 2
    model.kneighbors(read, read, 2)
    assert read.most <= 2 and read.there == 0


def test_paths_are_images(tmp_path):
    images, y = scene()
    paths = [tmp_path / f"{i}.png" for i in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        imsave(path, image, check_contrast=False)
    same(
        several().fit(paths, y).predict([str(path) for path in paths]),
        several().fit(images, y).predict(images),
    )
    records = [one["where"] for one in y]
    with pytest.raises(ValueError, match="nowhere.png: no such file"):
        ObjectDetector(small_trunk(), **QUICK).fit([*paths[:9], tmp_path / "nowhere.png"], records)
    paths[5].unlink()
    with pytest.warns(UserWarning, match="5.png: no such file"):
        model = ObjectDetector(small_trunk(), on_error="skip", **QUICK).fit(paths, records)
    with pytest.warns(UserWarning, match="left out"):
        assert model.predict(paths)[5] is None
