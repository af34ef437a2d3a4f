"""What ``Augment(rotate=...)`` gives networks with no other parameter set: up to 0, 10 and 20 degrees.

Handwritten digits, photographs, views of 20 objects, cells, nuclei with the middle of each, and the four
points of a mouse, frames at a quarter of their size. A split draws the images and the first parameters.
"""

from __future__ import annotations

from pathlib import Path

import network_data as data
import numpy as np
from comparison import Scores
from network_defaults import compared

from skmtl.neural_network import Augment

MODELS = {f"up to {degrees}": {"augment": Augment(rotate=degrees)} for degrees in (0, 10, 20)}


def objects(folder: Path, n: int, seed: int) -> data.Examples:
    """``network_data.turntable`` without the angle."""
    examples = data.turntable(folder, n, seed)
    first, second = ({"object": part["object"]} for part in (examples.fields, examples.fields_test))
    return examples._replace(fields=first, fields_test=second)


def nuclei(folder: Path, n: int, seed: int) -> data.Examples:
    """``network_data.nuclei`` with the middle of each in place of points that are told by left and right."""
    examples = data.nuclei(folder, n, seed)
    for fields in (examples.fields, examples.fields_test):
        middles = [np.mean(np.nonzero(mask)[::-1], axis=1) + 0.5 for mask in fields["mask"]]
        fields["points"] = np.array(middles)[:, None]
    return examples


def mouse(folder: Path, n: int, seed: int) -> data.Examples:
    """Frames of a mouse, 30 x 40: its snout, ears and tail's root."""
    file, rng = np.load(folder / "dlc_openfield.npz"), np.random.default_rng(seed)
    images = file["images"].reshape(-1, 30, 4, 40, 4).mean(axis=(2, 4)).astype(np.float32)
    points, order = file["points"].astype(float) / 4, rng.permutation(len(images))
    train, test = order[:n], order[n:]
    return data.Examples(images[train], {"points": points[train]}, images[test], {"points": points[test]})


SETS = {
    "digits": (data.digits, 300),
    "more digits": (data.digits, 1000),
    "photographs": (data.photographs, 500),
    "views of 20 objects": (objects, 200),
    "cells of blood": (data.cells, 150),
    "nuclei": (nuclei, 150),
    "mouse": (mouse, 58),
}


def run(folder: Path, splits: int) -> tuple[list[Scores], list[str]]:
    """Scores and CPU seconds of learning for each set."""
    return compared(SETS, MODELS, folder, splits)
