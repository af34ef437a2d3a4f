"""Makes masks.json with pycocotools: ``python tests/data/make_masks.py`` where it is installed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np


def _polygon(rng, kind):
    points = rng.uniform(-8, 48, (int(rng.integers(3, 9)), 2))
    if kind == 1:
        points = np.round(points)
    elif kind == 2:
        points = np.round(points * 2) / 2
    elif kind == 3:
        points[1] = points[0]
    return [round(float(v), 3) for v in points.ravel()]


def cases():
    """Masks with their compressed strings, and polygons with the masks they fill."""
    from pycocotools import mask as coco

    rng = np.random.default_rng(0)
    masks, polygons = [], []
    for density in (0, 0.03, 0.2, 0.5, 0.9, 1) * 3:
        mask = (rng.random((int(rng.integers(1, 14)), int(rng.integers(1, 14)))) < density).astype(np.uint8)
        rle = coco.encode(np.asfortranarray(mask))
        rows = ["".join(map(str, row)) for row in mask.tolist()]
        box = [int(v) for v in coco.toBbox(rle)]
        masks.append({"rows": rows, "counts": rle["counts"].decode(), "bbox": box, "area": int(mask.sum())})
    for number in range(40):
        height, width = (int(v) for v in rng.integers(1, 45, 2))
        flat = [_polygon(rng, number % 4) for _ in range(1 + number % 3)]
        merged = coco.merge(coco.frPyObjects(flat, height, width))
        polygons.append({"size": [height, width], "polygons": flat, "counts": merged["counts"].decode()})
    return {"masks": masks, "polygons": polygons}


if __name__ == "__main__":
    Path(__file__).with_name("masks.json").write_text(json.dumps(cases(), indent=0) + "\n")
