"""``PoseHead``: the key points of one body in an image."""

from __future__ import annotations

import numpy as np

from ..heads import NumberHead
from ..io import ImageRecord
from ._cells import Grid
from ._head import UNKNOWN, AnnotationHead, Clue, kind_field
from ._moved import points_after
from ._objects import EMPTY
from ._points import NEAR, cell_between, extents_of, read_points, ways_to
from ._records import check_size
from ._shape import learn_joints, points_told

#: The way from the middle of a body to its edges as a share of how far apart its points are, and at least of
#: the longer side of the image.
WAY, LEAST_WAY = 1.0, 0.08


class PoseHead(AnnotationHead):
    """K key points of the one body that an image shows.

    A cell tells which point it is nearest to, if any is near, and the way to every near point. How the points
    of a body lie to each other is learned as a tree of offsets, those that vary least, each a Gaussian
    (pictorial structures). A point lies where the cells say that are surest of it in the light of what others
    say of the points that it is joined to: one eye does not land where the other one is, nor in the
    background. Where points move freely, the Gaussians are wide and each cell is believed by itself.

    Parameters
    ----------
    share : float > 0, default 0.05
        For `score`: the distance that counts as correct, as a share of the longer side of the image.

    Notes
    -----
    An annotation is (K, 2) as x, y in pixels, NaN for a point that is not known, or (K, 3) as x, y,
    visibility, 0 for not known (COCO); or an `skmtl.io.ImageRecord` with key points on one object. Around a
    body with unknown points no cell counts as empty. Predicted are points (K, 3) float64 as x, y, confidence
    in 0..1. `score` is PCK: the share of known points that are predicted within ``share`` of the longer side
    of the image.

    References
    ----------
    P. Felzenszwalb, D. Huttenlocher, "Pictorial structures for object recognition", IJCV 2005.
    """

    level = "cell"

    def __init__(self, share=0.05):
        self.share = share

    def read(self, annotation, shape, where):
        """Points (K, 2) with NaN, and the longer side of the image."""
        if annotation is None:
            return None
        if isinstance(annotation, ImageRecord):
            annotation = _points_of(annotation, shape, where)
        if np.ndim(annotation) != 2 or np.shape(annotation)[1] not in (2, 3) or not len(annotation):
            raise ValueError(f"{where}: points are (K, 2) or (K, 3), got {np.shape(annotation)}")
        return read_points(annotation, shape, where), max(shape[:2])

    def cell_size(self, known) -> float:
        """Four and a half of them lie between the two nearest points of a body (the median)."""
        size = cell_between([points for points, _ in known])
        if size is None:  # one point alone
            return known[0][1] / 40 if known else np.inf
        return size

    def extents(self, one):
        """How far the points are from their middle."""
        return extents_of(one[0][None])

    def learn(self, known, name):
        lengths = {len(points) for points, _ in known}
        if len(lengths) > 1:
            raise ValueError(f"{name}: images must all have the same points, got {sorted(lengths)} of them")
        seen = np.isfinite([points[:, 0] for points, _ in known]).any(axis=0)
        if not seen.all():
            raise ValueError(f"{name}: point {int((~seen).argmax())} is known in no image")
        joints = learn_joints([points for points, _ in known])
        return {"name": name, "n_points": len(seen), "n_codes": 1 + len(seen), "joints": joints}

    def fields(self, spec):
        return {"kind": kind_field(), "way": NumberHead()}

    def targets(self, one, frame: Grid, spec):
        ways, away = ways_to(one[0], frame)
        kind = np.where(away.min(axis=1) < NEAR, away.argmin(axis=1) + 1, 0)
        if np.isinf(away).any():
            kind[kind == 0] = UNKNOWN
        ways[away >= NEAR] = np.nan
        return {"kind": kind, "way": ways.reshape(len(ways), -1)}

    def moved(self, one, moves, spec):
        points = points_after(moves, one[0])
        return (points, max(moves.size)) if np.isfinite(points).any() else None

    def counts(self, there, most):
        """As many of every point; empty cells three for each of those, and a quarter of all at least."""
        drawn = super().counts(there, most)
        drawn[0] = min(drawn[0], max(EMPTY * drawn[1:].sum(), most // 4))
        return drawn

    def decode(self, told, frame: Grid, spec):
        sure = told["kind"][:, 1:]
        return points_told(sure, told["way"].reshape(*sure.shape, 2), spec["joints"], frame)

    def clue(self, told, frame: Grid, spec):
        """A square around the surer points, wider than they are apart: they may all lie inside the body; and
        how all points lie around their middle, in `extents`."""
        points = self.decode(told, frame, spec)
        surer = points[points[:, 2] >= points[:, 2].max() / 2, :2]
        low, high = surer.min(axis=0), surer.max(axis=0)
        half = max(WAY * (high - low).max(), LEAST_WAY * max(frame.shape))
        box = np.concatenate([(low + high) / 2 - half, (low + high) / 2 + half])
        size = extents_of(points[None, :, :2]).max(initial=0) or np.inf
        shape = (points[:, :2] - points[:, :2].mean(axis=0)) / size
        return Clue(box, shape.ravel() if len(shape) > 1 else np.zeros(0))

    def uncertainty(self, told, frame, spec):
        """1 - the confidence of the least sure point."""
        return float(1 - self.decode(told, frame, spec)[:, 2].min())

    def score(self, truth, found, spec):
        right = []
        for one, points in zip(truth, found, strict=True):
            if one is not None:
                away = np.hypot(*(one[0] - points[:, :2]).T)
                right.append(away[np.isfinite(away)] <= self.share * one[1])
        right = np.concatenate([[], *right])
        return float(right.mean()) if len(right) else float("nan")


def _points_of(image: ImageRecord, shape, where: str) -> np.ndarray:
    check_size(image, shape, where)
    bodies = [one.points for one in image.objects if one.points is not None and not one.crowd]
    if len(bodies) != 1:
        raise ValueError(
            f"{where} ({image.file_name}): a pose is the key points of one object, but {len(bodies)} have "
            "some"
        )
    return bodies[0]
