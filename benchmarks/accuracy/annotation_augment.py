"""What copies of images are worth where few are annotated: annotators with ``augment`` and without.

12 images of nuclei, 15 blood smears, 15 frames of a mouse and 25 photographs of raccoons to learn from.
"copies" learns from three copies of each as well, moved, lit differently, and mirrored where that changes
nothing: not the mouse, which has a left and a right ear, and raccoons not upside down. "turned" are copies
that are also turned by up to 20 degrees either way. CPU seconds of one thread: fit, and an image to predict.
"""

from __future__ import annotations

from pathlib import Path

import annotation_sets
from annotation import Ours, asked, judged
from comparison import Scores

from skmtl.neural_network import Augment

SETS = {
    "nuclei": ("instances", 12, "both"),
    "blood": ("boxes", 15, "both"),
    "mouse": ("points", 15, "none"),
    "raccoons": ("boxes", 25, "horizontal"),
}


def run(data: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """A table for each set."""
    tables = []
    for name, (kind, few, flip) in SETS.items():
        images, table = annotation_sets.load(data, name), Scores(f"{name}: {kind} of {few} images")
        ways = {"as they are": None, "copies": Augment(flip=flip), "turned": Augment(flip=flip, rotate=20)}
        for seed in range(splits):
            train, test = images.parts(seed)
            for way, augment in ways.items():
                ours = Ours([kind], seed, augment=augment)
                told, seconds = asked(ours, images, [kind], train[:few], test)
                table.add(way, judged(images, kind, test, [one[kind] for one in told]) | seconds)
        tables.append(table)
    return tables, ["Differences are paired over splits, with 95 % intervals."]
