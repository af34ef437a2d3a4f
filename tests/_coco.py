"""Random scenes with everything that makes an evaluation hard, and pycocotools' own numbers for them."""

from __future__ import annotations

import contextlib
import io

import numpy as np

SIGMAS = {"points": None, "five points": [0.03, 0.05, 0.1, 0.08, 0.06]}
CASES = ("boxes", "masks", "points", "five points")
CLASSES = (1, 2, 3, 5)  # 5 is in no image
SIZE = 128


def kind_of(case: str) -> str:
    """The ``kind`` of ``detection_scores``."""
    return case.split()[-1]


def scenes(case: str, seed: int, n_images: int = 30) -> tuple[list[dict], list[dict]]:
    """True and found objects: crowds, ties of scores and overlaps, empty images, missing classes.

    ``RandomState``, not ``default_rng``: its stream is frozen, so golden results stay valid. Class 3 is
    found but never true.
    """
    rng = np.random.RandomState(seed)
    truth, found = [], []
    for image in range(n_images):
        n = 0 if image % 7 == 3 else rng.randint(1, 7)
        boxes = _boxes(rng, n)
        record = {"boxes": boxes, "labels": rng.randint(1, 3, n), "crowd": rng.uniform(size=n) < 0.15}
        record["area"] = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) * rng.choice([0.5, 1.0], n)
        of = np.zeros(0, int) if image % 5 == 4 else rng.randint(0, max(n, 1), rng.randint(0, 9))[: 9 * n]
        moved = boxes[of] + rng.randint(-5, 6, (len(of), 4))
        moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
        guess = {"labels": np.where(rng.uniform(size=len(of)) < 0.8, record["labels"][of], 3)}
        guess |= {"boxes": moved, "scores": np.round(rng.uniform(size=len(of)), 1)}
        _add_shapes(rng, case, record, guess, of)
        truth.append(record)
        found.append(guess)
    return truth, found


def _boxes(rng, n: int) -> np.ndarray:
    corner = rng.randint(0, SIZE - 20, (n, 2))
    size = rng.choice([10, 30, 60, 110], n)[:, None] + rng.randint(0, 10, (n, 2))
    return np.hstack([corner, corner + size]).astype(float)


def _add_shapes(rng, case: str, record: dict, guess: dict, of: np.ndarray) -> None:
    if case == "masks":
        record["masks"], guess["masks"] = _discs(record["boxes"]), _discs(guess["boxes"])
        record["area"] = record["masks"].sum(axis=(1, 2)).astype(float)
    elif case != "boxes":
        n, k = len(record["labels"]), 17 if case == "points" else 5
        low, size = record["boxes"][:, None, :2], np.diff(record["boxes"].reshape(-1, 2, 2), axis=1)
        points = np.round(low + size * rng.uniform(size=(n, k, 2)))
        seen = rng.randint(0, 3, (n, k, 1)) * (rng.uniform(size=(n, 1, 1)) < 0.8)
        record["points"] = np.concatenate([points, seen], axis=2)
        noise = rng.normal(size=(len(of), k, 2)) * rng.uniform(0, 12, (len(of), 1, 1))
        guess["points"] = np.round(points[of] + noise, 2)


def _discs(boxes: np.ndarray) -> np.ndarray:
    """Ellipses that fill the boxes, cut at the image's edge."""
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    masks = np.zeros((len(boxes), SIZE, SIZE), dtype=bool)
    for mask, (left, top, right, bottom) in zip(masks, boxes, strict=True):
        across, down = (2 * x - left - right) / (right - left), (2 * y - top - bottom) / (bottom - top)
        mask[:] = across**2 + down**2 <= 1
    return masks


def reference(truth: list[dict], found: list[dict], case: str) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall arrays of pycocotools, NaN in place of its -1."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    kind = kind_of(case)
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = {
            "info": {},
            "images": [{"id": i, "height": SIZE, "width": SIZE} for i in range(len(truth))],
            "categories": [{"id": k, "name": str(k)} for k in CLASSES],
            "annotations": _numbered([_true(r, j, i, kind) for i, r, j in _objects(truth)]),
        }
        gt.createIndex()
        results = gt.loadRes([_found(r, j, i, kind) for i, r, j in _objects(found)])
        judge = COCOeval(gt, results, {"boxes": "bbox", "masks": "segm", "points": "keypoints"}[kind])
        if SIGMAS.get(case) is not None:
            judge.params.kpt_oks_sigmas = np.array(SIGMAS[case])
        judge.evaluate()
        judge.accumulate()
    return tuple(np.where(judge.eval[name] < 0, np.nan, judge.eval[name]) for name in ("precision", "recall"))


def _objects(records: list[dict]):
    return [(i, record, j) for i, record in enumerate(records) for j in range(len(record["labels"]))]


def _numbered(annotations: list[dict]) -> list[dict]:
    # from 1: pycocotools takes a match with the annotation 0 for no match
    return [{"id": i, **annotation} for i, annotation in enumerate(annotations, start=1)]


def _true(record: dict, j: int, image: int, kind: str) -> dict:
    shape = _shape(record, j, kind) | {"bbox": _corner_and_size(record["boxes"][j])}
    if kind == "points":
        shape["num_keypoints"] = int((record["points"][j, :, 2] > 0).sum())
    label, crowd = int(record["labels"][j]), int(record["crowd"][j])
    return shape | {
        "image_id": image, "category_id": label, "iscrowd": crowd, "area": float(record["area"][j])
    }  # fmt: skip


def _found(record: dict, j: int, image: int, kind: str) -> dict:
    label, score = int(record["labels"][j]), float(record["scores"][j])
    return _shape(record, j, kind) | {"image_id": image, "category_id": label, "score": score}


def _shape(record: dict, j: int, kind: str) -> dict:
    if kind == "boxes":
        return {"bbox": _corner_and_size(record["boxes"][j])}
    if kind == "masks":
        from pycocotools import mask

        return {"segmentation": mask.encode(np.asfortranarray(record["masks"][j].astype(np.uint8)))}
    points = record["points"][j]
    if points.shape[1] == 2:
        points = np.column_stack([points, np.ones(len(points))])
    return {"keypoints": points.ravel().tolist()}


def _corner_and_size(box: np.ndarray) -> list[float]:
    left, top, right, bottom = box.tolist()
    return [left, top, right - left, bottom - top]
