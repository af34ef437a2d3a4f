"""How well a box follows what it holds when an image is turned, where its pixels are not known.

Instances are turned with their images (nearest pixels), and the box around their pixels is compared with
what becomes of the box that was around them before: ``corners``, the box around its turned corners;
``ellipse``, that around the turned ellipse in it, which is what ``Augment(rotate=...)`` takes. Means of the
intersection over union for each angle in degrees, of those that stay whole in the image; a split is 100
images of all and a direction.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from comparison import Scores
from skimage.measure import regionprops

from skmtl.heads._box import box_iou
from skmtl.neural_network._moves import Moves
from skmtl.neural_network._turns import Turn

ANGLES = (5, 15, 25, 35, 45, 90)
SETS = {"dsb2018": "nuclei", "mnist_scenes": "handwritten digits"}
IMAGES, LEAST_AREA = 100, 25


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """A table for each set."""
    tables = []
    for file, title in SETS.items():
        instances, table = np.load(data / f"{file}.npz")["instances"], Scores(title)
        for seed in range(splits):
            rng = np.random.default_rng(seed)
            rows = rng.permutation(len(instances))[:IMAGES]
            told: dict[str, dict[str, float]] = {"corners": {}, "ellipse": {}}
            for angle in ANGLES:
                pairs = [_boxes(instances[i].astype(np.int32), angle * rng.choice([-1, 1])) for i in rows]
                true, *ruled = (np.concatenate(part) for part in zip(*pairs, strict=True))
                for name, boxes in zip(told, ruled, strict=True):
                    told[name][str(angle)] = box_iou(true, boxes).mean()
            for name, scores in told.items():
                table.add(name, scores)
        tables.append(table)
    return tables, ["Differences are paired over splits, with 95 % intervals."]


def _boxes(numbers: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (m, 4) of what stays in the turned image: around its pixels, and by both rules."""
    size = numbers.shape
    middle = np.array(size)[:, None] / 2
    moves = Moves(np.zeros((2, 1)), np.ones((2, 1)), size, Turn(middle, np.deg2rad([degrees])))
    before, after = _around(numbers), _around(moves.pixels(numbers[None])[0])
    both = [n for n in before if n in after]
    boxes, true = (np.array([found[n] for n in both]).reshape(-1, 4) for found in (before, after))
    x0, y0, x1, y1 = boxes.T
    own = moves.repeated(len(boxes))
    corners = own.places(np.stack([x0, y0, x1, y0, x1, y1, x0, y1], axis=1)).reshape(-1, 4, 2)
    low, high = corners.min(axis=1), corners.max(axis=1)
    whole = (low >= 0).all(axis=1) & (high <= size[::-1]).all(axis=1)
    return true[whole], np.concatenate([low, high], axis=1)[whole], own.boxes(boxes)[whole]


def _around(numbers: np.ndarray) -> dict[int, list[float]]:
    """The boxes of all instances of some size."""
    found = [one for one in regionprops(numbers) if one.area >= LEAST_AREA]
    return {one.label: [float(one.bbox[i]) for i in (1, 0, 3, 2)] for one in found}
