"""Writing Label Studio JSON: tasks to import as annotations or as predictions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ._brush import encode_brush
from ._context import Writing
from ._decimals import decimal_for
from ._files import dump_json
from ._geometry import turned
from ._label_studio_read import SOURCES, ellipse, rectangle
from ._records import ImageRecord, Tag
from ._shapes import Shape, shapes_of


def write(writing: Writing, source: str | None = None, model_version: str = "skmtl") -> None:
    """A JSON array of tasks.

    Parameters
    ----------
    source : {"annotations", "predictions"}, default=None
        Where the results go. By default as they were read, or else ``"predictions"`` where an object
        has a score.
    model_version : str, default="skmtl"
        Stands beside new predictions.
    """
    if source not in (None, *SOURCES):
        raise ValueError(f"source must be one of {SOURCES} or None, got {source!r}")
    writing.drop_classes()
    source = source or _source(writing.source)
    tasks: list[dict] = []
    for number, image in enumerate(writing.source, start=1):
        writer = _Task(image, number, source, writing)
        if not (tasks and writer.continues(tasks[-1])):
            tasks.append(writer.task(source))
        entry = writer.entry(model_version)
        tasks[-1][source] += [*([] if entry is None else [entry]), *writer.extra.get("cancelled", [])]
    writing.save(writing.path, dump_json(tasks))


def _source(annotations) -> str:
    if annotations.format == "label-studio":
        return annotations.extra.get("source", SOURCES[0])
    scored = any(one.score is not None for image in annotations for one in (*image.objects, *image.tags))
    return SOURCES[1] if scored else SOURCES[0]


class _Task:
    """One image record as a task, or as one more annotation of the task before."""

    def __init__(self, image: ImageRecord, number: int, source: str, writing: Writing):
        self.image, self.number, self.writing = image, number, writing
        self.predicts = source == "predictions"
        self.extra = writing.extra(image)
        writing.drop_set(image, "label_map", "subset")

    def continues(self, task: dict) -> bool:
        """Whether the record is another annotation of the same task."""
        mine = self.extra.get("task")
        same = mine is not None and mine.get("id") is not None
        return same and task.get("id") == mine["id"] and "entry" in self.extra

    def task(self, source: str) -> dict:
        kept = self.extra.get("task")
        if kept is not None:
            return {**kept, source: []}
        number = self.image.id if type(self.image.id) is int else self.number
        return {"id": number, "data": {"image": self.image.file_name, **self._size()}, source: []}

    def _size(self) -> dict:
        """Results state the size of their image; one that has none says it among its data."""
        if self.image.objects or self.image.height is None:
            return {}
        return {"width": self.image.width, "height": self.image.height}

    def entry(self, model_version: str) -> dict | None:
        """The annotation; None for a task that nobody has annotated."""
        if "task" in self.extra and "entry" not in self.extra:
            return None
        header = dict(self.extra.get("entry", {}))
        if self.predicts and not header:
            header["model_version"] = model_version
            scores = [one.score for one in self.image.objects if one.score is not None]
            header |= {"score": float(np.mean(scores))} if scores else {}
        return header | {"result": [*self._regions(), *self._choices(), *self.extra.get("others", [])]}

    def _regions(self) -> Iterable[dict]:
        if self.image.objects and self.image.height is None:
            raise ValueError(
                f"label-studio needs the size of every image; that of {self.image.file_name!r} is not known"
            )
        for number, shape in enumerate(shapes_of(self.image, self.writing)):
            yield from self._region(shape, number)

    def _region(self, shape: Shape, number: int) -> Iterable[dict]:
        record, size = shape.record, self.image.size
        self.writing.drop_set(record, "crowd", "group")
        attributes = dict(record.attributes)
        labels = [] if record.label is None else [record.label]
        labels += attributes.pop("further_labels", [])
        self.writing.drop("attribute of an object", len(attributes))
        original = dict(self.writing.extra(record).get("original", {}))
        base = {
            "id": record.id if isinstance(record.id, str) else f"{self.number}_{number}",
            "original_width": size[1],
            "original_height": size[0],
            "image_rotation": 0,
            "from_name": "label",
            "to_name": "image",
        }
        if record.score is not None:
            base["score"] = record.score
        kept = original.get("value", {})
        for kind, value in _values(shape, size, kept, self.writing):
            kind = original.get("type", kind if labels else kind.removesuffix("labels"))
            value = {**kept, **value} | ({kind: labels} if kind in kept or (labels and not kept) else {})
            yield base | {**original, "type": kind, "value": value}

    def _choices(self) -> Iterable[dict]:
        """Tags of one origin make one result."""
        groups: dict[object, list[Tag]] = {}
        for tag in self.image.tags:
            if not tag.present:
                self.writing.drop("tag that does not hold")
                continue
            self.writing.drop_set(tag, "attributes")
            original = self.writing.extra(tag).get("original", {})
            groups.setdefault((original.get("id"), original.get("from_name"), tag.score), []).append(tag)
        for number, tags in enumerate(groups.values()):
            original = self.writing.extra(tags[0]).get("original")
            head = {"id": f"{self.number}_choice_{number}", "from_name": "choice", "to_name": "image"}
            if tags[0].score is not None:
                head["score"] = tags[0].score
            yield (original or head) | {"type": "choices", "value": {"choices": [tag.name for tag in tags]}}


def _values(shape: Shape, size: tuple[int, int], kept: dict, writing: Writing) -> Iterable[tuple[str, dict]]:
    """(type, value) of the results that draw a shape; ``kept`` is what the file said of it."""
    if shape.kind == "points":
        writing.drop("hidden or missing point", int((shape.data[:, 2] < 2).sum()))
        for x, y, v in shape.data.tolist():
            if v == 2:
                position = {"x": _percent(x, size[1]), "y": _percent(y, size[0])}
                yield "keypointlabels", position if kept else position | {"width": 0.5}
    elif shape.kind in ("polygon", "line"):
        points = [[_percent(x, size[1]), _percent(y, size[0])] for x, y in shape.data.tolist()]
        closed = {} if kept else {"closed": shape.kind == "polygon"}
        yield "polygonlabels", {"points": points, **closed}
    elif shape.kind == "mask":
        yield "brushlabels", {"format": "rle", "rle": list(encode_brush(shape.data))}
    elif shape.kind == "ellipse":
        same = "radiusX" in kept and ellipse(kept, size) == (shape.record.box, shape.record.rotation)
        yield "ellipselabels", {} if same else _ellipse(shape, size)
    else:
        same = "height" in kept and rectangle(kept, size) == (shape.record.box, shape.record.rotation)
        yield "rectanglelabels", {} if same else _rectangle(shape, size)


def _percent(value: float, side: int) -> float:
    return decimal_for(value * 100 / side, lambda percent: percent / 100 * side == value)


def _rectangle(shape: Shape, size: tuple[int, int]) -> dict:
    (x0, y0, x1, y1), rotation = shape.record.box, shape.record.rotation
    if rotation:
        return _turned(shape.record.box, rotation, size) | {"rotation": rotation}
    x, width = _extent(x0, x1, size[1])
    y, height = _extent(y0, y1, size[0])
    return {"x": x, "y": y, "width": width, "height": height, "rotation": 0}


def _extent(start: float, stop: float, side: int) -> tuple[float, float]:
    """Position and extent in percent that read back to the same edges."""
    first = _percent(start, side)
    guess = stop * 100 / side - first
    return first, decimal_for(guess, lambda extent: (first + extent) / 100 * side == stop)


def _turned(box: tuple, rotation: float, size: tuple[int, int]) -> dict:
    """Label Studio turns about the upper left corner, this package about the centre."""
    x0, y0, x1, y1 = box
    centre = ((x0 + x1) / 2, (y0 + y1) / 2)
    x, y = turned(np.array([[x0, y0]]), centre, rotation)[0].tolist()
    height, width = size
    numbers = (x * 100 / width, y * 100 / height, (x1 - x0) * 100 / width, (y1 - y0) * 100 / height)
    names = ("x", "y", "width", "height")
    return {name: round(v, 11) for name, v in zip(names, numbers, strict=True)}


def _ellipse(shape: Shape, size: tuple[int, int]) -> dict:
    x0, y0, x1, y1 = shape.record.box
    height, width = size
    return {
        "x": round((x0 + x1) * 50 / width, 11),
        "y": round((y0 + y1) * 50 / height, 11),
        "radiusX": round((x1 - x0) * 50 / width, 11),
        "radiusY": round((y1 - y0) * 50 / height, 11),
        "rotation": shape.record.rotation,
    }
