"""Writing YOLO: ``data.yaml``, lists of images, and a text file of labels for each image."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from . import _yaml as yaml
from ._context import Writing
from ._decimals import decimal_for, decimals_for, show
from ._geometry import corners_of, ellipse_outline
from ._names import output_names
from ._records import ImageRecord, ObjectRecord
from ._yolo_layout import SUBSETS
from ._yolo_read import edges

KINDS = ("detect", "segment", "pose")


def write(writing: Writing, kind: str | None = None) -> None:
    """Labels of one kind for all images, since the programs that read them want it so.

    Parameters
    ----------
    kind : {"detect", "segment", "pose"}, default=None
        Boxes, outlines, or boxes with key points. By default ``"pose"`` where an object has key
        points, else ``"segment"`` where one has an outline, else ``"detect"``.
    """
    if kind not in (None, *KINDS):
        raise ValueError(f"kind must be one of {KINDS} or None, got {kind!r}")
    source = writing.source
    lines = _Lines(writing, kind or _kind(source))
    lists: dict[str | None, list[str]] = defaultdict(list)
    for image, inner in zip(source, output_names(writing, SUBSETS), strict=True):
        subset = image.subset if image.subset in SUBSETS else None
        writing.drop("subset of an image", image.subset is not None and subset is None)
        lists[subset].append(f"./images/{inner}\n")
        text = "".join(f"{line}\n" for line in lines.of(image))
        writing.save(writing.path / "labels" / inner.with_suffix(".txt"), text.encode())
    for subset, names in lists.items():
        writing.save(writing.path / f"{subset or 'images'}.txt", "".join(names).encode())
    writing.save(writing.path / "data.yaml", lines.yaml(lists).encode())


def _kind(source) -> str:
    objects = [one for image in source for one in image.objects]
    if any(one.points is not None for one in objects):
        return "pose"
    return "segment" if any(one.polygons for one in objects) else "detect"


class _Lines:
    """Objects to lines, all of one kind."""

    def __init__(self, writing: Writing, kind: str):
        self.writing, self.kind = writing, kind
        source = writing.source
        self.numbers = _class_numbers(source)
        self.point_shape = self._point_shape() if kind == "pose" else None

    def _point_shape(self) -> tuple[int, int]:
        """The kept shape, or as many points as the largest object has, or as a class names."""
        source = self.writing.source
        shapes = [len(one.point_names) for one in source.classes if one.point_names]
        shapes += [len(one.points) for image in source for one in image.objects if one.points is not None]
        kept = source.extra.get("point_shape") if source.format == "yolo" else None
        return kept or (max(shapes, default=1), 3)

    def of(self, image: ImageRecord):
        """The lines of one image."""
        writing = self.writing
        writing.drop_set(image, "label_map", "id")
        writing.drop("tag", len(image.tags))
        writing.extra(image)
        if image.objects and image.height is None:
            raise ValueError(f"yolo needs the size of every image; that of {image.file_name!r} is not known")
        for record in image.objects:
            if record.label is None:
                writing.drop("object without a label")
                continue
            writing.drop_set(record, "line", "crowd", "group", "id", "attributes", "mask")
            writing.extra(record)
            for numbers in self._numbers(record, image.size):
                score = () if record.score is None else (record.score,)
                yield " ".join([str(self.numbers[record.label]), *map(show, (*numbers, *score))])

    def _numbers(self, record: ObjectRecord, size: tuple) -> list[tuple]:
        if self.kind != "pose":
            self.writing.drop_set(record, "points")
        if self.kind == "segment":
            outlines = self._outlines(record)
            return [_flat(outline, size) for outline in outlines]
        self.writing.drop_set(record, "polygons")
        bounds = record.bounds
        if bounds is None or not (bounds[2] > bounds[0] and bounds[3] > bounds[1]):
            self.writing.drop("object without extent")
            return []
        self.writing.note("turned box written as the upright box around it", bool(record.rotation))
        self.writing.note("ellipse written as the box around it", record.ellipse)
        box = _fractions(bounds, size)
        return [box if self.kind == "detect" else (*box, *self._points(record, size))]

    def _outlines(self, record: ObjectRecord) -> list[np.ndarray]:
        if record.polygons:
            self.writing.note("object written as several polygons", len(record.polygons) > 1)
            return list(record.polygons)
        if record.bounds is None:
            self.writing.drop("object without extent")
            return []
        self.writing.note("box or ellipse written as a polygon")
        if record.box is not None and record.ellipse:
            return [ellipse_outline(record.box, record.rotation)]
        return [corners_of(record.box or record.bounds, record.rotation)]

    def _points(self, record: ObjectRecord, size: tuple) -> tuple:
        n_points, n_numbers = self.point_shape
        points = np.zeros((n_points, 3))
        if record.points is not None and len(record.points) == n_points:
            points = record.points
        elif record.points is not None:
            self.writing.drop(f"points of an object that has not {n_points} of them")
        if n_numbers == 2:
            points = points[:, :2] * (points[:, 2:] > 0)
        flat = [(*_flat(xy[None, :2], size), *xy[2:].tolist()) for xy in points]
        return tuple(value for one in flat for value in one)

    def yaml(self, lists) -> str:
        """The description of the data set."""
        source = self.writing.source
        for record in source.classes:
            self.writing.drop_set(record, "supercategory", "skeleton")
            self.writing.extra(record)
        main = next((name for name in ("train", None) if name in lists), next(iter(lists), None))
        files = {subset: f"{subset}.txt" for subset in SUBSETS if subset in lists}
        files = {"train": f"{main or 'images'}.txt", "val": f"{main or 'images'}.txt", **files}
        lines = [f"{subset}: {file}" for subset, file in files.items()]
        if self.point_shape:
            lines.append(f"kpt_shape: [{self.point_shape[0]}, {self.point_shape[1]}]")
        lines += ["names:", *(f"  {number}: {yaml.quoted(name)}" for name, number in self.numbers.items())]
        named = [one for one in source.classes if one.point_names]
        if named:
            points = [f"[{', '.join(map(yaml.quoted, one.point_names))}]" for one in named]
            numbers = [self.numbers[one.name] for one in named]
            lines += ["kpt_names:", *(f"  {i}: {names}" for i, names in zip(numbers, points, strict=True))]
        for key, (first, *rest) in self.writing.extra(source).get("yaml", {}).items():
            lines += [f"{key}: {first}".rstrip(), *rest]
        return "\n".join(lines) + "\n"


def _class_numbers(source) -> dict[str, int]:
    """Class names to numbers: those of a YOLO set, else in the order of the classes."""
    names = source.class_names
    kept = {one.name: one.id for one in source.classes} if source.format == "yolo" else {}
    if kept and all(name in kept and kept[name] is not None for name in names):
        return kept
    return {name: number for number, name in enumerate(names)}


def _fractions(bounds: tuple, size: tuple[int, int]) -> tuple:
    """Centre and size, in the shortest decimals that read back to the same box."""
    x0, y0, x1, y1 = bounds
    height, width = size
    (cx, w), (cy, h) = _centred(x0, x1, width), _centred(y0, y1, height)
    return cx, cy, w, h


def _centred(start: float, stop: float, side: int) -> tuple[float, ...]:
    guess = ((start + stop) / 2 / side, (stop - start) / side)
    return decimals_for(guess, lambda pair: edges(*pair, side) == (start, stop))


def _flat(points: np.ndarray, size: tuple[int, int]) -> tuple:
    """x, y, x, y, ... in fractions."""
    height, width = size
    fractions = ((_fraction(x, width), _fraction(y, height)) for x, y in points.tolist())
    return tuple(value for pair in fractions for value in pair)


def _fraction(value: float, side: int) -> float:
    return decimal_for(value / side, lambda number: number * side == value)
