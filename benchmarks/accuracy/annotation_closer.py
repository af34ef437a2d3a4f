"""What an image is called, by the whole of it, or closer where another head finds the one thing in it.

Scenes of 64 x 64 pixels with one handwritten digit somewhere, 150 to learn from, 258 to judge on. Which
digit it is: accuracy. Its box: mean intersection over union. Its middle: share found within 5 % of the
longer side. CPU seconds of one thread: fit, and an image to predict.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from comparison import Scores

from skmtl import ImageAnnotator
from skmtl.heads import BoxHead, LabelHead, PointsHead

N = 150
HEADS = {"digit": LabelHead(), "box": BoxHead(), "middle": PointsHead()}
MODELS = {
    "digit alone": ["digit"],
    "digit, box": ["digit", "box"],
    "digit, middle": ["digit", "middle"],
    "digit, box, middle": ["digit", "box", "middle"],
}


def run(folder: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores of each set of heads."""
    with np.load(folder / "mnist_scenes.npz") as file:
        scenes = dict(file)
    scores = Scores(f"one digit a scene, {N} to learn from")
    for seed in range(splits):
        for model, names in MODELS.items():
            scores.add(model, _judged(scenes, names, seed))
    return [scores], ["Differences are paired over splits, with 95 % intervals."]


def _judged(scenes: dict, names: list[str], seed: int) -> dict[str, float]:
    train, test = (
        np.flatnonzero((scenes["counts"] == 1) & (scenes["split"] == part)) for part in ("train", "test")
    )
    train = np.random.default_rng(seed).permutation(train)[:N]
    heads = [(name, HEADS[name]) for name in names]
    began = time.process_time()
    model = ImageAnnotator(heads, random_state=seed).fit(scenes["images"][train], _told(scenes, train, names))
    fitted = time.process_time()
    found = model.score_heads(scenes["images"][test], _told(scenes, test, names))
    seconds = {"fit s": fitted - began, "predict s": (time.process_time() - fitted) / len(test)}
    return found | seconds


def _told(scenes: dict, images: np.ndarray, names: list[str]) -> list[dict]:
    """What is known of the one object of each image."""
    rows = np.searchsorted(scenes["box_image"], images)
    columns = {
        "digit": scenes["box_label"][rows],
        "box": scenes["boxes"][rows],
        "middle": scenes["centroids"][rows][:, None],
    }
    return [{name: columns[name][i] for name in names} for i in range(len(images))]
