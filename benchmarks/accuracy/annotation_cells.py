"""Many boxes an image, judged as in the study `annotation_objects`: blood cells, and handwritten digits.

60 blood smears with cells of three kinds to learn from, and 100 scenes of digits. AP: average precision of
boxes, at an overlap of 0.5 or the mean of 0.5 to 0.95. MAE: error of the number of objects in an image,
counted from a score of 0.5. CPU seconds of one thread: fit, and an image to predict.
"""

from __future__ import annotations

from pathlib import Path

from annotation import tables
from comparison import Scores


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """A table for each set."""
    return tables(data, ("blood", "digits"), splits)
