"""``ObjectsHead``: any number of objects in an image, each with a box, a class and a score."""

from __future__ import annotations

import numpy as np

from ..heads import NumberHead
from ..metrics import detection_scores
from ._cells import Grid, boxes_at, cell_targets
from ._found import Found, ObjectHead
from ._head import UNKNOWN, kind_field
from ._moved import boxes_after
from ._records import Known, codes_of, join_labels, read_objects
from ._suppression import suppress, vote

#: Candidates of an image that go into non-maximum suppression, the surest ones.
CANDIDATES = 1000
#: Cells of the smaller side of a typical box, from which the size of a cell follows.
CELLS_A_SIDE = 4
#: Empty cells to learn from for each one that speaks for an object, and at least how many.
EMPTY, LEAST = 3, 1000
#: Each image is taken to show one object where so large a share of those with any shows one.
ALONE = 0.9


class ObjectsHead(ObjectHead):
    """Objects: boxes, classes, scores.

    A cell tells what it speaks for (a class, or no object) and where that object's box lies: the way from the
    cell's centre to the box's, in cells, and the logarithms of width and height in pixels. Boxes of several
    cells that mean one object are joined: the surest stays, those that overlap it vote on where it lies. Of
    two classes or more a closer look at what is in each box tells which it is, or that it is none; the score
    is then p(there | cells) * p(there | closer look) * p(class).

    Parameters
    ----------
    score_threshold : float in [0, 1), default 0.05
        Objects less sure than that are not reported.
    overlap : float in (0, 1], default 0.3
        Of two boxes whose intersection over union is this or more, only the surer is reported.
    max_objects : int, default 100
        Most objects reported for an image.

    Notes
    -----
    An annotation is a dict (or an object) with ``boxes`` (m, 4) as x1, y1, x2, y2 in pixels and ``labels``
    (m,) and, optional, ``crowd`` (m,) bool for boxes around groups: cells in them are not learned from. Or
    it is an `skmtl.io.ImageRecord`. An image without objects has 0 boxes; None is an image that nobody
    labelled. Predicted are ``boxes``, ``labels`` and ``scores`` (m,) in 0..1, by falling score. `score` is
    the mean over classes of the average precision at an intersection over union of 0.5.

    References
    ----------
    Z. Tian, C. Shen, H. Chen, T. He, "FCOS: Fully convolutional one-stage object detection", ICCV 2019: boxes
    are told by the points inside them.
    """

    level = "cell"

    def __init__(self, score_threshold=0.05, overlap=0.3, max_objects=100):
        self.score_threshold = score_threshold
        self.overlap = overlap
        self.max_objects = max_objects

    def read(self, annotation, shape, where):
        return read_objects(annotation, shape, where)

    def cell_size(self, known: list[Known]) -> float:
        """A fourth of the smaller side of a small box (the lower quartile)."""
        sides = np.concatenate([(one.boxes[:, 2:] - one.boxes[:, :2]).min(axis=1) for one in known])
        return np.quantile(sides, 0.25) / CELLS_A_SIDE if len(sides) else np.inf

    def extents(self, one: Known):
        """The roots of the areas of boxes."""
        return np.sqrt((one.boxes[:, 2:] - one.boxes[:, :2]).prod(axis=1))

    def learn(self, known, name):
        classes = join_labels([one.labels for one in known])
        if not len(classes):
            raise ValueError(f"{name}: there is no object in any labelled image: there is nothing to learn")
        there = np.array([len(one.boxes) for one in known if len(one.boxes)])
        one = bool((there == 1).mean() >= ALONE)
        return {"name": name, "classes": classes, "n_codes": 1 + len(classes), "one": one}

    def fields(self, spec):
        return {"kind": kind_field(), "place": NumberHead()}

    def targets(self, one: Known, frame: Grid, spec):
        said, places = cell_targets(frame, one.boxes, codes_of(one.labels, spec["classes"]))
        x, y = frame.centres().T[:, :, None]
        left, top, right, bottom = one.crowd.T
        crowd = ((x > left) & (x < right) & (y > top) & (y < bottom)).any(axis=1)
        return {"kind": np.where(crowd & (said < 0), UNKNOWN, said + 1), "place": places}

    def moved(self, one: Known, moves, spec):
        boxes, crowd = boxes_after(moves, one.boxes), boxes_after(moves, one.crowd)
        left, around = np.isfinite(boxes[:, 0]), np.isfinite(crowd[:, 0])
        return Known(boxes[left], one.labels[left], crowd[around])

    def counts(self, there, most):
        speaking = there[1:]
        share = min(1.0, most / (1 + EMPTY) / max(speaking.sum(), 1))
        speaking = np.maximum((speaking * share).astype(np.int64), np.minimum(speaking, 1))
        empty = min(there[0], max(EMPTY * speaking.sum(), LEAST), max(most - speaking.sum(), 1))
        return np.concatenate([[empty], speaking])

    def whole(self, one: Known):
        return one

    def found(self, told, frame: Grid, spec):
        kinds = told["kind"][:, 1:]
        present = kinds.sum(axis=1)
        cells = np.flatnonzero(present >= self.score_threshold)
        cells = cells[np.argsort(-present[cells], kind="stable")[:CANDIDATES]]
        boxes = boxes_at(frame, cells, told["place"][cells])
        kept = suppress(boxes, present[cells], self.overlap)
        kinds = kinds[cells[kept]]
        order = np.argsort(-kinds.max(axis=1), kind="stable")[: self.max_objects]
        return Found.of(vote(boxes, present[cells], kept)[order], kinds[order])

    def report(self, found: Found, spec):
        scores = found.scores()
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= self.score_threshold]
        return {
            "boxes": found.boxes[order],
            "labels": spec["classes"][found.kinds[order].argmax(axis=1)],
            "scores": scores[order],
        }

    def clue(self, told, frame: Grid, spec):
        """The surest box where images show one object, and how many there are."""
        box = self.surest(told, frame) if spec["one"] else None
        return super().clue(told, frame, spec)._replace(box=box)

    def surest(self, told, frame: Grid) -> np.ndarray:
        """The surest box (4,), as the others that are half as sure see it."""
        present = told["kind"][:, 1:].sum(axis=1) + np.finfo(np.float32).tiny
        cells = np.flatnonzero(present >= present.max() / 2)
        boxes, present = boxes_at(frame, cells, told["place"][cells]), present[cells]
        return vote(boxes, present, present.argmax()[None])[0]

    def uncertainty(self, told, frame, spec):
        """How near the least sure object is to being as likely there as not: 1 - \\|2 score - 1\\|."""
        scores = self.decode(told, frame, spec)["scores"]
        return float(1 - np.abs(2 * scores - 1).min(initial=1.0))

    def score(self, truth, found, spec):
        truth = [None if one is None else {"boxes": one.boxes, "labels": one.labels} for one in truth]
        return detection_scores(truth, found, iou_thresholds=[0.5]).ap
