"""Many objects of several kinds an image, judged as in `annotation_objects`: blood cells, handwritten digits.

60 blood smears with cells of three kinds to learn from, and 100 scenes of digits, with boxes, masks and their
number; each alone, and all together in one model. AP: average precision, at an overlap of 0.5 or the mean of
0.5 to 0.95. MAE: error of the number of objects in an image, counted from a score of 0.5. "forest, HOG": a
forest on features of pixels, a watershed, and logistic regression on HOG of the box of what that finds. CPU
seconds of one thread: fit, and an image to predict.
"""

from __future__ import annotations

from pathlib import Path

from annotation import tables
from comparison import Scores


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """A table for each set."""
    return tables(data, ("blood", "digits"), splits)
