"""What moved and lit images give networks some of whose heads tell numbers, with no other parameter set.

``defaults``: half of a batch is altered, and numbers are learned from the other half. A split draws the
images and the first parameters. ``size`` is the root of a box's area, ``area`` the pixels of a mask.
"""

from __future__ import annotations

from pathlib import Path

import network_data as data
import numpy as np
from comparison import Scores
from network_defaults import compared

MODELS = {"images as they are": {"augment": None}, "defaults": {}}


def cells(folder: Path, n: int, seed: int) -> data.Examples:
    """``network_data.cells`` with the size of each."""
    examples = data.cells(folder, n, seed)
    for fields in (examples.fields, examples.fields_test):
        sides = fields["box"][:, 2:] - fields["box"][:, :2]
        fields["size"] = np.sqrt(sides.prod(axis=1))
    return examples


def nuclei(folder: Path, n: int, seed: int) -> data.Examples:
    """``network_data.nuclei`` with the area of each."""
    examples = data.nuclei(folder, n, seed)
    for fields in (examples.fields, examples.fields_test):
        fields["area"] = fields["mask"].sum(axis=(1, 2), dtype=float)
    return examples


SETS = {
    "views of 20 objects": (data.turntable, 200),
    "cells of blood": (cells, 150),
    "nuclei": (nuclei, 150),
}


def run(folder: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores and CPU seconds of learning for each set."""
    return compared(SETS, MODELS, folder, splits)
