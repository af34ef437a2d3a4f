"""Several bodies an image: `MultiPoseHead` beside peaks of a random forest on scikit-image's features.

30 images of up to four mice to learn from, put together from 30 frames of one video, and 40 from others to be
judged by. Of the forest's peaks the nearest ones to a snout make a mouse. AP: COCO's average precision by the
similarity of points, at 0.5 or the mean of 0.5 to 0.95, with a tolerance of 0.1: at a distance of 4.4 pixels
from a typical mouse's points the similarity is a half. MAE: error of the number of mice in an image,
counted from a score of 0.5. CPU seconds of one thread: fit, and an image to predict.
"""

from __future__ import annotations

from pathlib import Path

from annotation import tables
from comparison import Scores


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """The table."""
    return tables(data, ("mice",), splits)
