"""The one form in memory that every annotation format is read into and written from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from ._geometry import bounds_of
from ._label_map import LabelMap
from ._problems import Report
from ._rle import RLE


class _ByValue:
    """Equality of dataclasses that hold arrays: same shapes, same numbers, NaN equal to NaN."""

    def __eq__(self, other) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [f.name for f in fields(self) if f.compare]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None


def _same(a, b) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and np.array_equal(a, b, equal_nan=True)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


def _array(value, columns: int, name: str) -> np.ndarray:
    array = np.array(value, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != columns:
        raise ValueError(f"{name} must have shape (n, {columns}), got {array.shape}")
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class ObjectRecord(_ByValue):
    """One annotated object; it has any of a box, an outline, a line, points and a mask.

    Parameters
    ----------
    label : str or None
        The class; None where the annotator gave none.
    box : (float, float, float, float) or None
        x0, y0, x1, y1 in pixels, the origin at the upper left corner of the upper left pixel: a box
        around that pixel alone is (0, 0, 1, 1).
    polygons : sequence of arrays of shape (n, 2)
        Outlines x, y; the object is their union.
    line : array of shape (n, 2) or None
        An open line x, y.
    points : array of shape (K, 3) or None
        Key points x, y, visibility: 0 not labelled, 1 labelled but hidden, 2 visible.
    mask : RLE or None
        The pixels of the object.
    rotation : float
        Degrees, clockwise as seen on the screen, by which ``box`` is turned about its centre.
    ellipse : bool
        The object is the ellipse inside ``box``, not the rectangle.
    crowd : bool
        The annotation covers a group that was not told apart (COCO's ``iscrowd``).
    score : float or None
        Confidence of a detection; None for what a person drew.
    group : int or None
        Objects of one image with the same number belong together.
    id : int, str or None
        The number or name the file gave it.
    attributes : mapping
        Further facts by name, for instance ``{"occluded": True}``.
    extra : mapping
        Content that only the format it came from can hold, kept so that it can be written back.
    """

    label: str | None = None
    box: tuple[float, float, float, float] | None = None
    polygons: tuple[np.ndarray, ...] = ()
    line: np.ndarray | None = None
    points: np.ndarray | None = None
    mask: RLE | None = None
    rotation: float = 0.0
    ellipse: bool = False
    crowd: bool = False
    score: float | None = None
    group: int | None = None
    id: int | str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.box is not None:
            corners = tuple(float(v) for v in self.box)
            if len(corners) != 4:
                raise ValueError(f"box must be (x0, y0, x1, y1), got {len(corners)} numbers")
            object.__setattr__(self, "box", corners)
        polygons = tuple(_array(polygon, 2, "each of polygons") for polygon in self.polygons)
        object.__setattr__(self, "polygons", polygons)
        for name, columns in (("line", 2), ("points", 3)):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _array(getattr(self, name), columns, name))

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """x0, y0, x1, y1 around the object: its upright box, or else what its finest shape spans."""
        return bounds_of(self)


@dataclass(frozen=True, eq=False)
class Tag(_ByValue):
    """A word about a whole image: its class, or one of several tags.

    ``present`` is False where the annotator said that the tag does *not* hold (LabelMe's flags);
    a tag that is not there at all is simply unknown.
    """

    name: str
    present: bool = True
    score: float | None = None
    id: int | str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ImageRecord(_ByValue):
    """One image and everything annotated in it.

    Parameters
    ----------
    file_name : str
        As the annotation file gives it; never joined to a folder unchecked.
    height, width : int or None
        Pixels; None where the file does not say.
    objects : sequence of ObjectRecord
    tags : sequence of Tag
    label_map : LabelMap or None
        The class of every pixel, 255 where it is not known.
    subset : str or None
        Train, test and so on, where the format says it.
    id : int, str or None
        The number the file gave the image.
    extra : mapping
        Content that only the format it came from can hold.
    """

    file_name: str
    height: int | None = None
    width: int | None = None
    objects: tuple[ObjectRecord, ...] = ()
    tags: tuple[Tag, ...] = ()
    label_map: LabelMap | None = None
    subset: str | None = None
    id: int | str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "objects", tuple(self.objects))
        object.__setattr__(self, "tags", tuple(self.tags))

    @property
    def size(self) -> tuple[int | None, int | None]:
        """Height and width."""
        return self.height, self.width


@dataclass(frozen=True, eq=False)
class ClassRecord(_ByValue):
    """One class: its name, its number in the file, and its key points where it has any.

    ``point_names`` names the K points, ``skeleton`` lists pairs of points (from 0) joined by a bone.
    """

    name: str
    id: int | None = None
    supercategory: str | None = None
    point_names: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class AnnotationSet(_ByValue, Sequence):
    """The images of one annotation file or folder; indexes and splits like an array.

    ``annotations[3]`` is an `ImageRecord`; a slice, a list of numbers or a mask gives a smaller
    ``AnnotationSet`` with the same classes.

    Parameters
    ----------
    images : sequence of ImageRecord
    classes : sequence of ClassRecord
        In the order of the file. Labels of objects need not be listed here.
    format : str or None
        The format that ``extra`` fields belong to.
    extra : mapping
        Content of the file as a whole that only its format can hold.
    report : Report
        What was left out when reading; not part of equality.
    """

    images: tuple[ImageRecord, ...] = ()
    classes: tuple[ClassRecord, ...] = ()
    format: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    report: Report = field(default_factory=Report, compare=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "images", tuple(self.images))
        object.__setattr__(self, "classes", tuple(self.classes))

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[ImageRecord]:
        return iter(self.images)

    def __getitem__(self, index):
        if isinstance(index, tuple) and len(index) == 2 and index[1] is Ellipsis:
            index = index[0]  # how scikit-learn takes rows of anything that has a shape
        if isinstance(index, (int, np.integer)):
            return self.images[index]
        if isinstance(index, slice):
            return replace(self, images=self.images[index])
        index = np.asarray(index)
        if not index.size:
            return replace(self, images=())
        if index.dtype == bool and index.shape != self.shape:
            raise IndexError(f"a mask of shape {index.shape} for {len(self)} images")
        chosen = np.flatnonzero(index) if index.dtype == bool else index
        return replace(self, images=[self.images[i] for i in chosen])

    @property
    def shape(self) -> tuple[int]:
        """(n_images,), as scikit-learn's splitting asks for."""
        return (len(self.images),)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the listed classes, then other labels of objects in order of appearance."""
        names = dict.fromkeys(record.name for record in self.classes)
        labels = (one.label for image in self.images for one in image.objects)
        return tuple({**names, **dict.fromkeys(label for label in labels if label is not None)})

    @property
    def tag_names(self) -> tuple[str, ...]:
        """Names of all tags, in order of appearance."""
        return tuple(dict.fromkeys(tag.name for image in self.images for tag in image.tags))

    def class_of(self, name: str | None) -> ClassRecord | None:
        """The record of a class, or None where it is not listed."""
        return next((record for record in self.classes if record.name == name), None)

    def __repr__(self) -> str:
        objects = sum(len(image.objects) for image in self.images)
        return f"AnnotationSet({len(self)} images, {objects} objects, {len(self.class_names)} classes)"
