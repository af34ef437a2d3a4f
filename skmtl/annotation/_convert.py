"""Predictions in the form that annotation files are written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from skimage.measure import approximate_polygon, find_contours

from ..io import RLE, AnnotationSet, ClassRecord, ImageRecord, LabelMap, ObjectRecord, Tag
from ..metrics import pairwise_box_iou

#: Pixels that an outline may stray from the border of its mask, to have fewer points.
STRAY = 0.4
#: An object is a body that was told where their boxes overlap by this much.
FITS = 0.5


def to_annotations(
    found: Sequence,
    file_names: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    *,
    classes: Sequence[str | ClassRecord] = (),
    pixel_names: Sequence[str] = (),
    tag_names: Sequence[str] = (),
) -> AnnotationSet:
    """What an annotator predicted, as `skmtl.io.write_annotations` takes it.

    Parameters
    ----------
    found : sequence of n predictions
        Of `ObjectDetector` or `InstanceSegmenter`, dicts with ``boxes``, ``labels``, ``scores`` and perhaps
        ``masks``; of `PoseEstimator`, points (K, 3), of `MultiPoseEstimator` dicts with ``points``; of
        `PixelAnnotator`, masks (h, w) of numbers 0..254; of `ImageTagger`, a class, or tags (T,); of
        `ImageAnnotator`, dicts of these. None for an image that was left out.
    file_names : sequence of n str
    sizes : sequence of n (int, int)
        Height and width of the images.
    classes : sequence of str or ClassRecord, optional
        Classes in the order they shall be numbered; labels that are not listed follow. One with
        ``point_names`` is that of the bodies that points belong to; by default it is that of their labels, or
        "body". Where a model tells objects of that class too, the one whose box is nearest to a body's gets
        its points, or of one body without a box the surest one.
    pixel_names : sequence of str, optional
        The name of class 0, 1, ... of masks.
    tag_names : sequence of T str, optional
        The names of tags: of an `ImageHead`, ``specs["tag_names"]``.

    Returns
    -------
    skmtl.io.AnnotationSet
        Labels as texts. The images of None are not in it.

    Raises
    ------
    ValueError
        Lists of different lengths; a prediction of a kind that files do not hold.
    """
    if not len(found) == len(file_names) == len(sizes):
        raise ValueError(
            f"found, file_names and sizes must have one entry an image, got {len(found)}, {len(file_names)} "
            f"and {len(sizes)}"
        )
    listed = [one if isinstance(one, ClassRecord) else ClassRecord(str(one)) for one in classes]
    body = next((one.name for one in listed if one.point_names), None)
    rows = zip(found, file_names, sizes, strict=True)
    drafts = [
        _Draft(name, size, body, tuple(pixel_names), tuple(tag_names)).add(one)
        for one, name, size in rows
        if one is not None
    ]
    records = {one.name: one for one in listed}
    images = [draft.record() for draft in drafts]
    for label in (one.label for image in images for one in image.objects):
        records.setdefault(label, ClassRecord(label))
    return AnnotationSet(images, list(records.values()))


@dataclass
class _Draft:
    """An image to which the predictions of one head after the other are added."""

    name: str
    size: tuple[int, int]
    body: str | None
    pixel_names: tuple[str, ...]
    tag_names: tuple[str, ...]
    objects: list[ObjectRecord] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    bodies: list[ObjectRecord] = field(default_factory=list)
    label_map: LabelMap | None = None

    def add(self, one) -> _Draft:
        if isinstance(one, dict):
            self._add_dict(one)
        elif isinstance(one, str | int | np.integer):
            self.tags.append(Tag(str(one)))
        elif not isinstance(one, np.ndarray) or not self._add_array(one):
            kind = one.shape if isinstance(one, np.ndarray) else type(one).__name__
            raise ValueError(
                f"{self.name}: files hold objects, points, masks of classes, classes and tags, got {kind}"
            )
        return self

    def _add_dict(self, one: dict) -> None:
        if {"points", "scores"} <= one.keys():
            label = one["labels"].tolist()[0] if len(one["labels"]) else None
            name = label if self.body is None and isinstance(label, str) else self.body
            rows = zip(one["points"], one["boxes"], one["scores"], strict=True)
            self.bodies += [_body(name, points, float(score), box) for points, box, score in rows]
        elif {"boxes", "scores"} <= one.keys():
            self.objects += _objects(one)
        elif {"regions", "labels"} <= one.keys():
            labels, codes = np.unique(one["labels"], return_inverse=True)
            self._set_map(_numbers(labels, self.pixel_names)[codes][one["regions"]])
        else:
            for part in one.values():
                self.add(part)

    def _add_array(self, one: np.ndarray) -> bool:
        """Whether it was of a kind that files hold."""
        numbers = one.dtype.kind in "iu"
        if one.ndim == 2 and one.shape[1] == 3 and one.dtype.kind == "f":
            self.bodies.append(_body(self.body, one, float(one[:, 2].mean())))
        elif one.shape == tuple(self.size) and numbers and one.min() >= 0 and one.max() <= 254:
            self._set_map(one)
        elif self.tag_names and one.shape == (len(self.tag_names),):
            self.tags += [Tag(name) for name, holds in zip(self.tag_names, one, strict=True) if holds >= 0.5]
        else:
            return False
        return True

    def _set_map(self, numbers: np.ndarray) -> None:
        self.label_map = LabelMap.encode(numbers.astype(np.uint8), self.pixel_names)

    def record(self) -> ImageRecord:
        height, width = (int(side) for side in self.size)
        return ImageRecord(self.name, height, width, self._with_bodies(), self.tags, self.label_map)

    def _with_bodies(self) -> list[ObjectRecord]:
        """The objects, those that are bodies with their points; and the bodies that are none of them."""
        objects, left = list(self.objects), set(range(len(self.objects)))
        for body in self.bodies:
            own = [i for i in left if objects[i].label == body.label]
            fit = [_fit(body, objects[i]) for i in own]
            if fit and max(fit) >= FITS:
                best = own[int(np.argmax(fit))]
                left.remove(best)
                objects[best] = replace(objects[best], points=body.points)
            else:
                objects.append(body)
        return objects


def _body(name: str | None, points: np.ndarray, score: float, box=None) -> ObjectRecord:
    points = np.column_stack([points[:, :2], np.full(len(points), 2.0)])
    flat = box is None or box[2] <= box[0] or box[3] <= box[1]  # then its box is that of the points
    return ObjectRecord(name or "body", None if flat else tuple(box), points=points, score=score)


def _fit(body: ObjectRecord, one: ObjectRecord) -> float:
    """How well an object's box is a body's; of a body without one the surest object's is."""
    if body.box is None:
        return FITS + one.score
    return float(pairwise_box_iou([body.box], [one.bounds])[0, 0])


def _objects(one: dict) -> list[ObjectRecord]:
    masks = one.get("masks", [None] * len(one["boxes"]))
    return [
        ObjectRecord(str(label), box, mask=None if mask is None else RLE.encode(mask), score=float(score))
        for label, box, mask, score in zip(one["labels"], one["boxes"], masks, one["scores"], strict=True)
    ]


def _numbers(labels: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """The number of each label of regions: its own, or where labels are texts its place in ``names``."""
    if labels.dtype.kind in "iu":
        return labels
    lacking = [label for label in labels.tolist() if label not in names]
    if lacking:
        raise ValueError(f"pixel_names must name every label of regions; {lacking[0]!r} is not among them")
    return np.array([names.index(label) for label in labels.tolist()])


def with_objects_of_map(image: ImageRecord) -> ImageRecord:
    """The label map as an object for each class but 0, with its pixels: for formats without label maps."""
    if image.label_map is None:
        return image
    numbers, names = image.label_map.decode(), image.label_map.names
    objects = [
        ObjectRecord(names[k] if k < len(names) else str(k), mask=RLE.encode(numbers == k))
        for k in np.unique(numbers).tolist()
        if k not in (0, 255)
    ]
    return replace(image, objects=(*image.objects, *objects), label_map=None)


def with_outlines(image: ImageRecord) -> ImageRecord:
    """The masks of objects as polygons around them, holes filled: for formats without masks."""
    objects = [
        one if one.mask is None else replace(one, mask=None, polygons=outlines(one.mask.decode()))
        for one in image.objects
    ]
    return replace(image, objects=objects)


def outlines(mask: np.ndarray) -> list[np.ndarray]:
    """Polygons (m, 2) as x, y around the parts of a mask (h, w), holes left out.

    Their corners lie within half a pixel of the border of the mask.
    """
    lines = polylines(np.pad(mask.astype(bool), 1), least_length=1)
    rings = [approximate_polygon(line - 1, STRAY)[:-1] for line in lines if _turn(line) > 0]
    return [ring for ring in rings if len(ring) > 2]


def _turn(line: np.ndarray) -> float:
    """The area inside a closed line, positive where it runs around what is on."""
    x, y = line.T
    return float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2


def polylines(probability: np.ndarray, threshold: float = 0.5, least_length: int = 4) -> list[np.ndarray]:
    """The outlines of what is on a line, as lines x, y.

    Parameters
    ----------
    probability : (h, w) array
        Probabilities, or a mask of 0 and 1, of `LinesHead`.
    threshold : float, default 0.5
        A pixel is on a line from this probability on.
    least_length : int, default 4
        Lines of fewer points are left out.

    Returns
    -------
    list of (m, 2) float64
        x, y in pixels, the origin at the upper left corner of the upper left pixel; a closed line ends
        where it begins.
    """
    lines = find_contours(np.asarray(probability, dtype=np.float64), threshold)
    return [line[:, ::-1] + 0.5 for line in lines if len(line) >= least_length]
