"""How good annotations are, of all kinds that files hold, against others of the same images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..io import ImageRecord, ObjectRecord
from ..metrics import accuracy_score, detection_scores, f1_score, mean_pixel_error, oks, pck, pixel_scores
from ._body_scores import score_bodies
from ._records import pixels_of
from ._tags import learn_tags, tag_value, tags_of

#: Distance of a point that counts as correct, as a share of the longer side of its image.
CORRECT = 0.05
#: Only for the body of COCO is it known how far people differ in where a point lies.
COCO_POINTS = 17


def score_annotations(
    truth: Sequence[ImageRecord],
    found: Sequence[ImageRecord],
    *,
    kinds: Sequence[str] | None = None,
    count_score: float = 0.5,
) -> dict[str, dict[str, Any]]:
    """Compare annotations of the same images, kind by kind.

    Parameters
    ----------
    truth, found : sequences of n ImageRecord
        Image by image; an `AnnotationSet` is one. Objects of ``found`` without a score have the score 1.
    kinds : sequence of str, optional
        What to score, of "boxes", "masks", "counts", "points", "bodies", "pixels", "class" and "tags", so
        far as
        ``truth`` holds it. None: boxes and counts, and all else that ``found`` holds anywhere.
    count_score : float, default 0.5
        Objects of ``found`` less sure than that are not counted for "counts".

    Returns
    -------
    dict
        Of those of the following that ``truth`` holds, each a dict: "boxes" and "masks", ``AP``, ``AP50``,
        ``AP75``, ``AR100`` and ``AP50 of`` each class by the rules of COCO; "counts", the mean absolute
        error of the number of objects in an image (``MAE``, and of each class); "points", the share of
        points within 5 % of the longer side of the image (``PCK``), their mean distance in pixels
        (``error``) and, of bodies of 17 points, COCO's mean key point similarity (``OKS``), over the images
        that have one body; "bodies", where an image has several, ``AP``, ``AP50``, ``AP75`` and ``AR20`` by
        key point similarity, with COCO's tolerances for its 17 points, else 0.1; "pixels", ``mean IoU``,
        ``accuracy`` and ``IoU of`` each class; "class", ``accuracy``, or "tags", ``accuracy`` and ``F1``,
        means over tags.

    Raises
    ------
    ValueError
        Sequences of different lengths, nothing to compare, masks or maps of another size than the truth's.
    """
    if len(truth) != len(found):
        raise ValueError(f"truth and found must have one entry an image, got {len(truth)} and {len(found)}")
    scorers = {
        "boxes": _boxes,
        "masks": _masks,
        "counts": lambda truth, found: _counts(truth, found, count_score),
        "points": _points,
        "bodies": score_bodies,
        "pixels": _pixels,
        "class": _class,
        "tags": _tags,
    }
    told = set(kinds) if kinds is not None else {"boxes", "counts"}.union(*map(_kinds_in, found))
    parts = {kind: score(truth, found) for kind, score in scorers.items() if kind in told}
    scores = {kind: part for kind, part in parts.items() if part}
    if not scores:
        raise ValueError("truth holds nothing that can be scored: no objects, points, tags or label maps")
    return scores


def _kinds_in(image: ImageRecord) -> Iterator[str]:
    """What besides boxes an image holds."""
    held = {
        "masks": bool(_outlined(image)),
        "points": any(one.points is not None for one in image.objects),
        "bodies": any(one.points is not None for one in image.objects),
        "pixels": image.label_map is not None,
        "class": bool(image.tags),
        "tags": bool(image.tags),
    }
    return (kind for kind, there in held.items() if there)


# --------------------------------------------------------------------------------------------- objects


def _objects(image: ImageRecord) -> list[ObjectRecord]:
    """Those with a label and an upright box that has an area; COCO gives one to every body."""
    return [one for one in image.objects if one.label is not None and _area_of(one) > 0]


def _area_of(one: ObjectRecord) -> float:
    x0, y0, x1, y1 = one.bounds or (0.0, 0.0, 0.0, 0.0)
    return (x1 - x0) * (y1 - y0)


def _columns(objects: Sequence[ObjectRecord]) -> dict[str, Any]:
    return {
        "labels": np.array([one.label for one in objects], dtype=str),
        "scores": np.array([1.0 if one.score is None else one.score for one in objects]),
        "crowd": np.array([one.crowd for one in objects], dtype=bool),
    }


def _boxes(truth, found) -> dict[str, float]:
    if not any(_objects(image) for image in truth):
        return {}

    def records(images) -> Iterator[dict]:
        for image in images:
            objects = _objects(image)
            yield {"boxes": np.array([one.bounds for one in objects]).reshape(-1, 4), **_columns(objects)}

    return _precision(detection_scores(records(truth), records(found)))


def _outlined(image: ImageRecord) -> list[ObjectRecord]:
    return [one for one in _objects(image) if one.mask is not None or one.polygons]


def _masks(truth, found) -> dict[str, float]:
    if not any(map(_outlined, truth)):
        return {}

    def records(images) -> Iterator[dict]:
        for image, like in zip(images, truth, strict=True):
            objects, size = _outlined(image), tuple(like.size)
            masks = [pixels_of(one, size, image.file_name) for one in objects]
            yield {
                "masks": np.array(masks, bool).reshape(len(masks), *(size if masks else (1, 1)))
            } | _columns(objects)

    return _precision(detection_scores(records(truth), records(found), kind="masks"))


def _precision(scores) -> dict[str, float]:
    each = {
        f"AP50 of {name}": scores.average_precision(iou=0.5, label=name) for name in scores.classes.tolist()
    }
    return {"AP": scores.ap, "AP50": scores.ap50, "AP75": scores.ap75, "AR100": scores.ar100} | each


def _counts(truth, found, least: float) -> dict[str, float]:
    names = sorted({one.label for image in truth for one in _objects(image) if not one.crowd})
    if not names:
        return {}

    def table(images) -> np.ndarray:
        sure = [
            [one.label for one in _objects(image) if not one.crowd and _score(one) >= least]
            for image in images
        ]
        return np.array([[labels.count(name) for name in names] for labels in sure])

    t, f = table(truth), table(found)
    each = np.abs(t - f).mean(axis=0).tolist()
    whole = float(np.abs(t.sum(axis=1) - f.sum(axis=1)).mean())
    return {"MAE": whole} | {f"MAE of {name}": one for name, one in zip(names, each, strict=True)}


def _score(one: ObjectRecord) -> float:
    return 1.0 if one.score is None else one.score


# ---------------------------------------------------------------------------------------------- points


def _points(truth, found) -> dict[str, float]:
    bodies = [[one for one in image.objects if one.points is not None and not one.crowd] for image in truth]
    judged = [i for i, one in enumerate(bodies) if len(one) == 1 and (one[0].points[:, 2] > 0).any()]
    if not judged:
        return {}
    t = np.stack([bodies[i][0].points for i in judged])
    f = np.stack([_surest_points(found[i], t.shape[1:]) for i in judged])
    side = np.array([_longer_side(truth[i], found[i]) for i in judged])
    known = np.isfinite(f).all(axis=(1, 2))
    # A body that was not found lies infinitely far from the truth: none of its points is correct.
    scores = {"PCK": pck(t, np.nan_to_num(f, nan=1e9), CORRECT, scale=side)}
    scores["error"] = mean_pixel_error(t[known], f[known]) if known.any() else float("nan")
    if t.shape[1] == COCO_POINTS:
        area = np.array([max(_area_of(bodies[i][0]), 1.0) for i in judged])
        scores["OKS"] = float(np.nanmean(oks(t, np.nan_to_num(f, nan=1e9), area=area)))
    return scores


def _surest_points(image: ImageRecord, shape: tuple[int, int]) -> np.ndarray:
    """The points of the surest body of an image; NaN where there is none."""
    bodies = [one for one in image.objects if one.points is not None]
    if not bodies:
        return np.full(shape, np.nan)
    points = max(bodies, key=_score).points
    if points.shape != shape:
        raise ValueError(f"{image.file_name}: a body has {len(points)} points, the true ones {shape[0]}")
    return points


def _longer_side(*images: ImageRecord) -> int:
    sides = [max(image.size) for image in images if None not in image.size]
    if not sides:
        raise ValueError(
            f"{images[0].file_name}: the size of the image is not known, which PCK is relative to"
        )
    return sides[0]


# -------------------------------------------------------------------------------------- pixels and tags


def _pixels(truth, found) -> dict[str, float]:
    both = [
        i for i, image in enumerate(truth) if image.label_map is not None and found[i].label_map is not None
    ]
    if not both:
        return {}
    names = next((truth[i].label_map.names for i in both if truth[i].label_map.names), ())
    scores = pixel_scores(
        [truth[i].label_map.decode().astype(np.int64) for i in both],
        [_in_numbers_of(names, found[i].label_map) for i in both],
    )
    called = [names[k] if k < len(names) else str(k) for k in scores.classes.tolist()]
    each = {f"IoU of {name}": one for name, one in zip(called, scores.iou.tolist(), strict=True)}
    return {"mean IoU": scores.mean_iou, "accuracy": scores.accuracy} | each


def _in_numbers_of(names: tuple[str, ...], label_map) -> np.ndarray:
    """A label map in the numbers that the truth gives the classes; 256 and more for what it does not know."""
    table = np.arange(256)
    table[255] = 256
    for number, name in enumerate(label_map.names if names else ()):
        table[number] = names.index(name) if name in names else 256 + number
    return table[label_map.decode()]


def _judged(truth) -> tuple[list[int], dict]:
    """The images with tags, and what these say."""
    given = {i: tags for i, image in enumerate(truth) if (tags := tags_of(image)) is not None}
    return list(given), learn_tags(list(given.values()))


def _class(truth, found) -> dict[str, float]:
    judged, learned = _judged(truth)
    if not judged or not learned["is_class"]:
        return {}
    t = np.array([tag_value(tags_of(truth[i]), learned, "truth") for i in judged])
    return {"accuracy": accuracy_score(t, np.array([_surest_tag(found[i]) for i in judged]))}


def _tags(truth, found) -> dict[str, float]:
    judged, learned = _judged(truth)
    if not judged or learned["is_class"]:
        return {}
    t = np.stack([tag_value(tags_of(truth[i]), learned, "truth") for i in judged])
    f = np.array([[name in _held(found[i]) for name in learned["tag_names"]] for i in judged], dtype=float)
    return {"accuracy": accuracy_score(t, f), "F1": _mean_f1(t, f)}


def _held(image: ImageRecord) -> list[str]:
    return [tag.name for tag in image.tags if tag.present]


def _surest_tag(image: ImageRecord) -> str:
    held = [tag for tag in image.tags if tag.present]
    return max(held, key=lambda tag: 1.0 if tag.score is None else tag.score).name if held else ""


def _mean_f1(truth: np.ndarray, found: np.ndarray) -> float:
    each = [f1_score(t, f, positive=1) for t, f in zip(truth.T, found.T, strict=True)]
    return float(np.nanmean(each)) if np.isfinite(each).any() else float("nan")
