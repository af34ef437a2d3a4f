"""Real images with annotations of several kinds, how they are divided, and how answers are judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from annotation_mice import mosaics
from skimage.segmentation import find_boundaries

from skmtl.annotation import InstancesHead, LinesHead, MultiPoseHead, ObjectsHead, PoseHead
from skmtl.heads import CountHead, LabelHead
from skmtl.metrics import boundary_f1, detection_scores

#: Pixels that a line may lie beside the true one; the share of an image's longer side that a point may.
TOLERANCE, NEAR = 2.0, 0.05
#: The score from which on an object is counted.
SURE = 0.5


@dataclass(frozen=True)
class Images:
    """A set: ``truth[kind]`` holds an annotation of each image; ``split(rng)`` gives numbers to learn from
    and to judge by; ``few`` and ``test`` are how many of them are taken; ``mirrors`` says whether mirrored
    images look like others."""

    name: str
    images: np.ndarray
    truth: dict[str, list]
    split: Callable
    few: int
    test: int
    mirrors: bool = True

    def parts(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        train, test = self.split(np.random.default_rng(seed))
        return train[: self.few], test[: self.test]


def load(data: Path, name: str) -> Images:
    """A set by its name, a key of ``SETS``."""
    file, make = SETS[name]
    return make(np.load(data / f"{file}.npz"))


def _nuclei(data) -> Images:
    numbers = [one.astype(np.int32) for one in data["instances"]]
    truth = {
        "instances": numbers,
        "lines": [find_boundaries(one, mode="inner").astype(np.uint8) for one in numbers],
        "count": data["counts"].astype(float).tolist(),
        "class": data["class_names"][data["image_class"]].tolist(),
    }
    return Images("nuclei", data["images"], truth, _halves(len(numbers)), 40, 25)


def _membranes(data) -> Images:
    lines = [(one == 0).astype(np.uint8) for one in data["membrane"]]
    if np.mean(lines) > 0.5:
        lines = [1 - one for one in lines]
    split = lambda rng: (rng.permutation(20), 20 + rng.permutation(10))  # noqa: E731
    return Images("membranes", data["images"], {"lines": lines}, split, 10, 4)


def _raccoons(data) -> Images:
    truth = {"boxes": _records(data, data["class_names"][data["box_label"]])}
    split = lambda rng: (rng.permutation(160), 160 + rng.permutation(40))  # noqa: E731
    return Images("raccoons", data["images"], truth, split, 60, 40)


def _blood(data) -> Images:
    boxes = _records(data, data["class_names"][data["box_label"]])
    truth = {"boxes": boxes, "count": [float(len(one["boxes"])) for one in boxes]}
    return Images("blood", data["images"], truth, _by_split(data), 60, 40)


def _digits(data) -> Images:
    """Masks are numbered as boxes are."""
    labels = data["box_label"].astype(int)
    pairs = zip(data["instances"], _by_image(data, labels), strict=True)
    masks = [
        {"masks": numbers == np.arange(1, len(own) + 1)[:, None, None], "labels": own}
        for numbers, own in pairs
    ]
    count = data["counts"].astype(float).tolist()
    truth = {"boxes": _records(data, labels), "masks": masks, "count": count}
    return Images("digits", data["images"], truth, _by_split(data), 100, 60, mirrors=False)


def _mice(data) -> Images:
    """The first half shows other frames than the second; the frames are of one video in no order."""
    rng, points = np.random.default_rng(0), data["points"].astype(float)
    order = rng.permutation(len(points))
    parts = [mosaics(data["images"][some], points[some], 80, rng) for some in (order[:30], order[58:])]
    images, bodies = np.concatenate([part[0] for part in parts]), parts[0][1] + parts[1][1]
    split = lambda rng: (rng.permutation(80), 80 + rng.permutation(80))  # noqa: E731
    return Images("mice", images, {"bodies": bodies}, split, 30, 40)


def _mouse(data) -> Images:
    points = list(data["points"].astype(float))
    return Images("mouse", data["images"], {"points": points}, _halves(len(points)), 30, 40)


def _by_image(data, values: np.ndarray) -> list[np.ndarray]:
    return [values[data["box_image"] == i] for i in range(len(data["images"]))]


def _records(data, labels: np.ndarray) -> list[dict]:
    pairs = zip(_by_image(data, data["boxes"]), _by_image(data, labels), strict=True)
    return [{"boxes": boxes, "labels": own} for boxes, own in pairs]


def _by_split(data) -> Callable:
    parts = [np.flatnonzero(data["split"] == part) for part in ("train", "test")]
    return lambda rng: tuple(rng.permutation(part) for part in parts)


def _halves(n: int) -> Callable:
    def split(rng):
        order = rng.permutation(n)
        return order[: n // 2], order[n // 2 :]

    return split


def head_of(kind: str):
    """The annotation head of a kind."""
    return {
        "boxes": ObjectsHead,
        "instances": InstancesHead,
        "masks": InstancesHead,
        "lines": LinesHead,
        "points": PoseHead,
        "bodies": MultiPoseHead,
        "count": CountHead,
        "class": LabelHead,
    }[kind]()


def judge(kind: str, truth: list, found: list, shape: tuple[int, int]) -> dict[str, float]:
    """The metrics of a kind."""
    return _JUDGES[kind](truth, found, shape)


def _boxes(truth, found, shape):
    told = detection_scores(truth, found)
    counts = [
        (one["scores"] >= SURE).sum() - len(own["boxes"]) for own, one in zip(truth, found, strict=True)
    ]
    return {"AP50": told.ap50, "AP": told.ap, "count MAE": float(np.abs(counts).mean())}


def _bodies(truth, found, shape):
    boxes = [np.concatenate([one.min(axis=1), one.max(axis=1)], axis=1) for one in truth]
    records = [
        {"points": one, "boxes": box, "labels": np.ones(len(one), int)}
        for one, box in zip(truth, boxes, strict=True)
    ]
    told = detection_scores(records, found, kind="points", sigmas=0.1)
    counts = [(one["scores"] >= SURE).sum() - len(own) for own, one in zip(truth, found, strict=True)]
    return {"AP50": told.ap50, "AP": told.ap, "count MAE": float(np.abs(counts).mean())}


def _instances(truth, found, shape):
    told = detection_scores(
        [_as_record(one) for one in truth],
        [one | {"masks": np.asarray(one["masks"])} for one in found],
        kind="masks",
        max_detections=[300],
    )
    return {"mask AP50": told.ap50, "mask AP": told.ap}


def _as_record(numbers: np.ndarray | dict) -> dict:
    if isinstance(numbers, dict):
        return numbers
    ids = np.unique(numbers[numbers > 0])
    return {"masks": numbers == ids[:, None, None], "labels": np.ones(len(ids), int)}


def _points(truth, found, shape):
    away = np.hypot(*(np.stack(truth)[:, :, :2] - np.stack(found)[:, :, :2]).transpose(2, 0, 1))
    known = away[np.isfinite(away)]
    return {"PCK": float((known <= NEAR * max(shape)).mean()), "error px": float(known.mean())}


_JUDGES = {
    "boxes": _boxes,
    "instances": _instances,
    "masks": _instances,
    "lines": lambda truth, found, shape: {"boundary F1": boundary_f1(truth, found, TOLERANCE, lines=True)},
    "points": _points,
    "bodies": _bodies,
    "count": lambda truth, found, shape: {"MAE": float(np.abs(np.subtract(truth, found)).mean())},
    "class": lambda truth, found, shape: {"accuracy": float(np.mean(np.equal(truth, found)))},
}

SETS = {
    "nuclei": ("dsb2018", _nuclei),
    "membranes": ("membrane", _membranes),
    "raccoons": ("raccoon", _raccoons),
    "blood": ("bccd", _blood),
    "digits": ("mnist_scenes", _digits),
    "mouse": ("dlc_openfield", _mouse),
    "mice": ("dlc_openfield", _mice),
}
