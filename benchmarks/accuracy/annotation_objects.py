"""Boxes and points on real images, as the study `annotation` judges pixels: raccoons, and a mouse.

60 photographs of raccoons to learn from, and 30 frames of a mouse with four points. AP: average precision of
boxes, at an overlap of 0.5 or the mean of 0.5 to 0.95. PCK: points within 5 % of the image's longer side.
Beside ours ("alone") windows slid over an image (HOG, a linear SVM) or a random forest on scikit-image's
features of pixels; and a small U-Net, from nothing, in as many CPU seconds. CPU seconds of one thread: fit,
and an image to predict.
"""

from __future__ import annotations

from pathlib import Path

from annotation import tables
from comparison import Scores


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """A table for each set."""
    return tables(data, ("raccoons", "mouse"), splits)
