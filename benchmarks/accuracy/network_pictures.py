"""Pictures of what joint networks find on images not seen before.

``python benchmarks/accuracy/network_pictures.py --data FOLDER`` fits the joint networks of the study
``networks`` with its first split and writes to ``docs/images``. What a person drew is white; a class or a
number stands in brackets where the network tells another.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

BENCHMARKS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "accuracy")]

from annotation_pictures import COLOURS, drawn, save  # noqa: E402
from networks import PARTS, fitted  # noqa: E402

#: By how much images are enlarged before they are drawn, which doubles them again.
LARGER = {"cells": 3, "nuclei": 3}


def main() -> None:
    """Fit, predict, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKMTL_DATA"))
    parser.add_argument("--parts", nargs="+", choices=list(LARGER), default=list(LARGER))
    args = parser.parse_args()
    for name in args.parts:
        part = PARTS[name]
        examples = part.load(Path(args.data), part.n, 0)
        shown = np.linspace(0, len(examples.X_test) - 1, 6).astype(int)
        found = fitted(part, examples, list(part.heads), part.trunk, 0).predict(examples.X_test[shown])
        tiles = [
            tile(examples.X_test[i], one, {k: v[i] for k, v in examples.fields_test.items()}, LARGER[name])
            for i, one in zip(shown, found, strict=True)
        ]
        save(tiles, name, "network")


def tile(image: np.ndarray, found, truth: dict, factor: int):
    """One image with all that was found on it."""
    large = enlarged(image.astype(np.uint8), factor)
    marks = {}
    if "box" in truth:
        marks |= {"boxes": [found["box"] * factor], "true_boxes": [truth["box"] * factor]}
        marks["colours"] = [COLOURS[0]]
    if "points" in truth:
        marks |= {"points": found["points"] * factor, "true_points": truth["points"] * factor}
    if "mask" in truth:
        marks |= {"masks": [enlarged(found["mask"], factor)], "outline": enlarged(truth["mask"], factor)}
    said = [_told(found[field], truth[field]) for field in ("kind",) if field in truth]
    return drawn(large, text=", ".join(said), **marks)


def enlarged(image: np.ndarray, factor: int) -> np.ndarray:
    """Each pixel as a square of them."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def _told(found, truth) -> str:
    return f"{found}" if found == truth else f"{found} ({truth})"


if __name__ == "__main__":
    main()
