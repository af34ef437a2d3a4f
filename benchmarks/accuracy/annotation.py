"""Annotators on real images, as they are, beside what a user would build and a small network in torch.

Nuclei (40 images to learn from) and neuron membranes (10): ours for one kind of annotation ("alone");
`ImageAnnotator` for all kinds of the set ("together", its fit is one for all); scikit-image's features of
pixels with a random forest, and a watershed for instances, or HOG with a linear model for whole images; and a
small U-Net, from nothing, in as many CPU seconds as "alone" takes. Mask AP: average precision of masks, at an
overlap of 0.5 or the mean of 0.5 to 0.95; boundary F1 within 2 pixels; MAE of counts. "instances counted" is
how many instances "together" has found. CPU seconds of one thread: fit, and an image to predict.
"""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path

import annotation_classical
import annotation_sets
import numpy as np
from comparison import Scores

from skmtl import ImageAnnotator


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """A table for each set and kind."""
    return tables(data, ("nuclei", "membranes"), splits)


def tables(data: Path, names: tuple[str, ...], splits: int) -> tuple[list[Scores], list[str]]:
    """The tables of some sets."""
    found: dict[str, Scores] = {}
    for images in (annotation_sets.load(data, name) for name in names):
        for seed in range(splits):
            for kind, model, scores in one_split(images, seed):
                title = f"{images.name}: {kind}"
                found.setdefault(title, Scores(title)).add(model, scores)
    return list(found.values()), ["Differences are paired over splits, with 95 % intervals."]


def one_split(images: annotation_sets.Images, seed: int):
    """Kind, model and scores of all models."""
    train, test = images.parts(seed)
    for kind in images.truth:
        told, seconds = asked(Ours([kind], seed), images, [kind], train, test)
        yield kind, "alone", judged(images, kind, test, [one[kind] for one in told]) | seconds
        name, peer = annotation_classical.PEERS[kind]
        peers = {name: peer(seed)}
        if find_spec("torch"):
            from annotation_torch import PEERS

            if kind in PEERS:
                peers["U-Net"] = PEERS[kind](seed, seconds["fit s"])
                peers["U-Net"].mirrors &= images.mirrors
        for who, model in peers.items():
            told, used = asked(model, images, kind, train, test)
            yield kind, who, judged(images, kind, test, told) | used
    if len(images.truth) > 1:
        told, seconds = asked(Ours(list(images.truth), seed), images, list(images.truth), train, test)
        for kind in images.truth:
            yield kind, "together", judged(images, kind, test, [one[kind] for one in told]) | seconds
        if "instances" not in images.truth:
            return
        counted = [float(len(one["instances"]["scores"])) for one in told]
        yield "count", "instances counted", judged(images, "count", test, counted) | seconds


class Ours:
    """An annotator of some kinds, with its defaults."""

    def __init__(self, kinds: list[str], seed: int, **options):
        heads = [(kind, annotation_sets.head_of(kind)) for kind in kinds]
        self.model = ImageAnnotator(heads, random_state=seed, **options)

    def fit(self, images, truth):
        self.model.fit(images, truth)

    def predict(self, images):
        return self.model.predict(images)


def asked(model, images, kinds, train, test) -> tuple[list, dict[str, float]]:
    """Fit and predict; what was told, and the seconds."""
    if isinstance(kinds, str):
        truth = [images.truth[kinds][i] for i in train]
    else:
        truth = [{kind: images.truth[kind][i] for kind in kinds} for i in train]
    start = time.process_time()
    model.fit(images.images[train], truth)
    middle = time.process_time()
    told = model.predict(images.images[test])
    spent = middle - start, (time.process_time() - middle) / len(test)
    return told, {"fit s": spent[0], "predict s": spent[1]}


def judged(images, kind: str, test: np.ndarray, told: list) -> dict[str, float]:
    truth = [images.truth[kind][i] for i in test]
    return annotation_sets.judge(kind, truth, told, images.images.shape[1:3])
