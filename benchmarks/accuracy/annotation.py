"""Annotators on real images: joint against separate heads, and pixels against what a user would pick.

``together``: nuclei (dsb2018), 40 images to learn from, 40 to judge: instances (average precision at an
intersection over union of 0.5), their mask (mean IoU of two classes), their number (R2 of counts) and whether
the image is one of fluorescence (accuracy), each kind by an annotator of its own or all by one. ``pixels``:
PixelAnnotator as it is on the splits and labelled pixels of the study ``pixels``, beside scikit-image's
TrainableSegmenter. CPU seconds of one thread.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pixels
from comparison import Scores
from sklearn.ensemble import RandomForestClassifier

from skmtl.annotation import ImageAnnotator, InstancesHead, PixelAnnotator, PixelsHead
from skmtl.heads import CountHead, LabelHead

HEADS = {"instances": InstancesHead(), "mask": PixelsHead(), "number": CountHead(), "type": LabelHead()}
SIZE = 40


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores of both studies."""
    tables = [_together(np.load(data / "dsb2018.npz"), splits)]
    tables += [_pixels(data, name, splits) for name in ("dsb2018", "membrane")]
    return tables, ["Differences are paired over splits, with 95 % intervals."]


def _together(nuclei, splits: int) -> Scores:
    images, scores = nuclei["images"], Scores("together, nuclei")
    y = [
        {
            "instances": one.astype(np.int32),
            "mask": (one > 0).astype(np.uint8),
            "number": float(n),
            "type": int(kind == 0),
        }
        for one, n, kind in zip(nuclei["instances"], nuclei["counts"], nuclei["image_class"], strict=True)
    ]
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(images))
        train, test = order[:SIZE], order[SIZE : 2 * SIZE]
        for model, groups in {"separate": [[name] for name in HEADS], "joint": [list(HEADS)]}.items():
            told = {}
            for names in groups:
                told |= _kinds(images, y, names, train, test)
            scores.add(model, {name: told[name] for name in HEADS})
    return scores


def _kinds(images, y: list[dict], names: list[str], train, test) -> dict[str, float]:
    model = ImageAnnotator([(name, HEADS[name]) for name in names], random_state=0)
    own = [{name: one[name] for name in names} for one in y]
    model.fit(images[train], [own[i] for i in train])
    return model.score_heads(images[test], [own[i] for i in test])


def _pixels(data: Path, name: str, splits: int) -> Scores:
    """2,000 labelled pixels of each class, on the splits of the study ``pixels``."""
    images, masks = pixels._load(data, name)
    scores = Scores(f"pixels, {name}")
    for seed in range(splits):
        train, test = pixels._split(name, len(images), seed)
        labels = pixels._labels(masks[train], 2000, np.random.default_rng(seed))
        models = {
            "TrainableSegmenter": pixels._Theirs(RandomForestClassifier(n_estimators=100, random_state=seed)),
            "PixelAnnotator": _Annotator(),
        }
        for who, model in models.items():
            scores.add(who, pixels._judge(model, images, masks, (train, test, labels)))
    return scores


class _Annotator:
    """PixelAnnotator as the judge asks for images: one by one."""

    def fit(self, images, labels) -> None:
        self.model = PixelAnnotator(unlabelled=0, random_state=0).fit(images, labels)

    def predict(self, image):
        return self.model.predict(image[None])[0]
