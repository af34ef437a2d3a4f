"""Reading Label Studio JSON: tasks with annotations or predictions, coordinates in percent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from . import _checks as check
from ._brush import decode_brush
from ._context import Reading
from ._geometry import turned
from ._image_size import SUFFIXES
from ._problems import Bad, FormatError
from ._records import AnnotationSet, ImageRecord, ObjectRecord, Tag

SOURCES = ("annotations", "predictions")
GEOMETRY = {
    "rectangle": {"x", "y", "width", "height", "rotation"},
    "ellipse": {"x", "y", "radiusX", "radiusY", "rotation"},
    "polygon": {"points"},
    "keypoint": {"x", "y"},
    "brush": {"format", "rle"},
}
# A region and its label may stand in one result ("rectanglelabels") or in two of one id.
KINDS = {name + end: name for name in GEOMETRY for end in ("", "labels")}


def read(path: Path, reading: Reading, source: str = "annotations") -> AnnotationSet:
    """A Label Studio export: a JSON array of tasks.

    Parameters
    ----------
    source : {"annotations", "predictions"}, default="annotations"
        What people drew, or what models proposed. The other of the two is kept as it is.

    Notes
    -----
    A task annotated by two people gives two records of the same file. Annotations that were
    cancelled are kept for writing only. A task without any gives a record without objects, and is
    counted: it has not been looked at, which is not the same as an image with nothing in it.
    """
    if source not in SOURCES:
        raise ValueError(f"source must be one of {SOURCES}, got {source!r}")
    content = reading.json(path)
    content = [content] if isinstance(content, dict) and "data" in content else content
    tasks = content if isinstance(content, list) else [None]
    if not all(isinstance(task, dict) and "data" in task for task in tasks):
        raise FormatError(path, "", "not Label Studio JSON: expected a JSON array of tasks that have data")
    guard = reading.guard(path)
    made = guard.each(
        content, lambda task: list(_records(task, reading, guard, source)), lambda i, _: f"[{i}]", "task"
    )
    images = [image for images in made for image in images]
    return AnnotationSet(images, (), "label-studio", {"source": source}, reading.report)


def _records(task: dict, reading: Reading, guard, source: str) -> Iterator[ImageRecord]:
    """One record for each annotation of a task, or one without objects."""
    data = check.mapping(task["data"], ".data")
    name = _file_name(data)
    entries = check.sequence(task.get(source) or [], f".{source}")
    entries = [check.mapping(entry, f".{source}[{i}]") for i, entry in enumerate(entries)]
    used = [entry for entry in entries if not entry.get("was_cancelled")]
    rest = {key: value for key, value in task.items() if key != source}
    extra = {"task": rest}
    if len(used) < len(entries):
        extra["cancelled"] = [entry for entry in entries if entry.get("was_cancelled")]
    if not used:
        reading.report.noted["task without an annotation"] += 1
        size = _data_size(data, reading)
        yield ImageRecord(name, *size, id=task.get("id"), extra=extra)
    for number, entry in enumerate(used):
        entry_guard = _Place(guard, f".{source}[{number}]")
        parsed = _Entry(entry, data, reading, entry_guard)
        header = {key: value for key, value in entry.items() if key != "result"}
        kept = {**extra, "entry": header, **({"others": parsed.others} if parsed.others else {})}
        yield ImageRecord(name, *parsed.size, parsed.objects, parsed.tags, id=task.get("id"), extra=kept)
        extra = {"task": rest}


class _Place:
    """Adds where in the task we are to what a guard reports."""

    def __init__(self, guard, place: str):
        self.guard, self.place = guard, place

    def handle(self, place: str, bad: Bad, what: str) -> None:
        if self.guard.on_error == "raise":
            raise Bad(bad.problem, f"{self.place}{place}{bad.where}")
        self.guard.handle(f"{self.place}{place}", bad, what)


def _file_name(data: dict) -> str:
    """The value that names the image: the key "image", or the only one that looks like an image."""
    texts = {key: value for key, value in data.items() if isinstance(value, str) and value}
    if "image" in texts:
        return texts["image"]
    images = [value for value in texts.values() if PurePosixPath(value).suffix.lower() in SUFFIXES]
    if len(images) != 1:
        raise Bad(f"{len(images)} images among the data of the task, expected one", ".data")
    return images[0]


def _data_size(data: dict, reading: Reading) -> tuple[int | None, int | None]:
    """A size that was written into the data; most files have none."""
    try:
        return check.optional_size(data.get("height"), data.get("width"), reading.max_pixels)
    except Bad:
        return None, None


class _Entry:
    """One annotation or prediction: its regions and choices."""

    def __init__(self, entry: dict, data: dict, reading: Reading, guard):
        self.reading, self.guard = reading, guard
        self.objects: list[ObjectRecord] = []
        self.tags: list[Tag] = []
        self.others: list[dict] = []
        results = check.sequence(entry.get("result") or [], ".result")
        self.size = self._size(results, data)
        self.labels = {one.get("id"): one for one in results if isinstance(one, dict) and _is_label(one)}
        for number, item in enumerate(results):
            try:
                self._take(check.mapping(item))
            except Bad as bad:
                self.guard.handle(f".result[{number}]", bad, "result")

    def _size(self, results: list, data: dict) -> tuple[int | None, int | None]:
        """The size that the results of this image agree on."""
        sizes = [(one.get("original_height"), one.get("original_width")) for one in results if _says(one)]
        regions = [one for one in results if isinstance(one, dict) and _kind(one) in KINDS]
        targets = {check.short(one.get("to_name")) for one in regions}
        if any(size != sizes[0] for size in sizes) or len(targets) > 1:
            raise Bad("a task of several images is not read", ".result")
        if not sizes:
            return _data_size(data, self.reading)
        return check.image_size(*sizes[0], self.reading.max_pixels)

    def _take(self, item: dict) -> None:
        kind = _kind(item)
        if kind in KINDS:
            self.objects.append(self._object(item, KINDS[kind]))
        elif kind == "choices" and "x" not in check.mapping(item.get("value", {}), ".value"):
            self.tags += self._choices(item)
        else:
            if not _is_label(item):
                self.reading.drop(f"result of type {check.short(kind)}")
            self.others.append(item)

    def _choices(self, item: dict) -> list[Tag]:
        value = check.mapping(item.get("value"), ".value")
        names = check.sequence(check.need(value, "choices"), ".value.choices")
        original = {key: value for key, value in item.items() if key != "value"}
        score = check.score(item.get("score"))
        names = [check.text(name, ".value.choices") for name in names]
        return [Tag(name, True, score, item.get("id"), extra={"original": original}) for name in names]

    def _object(self, item: dict, kind: str) -> ObjectRecord:
        if self.size[0] is None:
            raise Bad("original_width and original_height are missing: percent of what?")
        value = check.mapping(check.need(item, "value"), ".value")
        fields = getattr(self, f"_{kind}")(value)
        original = {key: one for key, one in item.items() if key != "value"}
        # Four numbers are kept as they are, to be written back if the box is still the same.
        drop = set() if kind in ("rectangle", "ellipse") else GEOMETRY[kind]
        original["value"] = {key: one for key, one in value.items() if key not in drop}
        labels = value.get(item["type"]) or self._labels_of(item.get("id"))
        labels = [check.text(one, ".value") for one in check.sequence(labels, f".value.{item['type']}")]
        attributes = {"further_labels": labels[1:]} if len(labels) > 1 else {}
        return ObjectRecord(
            labels[0] if labels else None,
            score=check.score(item.get("score")),
            id=item.get("id"),
            attributes=attributes,
            extra={"original": original},
            **fields,
        )

    def _labels_of(self, number) -> list:
        """The labels in another result of the same region."""
        other = self.labels.get(number, {}) if isinstance(number, (str, int)) else {}
        return check.mapping(other.get("value", {}), ".value").get("labels", []) if other else []

    def _rectangle(self, value: dict) -> dict:
        corners, rotation = rectangle(value, self.size)
        # What reaches into the image from where is known only of an upright box.
        size = (None, None) if rotation else self.size
        return {"box": check.box(corners, size, ".value"), "rotation": rotation}

    def _ellipse(self, value: dict) -> dict:
        corners, rotation = ellipse(value, self.size)
        return {"box": check.box(corners, self.size, ".value"), "ellipse": True, "rotation": rotation}

    def _polygon(self, value: dict) -> dict:
        least = 2 if value.get("closed") is False else 3
        percents = check.pairs(check.need(value, "points"), ".value.points", least)
        points = percents / 100 * (self.size[1], self.size[0])
        return {"line": points} if least == 2 else {"polygons": [points]}

    def _keypoint(self, value: dict) -> dict:
        return {"points": [[*_pixels(value, self.size, ("x", "y")), 2.0]]}

    def _brush(self, value: dict) -> dict:
        if value.get("format") != "rle":
            raise Bad(f"expected 'rle', got {check.short(value.get('format'))}", ".value.format")
        codes = check.sequence(check.need(value, "rle"), ".value.rle")
        if not all(type(code) is int and 0 <= code < 256 for code in codes):
            raise Bad("expected bytes from 0 to 255", ".value.rle")
        try:
            return {"mask": decode_brush(bytes(codes), self.size)}
        except Bad as bad:
            raise Bad(bad.problem, ".value.rle") from None


_ACROSS = ("x", "width", "radiusX")


def _percents(value: dict, names: tuple[str, ...]) -> list[float]:
    return [check.coordinate(check.need(value, name), f".value.{name}") for name in names]


def _pixels(value: dict, size: tuple[int, int], names: tuple[str, ...]) -> list[float]:
    """Percent of the width for x and width, percent of the height for y and height."""
    sides = [size[1] if name in _ACROSS else size[0] for name in names]
    return [percent / 100 * side for percent, side in zip(_percents(value, names), sides, strict=True)]


def rectangle(value: dict, size: tuple[int, int]) -> tuple[tuple, float]:
    """Box and rotation about its centre; in the file the rectangle is turned about ``x``, ``y``."""
    rotation = check.number(value.get("rotation") or 0, ".value.rotation")
    names, (height, width) = ("x", "y", "width", "height"), size
    if not rotation:
        x, y, w, h = _percents(value, names)
        return (x / 100 * width, y / 100 * height, (x + w) / 100 * width, (y + h) / 100 * height), 0.0
    x, y, w, h = _pixels(value, size, names)
    cx, cy = turned(np.array([[w / 2, h / 2]]), (0.0, 0.0), rotation)[0].tolist()
    return (x + cx - w / 2, y + cy - h / 2, x + cx + w / 2, y + cy + h / 2), rotation


def ellipse(value: dict, size: tuple[int, int]) -> tuple[tuple, float]:
    """Box around the ellipse before it is turned, and its rotation."""
    cx, cy, rx, ry = _pixels(value, size, ("x", "y", "radiusX", "radiusY"))
    rotation = check.number(value.get("rotation") or 0, ".value.rotation")
    return (cx - rx, cy - ry, cx + rx, cy + ry), rotation


def _says(item) -> bool:
    """Whether a result states the size of its image."""
    return isinstance(item, dict) and item.get("original_width") is not None


def _kind(item: dict) -> str:
    """The type of a result as text, whatever the file holds there."""
    return str(item.get("type"))


def _is_label(item: dict) -> bool:
    return item.get("type") == "labels" and isinstance(item.get("id"), (str, int))
