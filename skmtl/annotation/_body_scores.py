"""How good the key points of several bodies an image are, by COCO's rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..io import ImageRecord, ObjectRecord
from ..metrics import DetectionScores, detection_scores
from ._bodies import tolerances


def score_bodies(truth: Sequence[ImageRecord], found: Sequence[ImageRecord]) -> dict[str, float]:
    """Average precision and recall by key point similarity; nothing where no image has two bodies."""
    bodies = [[one for one in image.objects if one.points is not None] for image in truth]
    if max(sum(not one.crowd for one in own) for own in bodies) < 2:
        return {}
    n = len(next(one for own in bodies for one in own).points)
    told = [[one for one in image.objects if one.points is not None] for image in found]
    for image, own in zip([*truth, *found], [*bodies, *told], strict=True):
        if any(len(one.points) != n for one in own):
            raise ValueError(f"{image.file_name}: bodies must all have {n} points, as the first one")
    scores = detection_scores(
        _records(bodies, n), _records(told, n), kind="points", sigmas=tolerances(n, None)
    )
    return _summary(scores)


def _records(images: list[list[ObjectRecord]], n: int) -> Iterator[dict]:
    for own in images:
        yield {
            "points": np.array([one.points for one in own]).reshape(-1, n, 3),
            "boxes": np.array([one.bounds or (0.0, 0.0, 0.0, 0.0) for one in own]).reshape(-1, 4),
            "labels": np.array([one.label or "" for one in own], dtype=str),
            "scores": np.array([1.0 if one.score is None else one.score for one in own]),
            "crowd": np.array([one.crowd for one in own], dtype=bool),
        }


def _summary(scores: DetectionScores) -> dict[str, float]:
    recall = scores.average_recall()
    return {"AP": scores.ap, "AP50": scores.ap50, "AP75": scores.ap75, "AR20": recall}
