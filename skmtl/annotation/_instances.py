"""``InstancesHead``: any number of objects in an image, each with its own pixels."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import find_objects, gaussian_filter, maximum
from scipy.ndimage import mean as mean_over
from skimage.measure import regionprops
from skimage.segmentation import relabel_sequential

from ..heads import NumberHead
from ..io import ImageRecord
from ..metrics import detection_scores
from ._basins import basins, depths, learned_relief
from ._cells import Grid
from ._found import Found, ObjectHead
from ._head import kind_field
from ._pixels import checked_mask
from ._records import Known, check_size, codes_of, get, join_labels, labels_of, pixels_of


class InstancesHead(ObjectHead):
    """Objects, each with its pixels, a class and a score.

    A pixel tells what it belongs to (a class, or no object) and how deep inside its object it lies (0 at the
    rim to 1 at the innermost pixel). Objects are the basins of the deepest pixels, found by a watershed. A
    basin that is hardly deeper than the pass to a deeper one belongs to it: by how much is learned from the
    depths of the annotated objects, so that strokes and rings, which have many deepest places, stay whole.
    Of two classes or more a closer look at the whole of each object tells which it is, or that it is none.

    Parameters
    ----------
    smoothing : float >= 0, default 0.15
        Standard deviation of a Gaussian over the depth of pixels, as a share of the root of the area of a
        typical object (the median at fit).
    least_area : int >= 1, default 10
        Objects of fewer pixels are not reported.

    Notes
    -----
    An annotation is a map (h, w) of integers, 0 where there is no object and another number for each object;
    or a dict with ``masks`` (m, h, w) bool and, optional, ``labels`` (m,); or an `skmtl.io.ImageRecord` with
    masks or outlines. Predicted are ``masks`` (m, h, w) bool (a `Masks`), none overlapping another,
    ``boxes`` (m, 4), ``labels`` and ``scores`` (m,) by falling score: the mean probability of the object's
    pixels, times the depth of its innermost pixel; of two classes or more, times what the closer look says
    of its being an object, and times the probability of its class. Without labels all are 1.
    `score` is the mean over classes of the average precision at an intersection over union of 0.5.

    References
    ----------
    M. Bai, R. Urtasun, "Deep watershed transform for instance segmentation", CVPR 2017. The relief of a
    maximum: P. Soille, "Morphological image analysis", 2003, section 6.3.4.
    """

    level = "pixel"

    def __init__(self, smoothing=0.15, least_area=10):
        self.smoothing = smoothing
        self.least_area = least_area

    def read(self, annotation, shape, where):
        """The map (h, w) of numbers 0..m and the labels (m,)."""
        if annotation is None:
            return None
        if isinstance(annotation, ImageRecord):
            annotation = _masks_of(annotation, shape, where)
        if not isinstance(annotation, dict) and not hasattr(annotation, "masks"):
            numbers = relabel_sequential(checked_mask(annotation, shape, where).astype(np.int32))[0]
            return _compact(np.asarray(numbers)), np.ones(numbers.max(), np.int64)
        masks = np.asarray(get(annotation, "masks", where))
        masks = masks.reshape(len(masks), *(masks.shape[1:] if len(masks) else shape[:2])).astype(bool)
        if masks.shape[1:] != tuple(shape[:2]):
            raise ValueError(f"{where}: masks have the shape {masks.shape[1:]}, but the image {shape[:2]}")
        labels = labels_of(annotation, where) if _has_labels(annotation) else np.ones(len(masks), np.int64)
        if len(labels) != len(masks):
            raise ValueError(
                f"{where}: labels must be one for each of its {len(masks)} masks, got {len(labels)}"
            )
        if not masks.any(axis=(1, 2)).all():
            raise ValueError(f"{where}: mask {int((~masks.any(axis=(1, 2))).argmax())} has no pixel")
        return _compact(_stacked(masks, shape)), labels

    def learn(self, known, name):
        classes = join_labels([labels for _, labels in known])
        if not len(classes):
            raise ValueError(f"{name}: there is no object in any labelled image: there is nothing to learn")
        areas = np.concatenate([np.bincount(numbers.ravel())[1:] for numbers, _ in known])
        side = float(np.sqrt(np.median(areas[areas > 0])))
        relief = learned_relief([numbers for numbers, _ in known], lambda depth: self._smooth(depth, side))
        return {"name": name, "classes": classes, "n_codes": 1 + len(classes), "side": side, "relief": relief}

    def fields(self, spec):
        return {"kind": kind_field(), "depth": NumberHead()}

    def targets(self, one, frame, spec):
        numbers, labels = one
        kinds = np.concatenate([[0], codes_of(labels, spec["classes"]) + 1])[numbers]
        return {"kind": kinds.ravel(), "depth": depths(numbers).ravel()}

    def whole(self, one):
        numbers, labels = one
        seen = [(i, at) for i, at in enumerate(find_objects(numbers)) if at is not None]
        boxes = [[x.start, y.start, x.stop, y.stop] for _, (y, x) in seen]
        return Known(_boxes(boxes), labels[[i for i, _ in seen]], _boxes([]))

    def found(self, told, frame: Grid, spec):
        kinds, depth = told["kind"].reshape(*frame.shape, -1), told["depth"].reshape(frame.shape)
        depth = self._smooth(depth, spec["side"])
        numbers = basins(depth, kinds[:, :, 0] < 0.5, spec["relief"])
        parts = [one for one in regionprops(numbers) if one.area >= self.least_area]
        ids = np.array([one.label for one in parts], dtype=np.int64)
        said = [mean_over(kinds[:, :, k], numbers, ids) for k in range(1, kinds.shape[2])]
        said = np.stack(said, axis=-1).reshape(len(ids), len(said))
        boxes = _boxes([np.take(one.bbox, [1, 0, 3, 2]) for one in parts])
        return Found.of(boxes, said, maximum(depth, numbers, ids), (numbers, ids))

    def _smooth(self, depth: np.ndarray, side: float) -> np.ndarray:
        return np.clip(gaussian_filter(depth, self.smoothing * side), 0, 1)

    def report(self, found: Found, spec):
        scores, (numbers, ids) = found.scores(), found.where
        order = np.argsort(-scores, kind="stable")
        return {
            "boxes": found.boxes[order],
            "labels": spec["classes"][found.kinds[order].argmax(axis=1)],
            "scores": scores[order],
            "masks": Masks(_renumbered(numbers, ids[order]), len(ids)),
        }

    def score(self, truth, found, spec):
        known = [None if one is None else _record(*one) for one in truth]
        return detection_scores(known, found, kind="masks", iou_thresholds=[0.5]).ap


class Masks:
    """The masks (m, h, w) bool of objects that do not overlap, held as one map of their numbers.

    ``len``, iteration, indexing and ``numpy.asarray`` give the masks; `numbers` (h, w) int32 is the map, in
    which object i has the number i + 1. Of thousands of objects in a large image the masks themselves would
    not fit into memory.
    """

    dtype = np.dtype(bool)

    def __init__(self, numbers: np.ndarray, n: int):
        self.numbers = numbers
        self.shape = (n, *numbers.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index) -> np.ndarray:
        chosen = np.arange(1, len(self) + 1)[index]
        return self.numbers == np.asarray(chosen)[..., None, None]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:].astype(bool if dtype is None else dtype, copy=False)


def _renumbered(numbers: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """A map in which what had the number ids[i] has i + 1, and all else 0."""
    table = np.zeros(numbers.max(initial=0) + 1, np.int32)
    table[ids] = np.arange(1, len(ids) + 1)
    return table[numbers]


def _stacked(masks: np.ndarray, shape) -> np.ndarray:
    """One map of several masks; where they overlap the smaller object has the pixel."""
    numbers = np.zeros(shape[:2], np.int32)
    for i in np.argsort(-masks.sum(axis=(1, 2)), kind="stable"):
        numbers[masks[i]] = i + 1
    return numbers


def _compact(numbers: np.ndarray) -> np.ndarray:
    """In as few bytes as do: the maps of all images are held while an annotator learns."""
    return numbers.astype(np.min_scalar_type(numbers.max()))


def _boxes(boxes: list) -> np.ndarray:
    return np.array(boxes, dtype=float).reshape(-1, 4)


def _record(numbers: np.ndarray, labels: np.ndarray) -> dict:
    return {"masks": numbers == np.arange(1, len(labels) + 1)[:, None, None], "labels": labels}


def _has_labels(record) -> bool:
    return (record.get("labels") if isinstance(record, dict) else getattr(record, "labels", None)) is not None


def _masks_of(image: ImageRecord, shape, where: str) -> dict:
    check_size(image, shape, where)
    where = f"{where} ({image.file_name})"
    objects = [one for one in image.objects if not one.crowd]
    if any(one.label is None for one in objects):
        raise ValueError(f"{where}: an object has no label")
    masks = [pixels_of(one, tuple(shape[:2]), where) for one in objects]
    return {"masks": masks, "labels": np.array([one.label for one in objects], dtype=str)}
