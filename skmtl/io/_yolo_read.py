"""Reading YOLO text labels: boxes, polygons and key points in fractions of the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from . import _checks as check
from ._context import Reading
from ._problems import Bad, FormatError
from ._records import AnnotationSet, ImageRecord, ObjectRecord
from ._yolo_layout import Labels, YoloFolder

# Fractions lie in [0, 1]; drawn outlines reach out a little; 1.5 and more can only be pixels.
_REACH = 0.5


def read(
    path,
    reading: Reading,
    class_names: Sequence[str] | None = None,
    image_sizes: Mapping[str, tuple[int, int]] | tuple[int, int] | None = None,
    point_shape: tuple[int, int] | None = None,
) -> AnnotationSet:
    """YOLO labels.

    Parameters
    ----------
    path : path or list of paths
        The folder with ``data.yaml`` (or ``classes.txt``, ``obj.names``) and ``labels``; the yaml
        file itself; a folder of text files; a list of them.
    class_names : sequence of str, default=None
        Names of classes 0, 1, ...; by default from the files named above, or else the numbers.
    image_sizes : mapping or (int, int), default=None
        (height, width) by file name or by file name without suffix, or one for all. By default it is
        read from the image itself: ``images`` in place of ``labels``, or beside the text file.
    point_shape : (int, int), default=None
        Number of key points and of numbers a point (2: x, y; 3: x, y, visibility), as ``kpt_shape``
        in the yaml file. Without it a line of many numbers is a polygon.
    """
    folder = YoloFolder(path, reading, class_names, point_shape)
    images = list(_images(folder, reading, image_sizes))
    return AnnotationSet(images, folder.classes(), "yolo", folder.extra(), reading.report)


def iterate(
    path,
    reading: Reading,
    class_names: Sequence[str] | None = None,
    image_sizes: Mapping[str, tuple[int, int]] | tuple[int, int] | None = None,
    point_shape: tuple[int, int] | None = None,
) -> Iterator[ImageRecord]:
    """The images of `read`, one at a time."""
    yield from _images(YoloFolder(path, reading, class_names, point_shape), reading, image_sizes)


def _images(folder: YoloFolder, reading: Reading, image_sizes) -> Iterator[ImageRecord]:
    parser = _Parser(folder, reading)
    for labels in folder.labels():
        try:
            size = folder.size_of(labels, image_sizes)
            yield ImageRecord(labels.name, *size, parser.objects(labels, size), subset=labels.subset)
        except FormatError as error:
            reading.failed(error)
        except Bad as bad:
            reading.guard(labels.file or labels.image or folder.root).handle("", bad, "image")


class _Parser:
    """Lines of label files to objects."""

    def __init__(self, folder: YoloFolder, reading: Reading):
        self.folder, self.reading = folder, reading

    def objects(self, labels: Labels, size: tuple[int, int]) -> list[ObjectRecord]:
        if labels.file is None:
            return []
        lines = enumerate(self.reading.text(labels.file).splitlines(), start=1)
        lines = [(number, line) for number, line in lines if line.strip()]
        return self.reading.guard(labels.file).each(
            lines, lambda one: self._object(one[1], size), lambda _, one: f"line {one[0]}", "object"
        )

    def _object(self, line: str, size: tuple[int, int]) -> ObjectRecord:
        words = line.split()
        label = self.folder.label(check.integer(words[0], " class"))
        values = np.array([check.number(word) for word in words[1:]])
        shape = self.folder.point_shape
        n_points = shape[0] * shape[1] if shape else 0
        if shape and len(values) in (4 + n_points, 5 + n_points):
            return self._pose(label, values, size, n_points)
        if len(values) in (4, 5):
            return ObjectRecord(label, self._box(values[:4], size), score=_rest(values, 4))
        if len(values) >= 6:
            even = len(values) // 2 * 2
            outline = self._scaled(values[:even].reshape(-1, 2), size)
            return ObjectRecord(label, polygons=[outline], score=_rest(values, even))
        raise Bad(f"expected a class and 4 numbers or more, got {len(words)} words")

    def _pose(self, label: str, values: np.ndarray, size: tuple, n_points: int) -> ObjectRecord:
        flat = values[4 : 4 + n_points].reshape(self.folder.point_shape)
        xy = self._scaled(flat[:, :2], size)
        if flat.shape[1] == 3:
            visible = flat[:, 2]
        else:
            visible = np.where((flat == 0).all(axis=1), 0, 2)
        points = check.points(np.column_stack([xy, visible]).ravel(), " points")
        box = self._box(values[:4], size)
        return ObjectRecord(label, box, points=points, score=_rest(values, 4 + n_points))

    def _scaled(self, xy: np.ndarray, size: tuple) -> np.ndarray:
        if (xy < -_REACH).any() or (xy > 1 + _REACH).any():
            raise Bad("coordinates are fractions of the image; these look like pixels")
        return xy * (size[1], size[0])

    def _box(self, values: np.ndarray, size: tuple) -> tuple:
        if (values < -_REACH).any() or (values > 1 + _REACH).any():
            raise Bad("a box is centre and size as fractions of the image; these look like pixels")
        return check.box(corners(tuple(values.tolist()), size), size, " box")


def _rest(values: np.ndarray, start: int) -> float | None:
    """The confidence that a detector writes as the last number."""
    return float(values[start]) if len(values) > start else None


def corners(fractions: tuple, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 in pixels of a box given by centre and size in fractions."""
    cx, cy, w, h = fractions
    (x0, x1), (y0, y1) = edges(cx, w, size[1]), edges(cy, h, size[0])
    return x0, y0, x1, y1


def edges(centre: float, extent: float, side: int) -> tuple[float, float]:
    """First and last edge in pixels of an extent given in fractions of a side."""
    return (centre - extent / 2) * side, (centre + extent / 2) * side
