"""Boxes and points on real images, as the study `annotation` judges pixels.

60 photographs of raccoons and 60 blood smears to learn from, 100 scenes of handwritten digits, 30 frames of a
mouse with four points, and 30 images of up to four mice, put together from 30 such frames. AP: average
precision of boxes, at an overlap of 0.5 or the mean of 0.5 to 0.95; of mice by the similarity of their points
with a tolerance of 0.1 (at a distance of 4.4 pixels it is a half for a typical one). MAE: error of the number
of objects in an image, counted from a score of 0.5. PCK: points within 5 % of the image's longer side.
Beside ours ("alone") windows slid over an image (HOG, a linear SVM) or a random forest on scikit-image's
features of pixels, of whose peaks the nearest ones make a mouse; and a small U-Net, from nothing, in as many
CPU seconds. CPU seconds of one thread: fit, and an image to predict.
"""

from __future__ import annotations

from pathlib import Path

from annotation import tables
from comparison import Scores


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """A table for each set."""
    return tables(data, ("raccoons", "blood", "digits", "mouse", "mice"), splits)
