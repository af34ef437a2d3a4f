"""PixelAnnotator as it is, from 2,000 labelled pixels a class, beside scikit-image's TrainableSegmenter.

On the splits and labelled pixels of the study `pixels`: nuclei (dsb2018) and neuron membranes against the
background; mean IoU of the two classes, an image at a time. CPU seconds of one thread: fit, and an image to
predict. Each model has learned from some rows of the images before, so that nothing is imported or compiled
on the clock.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pixels
from comparison import Scores
from sklearn.ensemble import RandomForestClassifier

from skmtl.annotation import PixelAnnotator

LABELLED = 2000


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """A table for each set."""
    tables = [_scores(data, name, splits) for name in ("dsb2018", "membrane")]
    return tables, ["Differences are paired over splits, with 95 % intervals."]


def _scores(data: Path, name: str, splits: int) -> Scores:
    images, masks = pixels._load(data, name)
    scores = Scores(name)
    for seed in range(splits):
        train, test = pixels._split(name, len(images), seed)
        labels = pixels._labels(masks[train], LABELLED, np.random.default_rng(seed))
        forest = pixels._Theirs(RandomForestClassifier(n_estimators=100, random_state=seed))
        for who, model in {"TrainableSegmenter": forest, "PixelAnnotator": _Annotator()}.items():
            model.fit(images[train, :32], labels[:, :32])
            scores.add(who, pixels._judge(model, images, masks, (train, test, labels)))
    return scores


class _Annotator:
    """PixelAnnotator as the judge asks for images: one by one."""

    def fit(self, images, labels) -> None:
        self.model = PixelAnnotator(unlabelled=0, random_state=0).fit(images, labels)

    def predict(self, image):
        return self.model.predict(image[None])[0]
