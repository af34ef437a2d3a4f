"""``OneBoxHead``: the box of the one object that an image shows."""

from __future__ import annotations

import numpy as np

from ..heads._box import box_iou
from ..io import ImageRecord
from ._cells import Grid
from ._head import AnnotationHead, Clue
from ._objects import ObjectsHead
from ._records import Known, read_objects


class OneBoxHead(AnnotationHead):
    """The box of the one object that each image shows.

    As `ObjectsHead`, of whose boxes it tells the surest.

    Notes
    -----
    An annotation is (4,) as x1, y1, x2, y2 in pixels, NaN or None where nobody drew it, or an
    `skmtl.io.ImageRecord` of one object. Predicted is (4,) float64. `score` is the mean intersection over
    union.
    """

    level = "cell"
    _objects = ObjectsHead()

    def read(self, annotation, shape, where):
        if annotation is None:
            return None
        if isinstance(annotation, ImageRecord):
            known = read_objects(annotation, shape, where)
            if len(known.boxes) != 1:
                raise ValueError(f"{where} ({annotation.file_name}) has {len(known.boxes)} objects, not one")
            return known._replace(labels=np.ones(1, np.int64))
        try:
            box = np.asarray(annotation, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"{where} must be numbers, got {annotation!r:.80}") from None
        if box.shape != (4,):
            raise ValueError(f"{where}: a box is (4,) as x1, y1, x2, y2, got the shape {box.shape}")
        if np.isnan(box).all():
            return None
        return read_objects({"boxes": box[None], "labels": [1]}, shape, where)

    def cell_size(self, known: list[Known]) -> float:
        """As of `ObjectsHead`."""
        return self._objects.cell_size(known)

    def extents(self, one: Known):
        return self._objects.extents(one)

    def learn(self, known, name):
        return self._objects.learn(known, name)

    def fields(self, spec):
        return self._objects.fields(spec)

    def targets(self, one: Known, frame: Grid, spec):
        return self._objects.targets(one, frame, spec)

    def moved(self, one: Known, moves, spec):
        moved = self._objects.moved(one, moves, spec)
        return moved if len(moved.boxes) else None

    def counts(self, there, most):
        """As of `ObjectsHead`, of half as many: cells of one box each are alike."""
        return self._objects.counts(there, most // 2)

    def decode(self, told, frame: Grid, spec):
        return self._objects.surest(told, frame)

    def clue(self, told, frame: Grid, spec):
        """The box."""
        return Clue(self.decode(told, frame, spec), np.zeros(0))

    def uncertainty(self, told, frame, spec):
        """1 - the probability of the surest cell."""
        return float(1 - told["kind"][:, 1:].sum(axis=1).max())

    def score(self, truth, found, spec):
        pairs = [(one.boxes[0], box) for one, box in zip(truth, found, strict=True) if one is not None]
        if not pairs:
            return float("nan")
        return float(box_iou(*(np.stack(part) for part in zip(*pairs, strict=True))).mean())
