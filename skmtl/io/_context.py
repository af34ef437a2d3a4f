"""What every reader and every writer is given besides the path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._checks import MAX_PIXELS
from ._files import MAX_BYTES, load_json, read_bytes, read_text, write_atomic
from ._problems import FormatError, Guard, Report
from ._records import AnnotationSet


@dataclass(frozen=True)
class Reading:
    """How to read: what to do with damage, and how large things may be."""

    on_error: str = "raise"
    max_pixels: int = MAX_PIXELS
    max_bytes: int = MAX_BYTES
    report: Report = field(default_factory=Report)

    def guard(self, path) -> Guard:
        return Guard(path, self.on_error, self.report)

    def drop(self, what: str, count: int = 1) -> None:
        if count:
            self.report.dropped[what] += count

    def failed(self, error: FormatError) -> None:
        """Raise the error of a file, or count the file as skipped."""
        if self.on_error == "raise":
            raise error
        self.report.skip("file", error)

    def json(self, path: Path):
        return load_json(path, self.max_bytes)

    def text(self, path: Path) -> str:
        return read_text(path, self.max_bytes)

    def bytes(self, path: Path) -> bytes:
        return read_bytes(path, self.max_bytes)


@dataclass(frozen=True)
class Writing:
    """Where to write, and the count of what the format cannot hold."""

    path: Path
    format: str
    source: AnnotationSet
    report: Report = field(default_factory=Report)

    def drop(self, what: str, count: int = 1) -> None:
        """Count content that the format cannot hold."""
        if count:
            self.report.dropped[what] += count

    def note(self, what: str, count: int = 1) -> None:
        """Count content that is written in another form."""
        if count:
            self.report.noted[what] += count

    def drop_set(self, record, *names: str) -> None:
        """Count each of the fields of a record that is set, for a format that has no place for them."""
        for name in names:
            value = getattr(record, name)
            empty = value is None or value is False or (isinstance(value, (tuple, dict)) and not value)
            if not empty:
                self.drop(f"{name} of {_WORDS[type(record).__name__]}")

    def drop_classes(self) -> None:
        """Count what a plain list of class names cannot hold."""
        for record in self.source.classes:
            self.drop_set(record, "supercategory", "point_names", "skeleton")
            self.extra(record)

    def extra(self, record) -> Mapping[str, Any]:
        """The record's extra content where it came from this very format; else it is counted."""
        if self.source.format == self.format:
            return record.extra
        for name in _inner_names(record.extra):
            self.drop(f"{self.source.format or 'other'} field {name!r}")
        return {}

    def save(self, path: Path, data: bytes) -> None:
        self.report.files.append(write_atomic(path, data))


# What only repeats other fields, or tells how something was drawn, is no loss.
_REPEATED = {"area", "num_keypoints", "points", "shape_type", "imagePath", "corners", "original"}


def _inner_names(extra: Mapping[str, Any]) -> Iterator[str]:
    """The names of fields, one level down where a field only holds others."""
    for name, value in extra.items():
        if name == "attrib":
            yield from value
        elif name == "elements":
            yield from (node.tag for node in value)
        elif name not in _REPEATED:
            yield name


_WORDS = {"ObjectRecord": "an object", "ImageRecord": "an image", "ClassRecord": "a class", "Tag": "a tag"}


def numbered(ids: Iterable, first: int = 1) -> list[int]:
    """The given numbers where all are integers and differ, else ``first``, ``first + 1``, ..."""
    ids = list(ids)
    whole = all(type(one) is int and one >= 0 for one in ids)
    if whole and max(Counter(ids).values(), default=0) <= 1:
        return ids
    return list(range(first, first + len(ids)))
