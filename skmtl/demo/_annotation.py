"""Several kinds of annotation from one model: digit scenes, and photographs of nuclei."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.model_selection import StratifiedKFold

from ..compose import MultiHeadEstimator
from ..datasets import load_nuclei, make_digit_scenes
from ..feature_extraction import ConvFeatureExtractor
from ..inspection import SharingReport, compare_sharing, draw_annotations
from ..targets import make_targets, split_targets

SCENE_METRICS = {
    "digit": "accuracy",
    "tags": "accuracy",
    "box": "IoU",
    "ends": "PCK 5 %",
    "mask": "IoU",
}
NUCLEI_METRICS = {"kind": "accuracy", "count": "R2", "mask": "IoU"}

REPEATS, N_TRAIN, N_TEST = 3, 200, 120
FOLDS = 3
# Pixels that teach the mask: fewer than the default, to keep the demo short.
N_PIXELS = 15_000


def learn_scenes(seed: int, step: Callable) -> tuple[SharingReport, object]:
    """Digit, tags, box, key points and mask of scenes: heads on a shared trunk, apart and together.

    Each repeat learns from scenes of its own and is judged on scenes of its own, drawn from other
    digits. Returns the report and the picture of test scenes as the last joint model sees them.
    """
    train = make_digit_scenes(REPEATS * N_TRAIN, split="train", random_state=seed)
    test = make_digit_scenes(REPEATS * N_TEST, split="test", random_state=seed)
    images = np.concatenate([train.images, test.images])
    targets = np.concatenate([_scene_targets(train), _scene_targets(test)])
    splits = [
        (
            np.arange(r * N_TRAIN, (r + 1) * N_TRAIN),
            len(train.images) + np.arange(r * N_TEST, (r + 1) * N_TEST),
        )
        for r in range(REPEATS)
    ]
    models = _models(grid=5, region="box", n_folds=3, seed=seed)
    last: dict = {}
    report = compare_sharing(
        models, images, targets, joint="joint", cv=splits, scores=_remembering(last), step=step
    )
    shown = splits[-1][1][:18]
    return report, _scene_picture(images[shown], targets[shown], last["model"], test.point_names)


def learn_nuclei(seed: int, step: Callable) -> tuple[SharingReport, object]:
    """Kind of image, number of nuclei and foreground of real photographs, apart and together."""
    nuclei = load_nuclei()
    kinds = np.array(nuclei.kind_names)[nuclei.kind]
    targets = make_targets(kind=kinds, count=nuclei.count.astype(float), mask=nuclei.mask)
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(nuclei.images, kinds))
    models = _models(grid=2, region=None, n_folds=2, seed=seed)
    last: dict = {}
    report = compare_sharing(
        models, nuclei.images, targets, joint="joint", cv=folds, scores=_remembering(last), step=step
    )
    shown = folds[-1][1][:12]
    return report, _nuclei_picture(nuclei.images[shown], targets[shown], last["model"])


def _models(*, grid: int, region: str | None, n_folds: int, seed: int) -> dict[str, MultiHeadEstimator]:
    trunk = ConvFeatureExtractor(n_filters=32, grid=grid, scales=(1, 2, 4), random_state=seed, n_jobs=2)
    options = {"trunk": trunk, "n_pixels": N_PIXELS, "random_state": seed, "n_jobs": 2}
    return {
        "separate": MultiHeadEstimator(**options),
        "joint": MultiHeadEstimator(stack=True, region=region, n_folds=n_folds, **options),
    }


def _remembering(last: dict) -> Callable:
    """Scores per head; keeps the newest model, which is the joint one at the end of a split."""

    def scores(model, images, targets) -> dict:
        last["model"] = model
        return model.score_heads(images, targets)

    return scores


def _scene_targets(scenes) -> np.ndarray:
    return make_targets(
        digit=scenes.label,
        tags=scenes.tags.astype(float),
        box=scenes.box,
        ends=scenes.points,
        mask=scenes.mask,
    )


def _scene_picture(images, targets, model, point_names):
    truth, found = split_targets(targets), split_targets(model.predict(images))
    return draw_annotations(
        images,
        boxes=found["box"],
        true_boxes=truth["box"],
        points=found["ends"],
        masks=found["mask"],
        labels=found["digit"],
        true_labels=truth["digit"],
        point_names=point_names,
        title="Test scenes: digit, box, ends and mask from one model",
    )


def _nuclei_picture(images, targets, model):
    truth, found = split_targets(targets), split_targets(model.predict(images))
    notes = [f"{n:.0f} nuclei, truly {t:.0f}" for n, t in zip(found["count"], truth["count"], strict=True)]
    return draw_annotations(
        images,
        masks=found["mask"],
        labels=found["kind"],
        true_labels=truth["kind"],
        notes=notes,
        title="Test photographs: kind, number of nuclei and foreground from one model",
        scale=2,
        columns=4,
    )
