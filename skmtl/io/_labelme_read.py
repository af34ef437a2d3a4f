"""Reading LabelMe: one JSON file an image, every kind of shape."""

from __future__ import annotations

import base64
import binascii
import math
import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from . import _checks as check
from ._context import Reading
from ._files import inner_path, list_files, safe_join
from ._image_size import size_of
from ._png import read_png
from ._problems import Bad, FormatError
from ._records import AnnotationSet, ImageRecord, ObjectRecord, Tag
from ._rle import RLE

VERSION = "5.0.0"  # what is written where nothing else was read
_IMAGE = {"version", "flags", "shapes", "imagePath", "imageData", "imageHeight", "imageWidth"}
_SHAPE = {"label", "points", "group_id", "description", "shape_type", "flags", "mask"}


def read(path, reading: Reading, keep_image_data: bool = False) -> AnnotationSet:
    """LabelMe annotations.

    Parameters
    ----------
    path : path or list of paths
        A JSON file, a folder of them (with folders inside), or a list.
    keep_image_data : bool, default=False
        Keep the image that a file may hold (base64 text) in ``extra``; otherwise it is counted as
        dropped, because it is many times larger than the annotations.

    Notes
    -----
    Rectangles become boxes; circles become ellipses; points become objects with one key point; a mask
    becomes an RLE of the whole image. The flags of a shape become attributes, those of the image tags.
    """
    images = list(iterate(path, reading, keep_image_data))
    return AnnotationSet(images, (), "labelme", {}, reading.report)


def iterate(path, reading: Reading, keep_image_data: bool = False) -> Iterator[ImageRecord]:
    """The images of `read`, one at a time."""
    files = list_files(path, [".json"])
    if not files:
        raise FormatError(path, "", "holds no JSON file")
    root = Path(path) if not isinstance(path, (list, tuple)) and Path(path).is_dir() else None
    for file in files:
        try:
            yield _image(file, root, reading, keep_image_data)
        except FormatError as error:
            reading.failed(error)
        except Bad as bad:
            reading.guard(file).handle("", bad, "image")


def _image(file: Path, root: Path | None, reading: Reading, keep_image_data: bool) -> ImageRecord:
    content = reading.json(file)
    if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
        raise Bad("not a LabelMe file: there is no list of shapes")
    height, width = _size(content, file, reading)
    shapes = _Shapes((height, width), reading)
    objects = reading.guard(file).each(content["shapes"], shapes.object, lambda i, _: f"shapes[{i}]", "shape")
    flags = check.mapping(content.get("flags") or {}, "flags")
    name, extra = _name(content.get("imagePath"), file, root)
    extra |= {key: value for key, value in content.items() if key not in _IMAGE}
    if content.get("version", VERSION) != VERSION:
        extra["version"] = content["version"]
    if content.get("imageData") is not None:
        if keep_image_data:
            extra["imageData"] = content["imageData"]
        else:
            reading.drop("embedded image")
    tags = [Tag(key, check.flag(value, f"flags.{key}")) for key, value in flags.items()]
    return ImageRecord(name, height, width, objects, tags, extra=extra)


def _size(content: dict, file: Path, reading: Reading) -> tuple[int | None, int | None]:
    """As the file says it, else from the image beside it."""
    height, width = content.get("imageHeight"), content.get("imageWidth")
    if height is None or width is None:
        try:
            image = safe_join(file.parent, content.get("imagePath"))
            return size_of(image, reading.max_pixels) if image.is_file() else (None, None)
        except Bad:
            return None, None
    return check.image_size(height, width, reading.max_pixels)


def _name(image_path, file: Path, root: Path | None) -> tuple[str, dict]:
    """The image's path seen from the folder that is read; ``extra`` keeps what was written."""
    written = check.text(image_path, "imagePath")
    folder = file.parent.relative_to(root).as_posix() if root else ""
    name = posixpath.normpath(posixpath.join(folder, written.replace("\\", "/")))
    try:
        inner_path(name, "imagePath")
    except Bad:
        name = PurePosixPath(name).name
    plain = posixpath.normpath(posixpath.join(folder, posixpath.basename(name)))
    return name, {} if name == plain and posixpath.basename(name) == written else {"imagePath": written}


class _Shapes:
    """Shapes of one image to objects."""

    def __init__(self, size: tuple, reading: Reading):
        self.size, self.reading = size, reading

    def object(self, item) -> ObjectRecord:
        item = check.mapping(item)
        kind = item.get("shape_type") or "polygon"
        if not isinstance(kind, str) or kind not in _KINDS:
            raise Bad(f"unknown shape_type {check.short(kind)}; known are {sorted(_KINDS)}", ".shape_type")
        points = check.pairs(check.need(item, "points"), ".points")
        if kind in _N_POINTS and len(points) not in _N_POINTS[kind]:
            raise Bad(f"a {kind} of {len(points)} points", ".points")
        fields = getattr(self, f"_{kind}")(points, item)
        extra = {key: value for key, value in item.items() if key not in _SHAPE}
        group = item.get("group_id")
        return ObjectRecord(
            check.text(check.need(item, "label"), ".label"),
            group=None if group is None else check.integer(group, ".group_id", -(2**53)),
            attributes=_attributes(item),
            extra=extra | fields.pop("extra", {}),
            **fields,
        )

    def _rectangle(self, points: np.ndarray, item: dict) -> dict:
        (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        plain = len(points) == 2 and points.tolist() == [[x0, y0], [x1, y1]]
        fields: dict = {"box": check.box((x0, y0, x1, y1), self.size, ".points")}
        if len(points) == 4 and not _is_upright(points):
            raise Bad("a rectangle of 4 points that is not upright", ".points")
        return fields if plain else fields | {"extra": {"points": points.tolist()}}

    def _circle(self, points: np.ndarray, item: dict) -> dict:
        """Centre and a point on the circle."""
        (cx, cy), radius = points[0].tolist(), float(math.dist(*points))
        box = check.box((cx - radius, cy - radius, cx + radius, cy + radius), self.size, ".points")
        return {"box": box, "ellipse": True, "extra": {"points": points.tolist()}}

    def _polygon(self, points: np.ndarray, item: dict) -> dict:
        return {"polygons": [check.outline(points.ravel(), ".points")]}

    def _line(self, points: np.ndarray, item: dict) -> dict:
        return {"line": points, "extra": {"shape_type": "line"}}

    def _linestrip(self, points: np.ndarray, item: dict) -> dict:
        return {"line": points}

    def _point(self, points: np.ndarray, item: dict) -> dict:
        return {"points": _visible(points)}

    def _points(self, points: np.ndarray, item: dict) -> dict:
        return {"points": _visible(points), "extra": {"shape_type": "points"}}

    def _mask(self, points: np.ndarray, item: dict) -> dict:
        """A PNG that covers the box from the first to the last point, ends included."""
        if self.size[0] is None:
            raise Bad("a mask in an image of unknown size", ".mask")
        try:
            data = base64.b64decode(check.text(item.get("mask"), ".mask"), validate=True)
            patch = read_png(data, self.reading.max_pixels).pixels
            (x0, y0), (x1, y1) = points.tolist()
            mask = RLE.from_patch(self.size, np.atleast_3d(patch)[..., 0], int(x0), int(y0))
        except (binascii.Error, ValueError) as error:
            raise Bad(str(error), ".mask") from None
        except Bad as bad:
            raise Bad(bad.problem, ".mask") from None
        return {"mask": mask, "box": check.box((x0, y0, x1 + 1, y1 + 1), self.size, ".points")}


_KINDS = {"rectangle", "circle", "polygon", "line", "linestrip", "point", "points", "mask"}
_N_POINTS = {"rectangle": (2, 4), "circle": (2,), "line": (2,), "point": (1,), "mask": (2,)}


def _is_upright(points: np.ndarray) -> bool:
    return all(len(set(points[:, axis].tolist())) == 2 for axis in (0, 1))


def _visible(points: np.ndarray) -> np.ndarray:
    return np.column_stack([points, np.full(len(points), 2.0)])


def _attributes(item: dict) -> dict:
    flags = check.mapping(item.get("flags") or {}, ".flags")
    attributes: dict = {key: check.flag(value, f".flags.{key}") for key, value in flags.items()}
    if item.get("description"):
        attributes["description"] = check.text(item["description"], ".description")
    return attributes
