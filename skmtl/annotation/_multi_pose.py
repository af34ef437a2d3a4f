"""``MultiPoseHead``: the key points of any number of bodies in an image."""

from __future__ import annotations

import numpy as np

from ..heads import NumberHead
from ..metrics import detection_scores
from ._bodies import Bodies, hulls, read_bodies, tolerances
from ._cells import Grid
from ._head import UNKNOWN, AnnotationHead, kind_field
from ._moved import boxes_after, points_after
from ._points import NEAR, cell_between, cells_around, extents_of, place_of, ways_to

#: Cells of an image that may speak for a body, the surest ones.
CANDIDATES = 1000
#: Two poses are of one body where their points lie, in the mean, within this share of its diagonal.
SAME = 0.35
#: How far a point is looked for from where the body's cells say it is, as a share of the body's diagonal (the
#: standard deviation of a Gaussian); and what is held against it where nothing is found there.
SEARCH, DOUBT = 0.2, 0.01


class MultiPoseHead(AnnotationHead):
    """Any number of bodies, each with the same K key points, a box and a score.

    A cell near a point of a body tells which point it is nearest to and the way to it; and the way to all
    other points of this body, and to two corners of its box. The surest cells tell whole bodies; of those
    that mean the same one the mean is taken (non-maximum suppression and a vote). Then each of the
    body's points is looked for near the place so told: where the cells are surest of it.

    Parameters
    ----------
    score_threshold : float in [0, 1), default 0.05
        Bodies less sure than that are not reported.
    max_bodies : int, default 20
        Most bodies reported for an image.
    sigmas : float or (K,) array-like, optional
        For `score`, as in `skmtl.metrics.detection_scores`. None: COCO's for its 17 points, 0.1 for others.

    Notes
    -----
    An annotation is a list or array (m, K, 2) of the points of bodies as x, y in pixels, NaN where a point is
    not known, or (m, K, 3) as x, y, visibility, 0 for not known (COCO); or a dict with such ``points`` and,
    optional, ``boxes`` (m, 4) and ``labels`` (m,), all the same; or an `skmtl.io.ImageRecord` with key points
    on objects. An image without a body has none; None is an image that nobody looked at. No cell counts as
    empty in the box of a body of which points are unknown (one without a box is taken to reach half as far
    again as its known points), nor in that of a group or of a body without points. Predicted are
    ``points`` (m, K, 3) as x, y, confidence in 0..1, ``boxes`` (m, 4), around the points where no boxes were
    given, ``labels`` and ``scores`` (m,) by falling score, the mean confidence of the points. `score` is
    COCO's average precision at a key point similarity of 0.5.

    References
    ----------
    X. Zhou, D. Wang, P. Kraehenbuehl, "Objects as points", 2019, section 4.2: points told from a body's
    centre are moved to the nearest ones told where they are. G. Papandreou et al., "PersonLab", ECCV 2018:
    every point tells where the others of its body are.
    """

    level = "cell"

    def __init__(self, score_threshold=0.05, max_bodies=20, sigmas=None):
        self.score_threshold = score_threshold
        self.max_bodies = max_bodies
        self.sigmas = sigmas

    def read(self, annotation, shape, where):
        return read_bodies(annotation, shape, where)

    def cell_size(self, known: list[Bodies]) -> float:
        """Four and a half of them lie between the two nearest points of a body (the median); of bodies of one
        point a fourth of the smaller side of their box."""
        size = cell_between([points for one in known for points in one.points])
        if size is None:
            boxes = np.concatenate([one.boxes for one in known])
            sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
            size = np.nanmedian(sides) / 4 if np.isfinite(sides).any() else 0.0
        return size

    def extents(self, one: Bodies):
        """How far the points of each body are from their middle."""
        return extents_of(one.points)

    def learn(self, known, name):
        full = [one for one in known if len(one.points)]
        if not full:
            raise ValueError(f"{name}: there is no body in any labelled image: there is nothing to learn")
        lengths, labels = ({one.points.shape[1] for one in full}, {one.label for one in full})
        if len(lengths) > 1:
            raise ValueError(f"{name}: bodies must all have the same points, got {sorted(lengths)} of them")
        if len(labels) > 1:
            raise ValueError(f"{name}: bodies are of one kind, got the labels {sorted(map(str, labels))}")
        seen = np.isfinite(np.concatenate([one.points[:, :, 0] for one in full])).any(axis=0)
        if not seen.all():
            raise ValueError(f"{name}: point {int((~seen).argmax())} is known in no image")
        boxed = any(np.isfinite(one.boxes).any() for one in full)
        label = np.array([labels.pop()])
        return {
            "name": name,
            "n_points": len(seen),
            "n_codes": 1 + len(seen),
            "boxed": boxed,
            "classes": label,
        }

    def fields(self, spec):
        return {"kind": kind_field(), "way": NumberHead(), "body": NumberHead()}

    def targets(self, one: Bodies, frame: Grid, spec):
        n = spec["n_points"]
        kind, near = np.zeros(len(frame), np.int64), np.full((len(frame), n, 2), np.nan)
        body = np.full((len(frame), n + 2 * spec["boxed"], 2), np.nan)
        left = np.full(len(frame), NEAR)
        for points, box in zip(one.points, one.boxes, strict=True):
            ways, away = ways_to(points, frame)
            own = away.min(axis=1) < left
            left[own] = away[own].min(axis=1)
            kind[own] = away[own].argmin(axis=1) + 1
            near[own] = np.where(away[own, :, None] < NEAR, ways[own], np.nan)
            whole = np.concatenate([points, box.reshape(2, 2)]) if spec["boxed"] else points
            body[own] = ways_to(whole, frame)[0][own]
        x, y = frame.centres().T[:, :, None]
        x0, y0, x1, y1 = one.blind().T
        blind = ((x > x0) & (x < x1) & (y > y0) & (y < y1)).any(axis=1)
        kind[blind & (kind == 0)] = UNKNOWN
        return {"kind": kind, "way": near.reshape(len(kind), -1), "body": body.reshape(len(kind), -1)}

    def moved(self, one: Bodies, moves, spec):
        points, boxes = points_after(moves, one.points), boxes_after(moves, one.boxes)
        seen, there = np.isfinite(points).any(axis=(1, 2)), np.isfinite(boxes[:, 0])
        crowd = np.concatenate([boxes_after(moves, one.crowd), boxes[~seen & there]])
        return Bodies(points[seen], boxes[seen], one.label, crowd[np.isfinite(crowd[:, 0])])

    def decode(self, told, frame: Grid, spec):
        n, kinds = spec["n_points"], told["kind"][:, 1:]
        present = kinds.sum(axis=1)
        cells = np.flatnonzero(present >= self.score_threshold)
        cells = cells[np.argsort(-present[cells], kind="stable")[:CANDIDATES]]
        ways = told["body"][cells].reshape(len(cells), -1, 2)
        poses = frame.centres()[cells][:, None] + ways * frame.size
        poses = _apart(poses, present[cells], np.hypot(*ways.transpose(2, 0, 1)), NEAR * frame.size)
        near = told["way"].reshape(len(kinds), n, 2)
        points = np.array([_found(pose[:n], kinds, near, frame) for pose in poses]).reshape(-1, n, 3)
        points[:, :, :2] = np.clip(points[:, :, :2], 0, frame.shape[::-1])
        boxes = poses[:, n:].reshape(-1, 4) if spec["boxed"] else hulls(points[:, :, :2])
        kept = self._reported(points, NEAR * frame.size)
        low, high = (f(boxes[kept].reshape(-1, 2, 2), axis=1) for f in (np.min, np.max))
        return {
            "points": points[kept],
            "boxes": np.clip(np.concatenate([low, high], axis=1), 0, np.tile(frame.shape[::-1], 2)),
            "labels": np.repeat(spec["classes"], len(kept)),
            "scores": points[kept, :, 2].mean(axis=1),
        }

    def _reported(self, points: np.ndarray, least: float) -> list[int]:
        """Which bodies (m, K, 3) to report, by falling score, none that has most points of a surer one."""
        scores, kept = points[:, :, 2].mean(axis=1), []
        for i in np.argsort(-scores, kind="stable"):
            if scores[i] >= self.score_threshold and not _same(points[kept], points[i], least).any():
                kept.append(i)
        return kept[: self.max_bodies]

    def uncertainty(self, told, frame, spec):
        """How near the least sure body is to being as likely there as not: 1 - \\|2 score - 1\\|."""
        scores = self.decode(told, frame, spec)["scores"]
        return float(1 - np.abs(2 * scores - 1).min(initial=1.0))

    def score(self, truth, found, spec):
        sigmas = tolerances(spec["n_points"], self.sigmas)
        known = [None if one is None else _as_record(one, spec) for one in truth]
        return detection_scores(known, found, kind="points", iou_thresholds=[0.5], sigmas=sigmas).ap


def _apart(poses: np.ndarray, sure: np.ndarray, away: np.ndarray, least: float) -> np.ndarray:
    """One pose (K, 2) for each body that ``poses`` (m, K, 2), by falling ``sure`` (m,), speak of: the mean of
    those that mean the surest one, the more weighty the fewer cells they are ``away`` (m, K) from a point."""
    found, left = [], np.arange(len(poses))
    while len(left):
        same = _same(poses[left], poses[left[0]], least)
        same[0] = True
        own = left[same]
        weight = sure[own, None, None] / (1 + away[own, :, None] ** 2)
        found.append((weight * poses[own]).sum(axis=0) / weight.sum(axis=0))
        left = left[~same]
    return np.array(found).reshape(-1, *poses.shape[1:])


def _same(poses: np.ndarray, pose: np.ndarray, least: float) -> np.ndarray:
    """Which of ``poses`` (m, K, 2) are of the body of ``pose`` (K, 2)."""
    away = np.hypot(poses[:, :, 0] - pose[:, 0], poses[:, :, 1] - pose[:, 1]).mean(axis=1)
    return away <= np.maximum(SAME * _diagonals(pose[None]), least)


def _found(pose: np.ndarray, kinds: np.ndarray, near: np.ndarray, frame: Grid) -> np.ndarray:
    """The points (K, 3) as x, y, confidence of a body that its cells tell as ``pose`` (K, 2)."""
    spread = max(SEARCH * _diagonals(pose[None])[0], NEAR * frame.size)
    out = np.empty((len(pose), 3))
    for k, place in enumerate(np.clip(pose, 0, frame.shape[::-1])):
        cells, away = cells_around(frame, place, 3 * spread)
        sure = kinds[cells, k] * np.exp(-((away / spread) ** 2) / 2)
        best = sure.argmax()
        seen = place_of(kinds[:, k], near[:, k], cells[best], frame, NEAR * frame.size)
        out[k] = *((sure[best] * seen + DOUBT * place) / (sure[best] + DOUBT)), sure[best]
    return out


def _diagonals(poses: np.ndarray) -> np.ndarray:
    """Those of the boxes around the points of ``poses`` (m, K, 2)."""
    return np.hypot(*np.ptp(poses[:, :, :2], axis=1).T)


def _as_record(one: Bodies, spec: dict) -> dict:
    boxes = np.concatenate([one.framed(), one.crowd])
    points = np.full((len(boxes), spec["n_points"], 2), np.nan)
    points[: len(one.points)] = one.points.reshape(-1, *points.shape[1:])
    return {"points": points, "boxes": boxes, "labels": np.repeat(spec["classes"], len(boxes))}
