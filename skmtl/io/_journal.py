"""Annotations written image by image, so that an interrupted run can go on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._api import writer_of
from ._context import Writing
from ._files import dump_json
from ._names import output_names
from ._problems import Report
from ._record_json import from_json, to_json
from ._records import AnnotationSet, ClassRecord, ImageRecord

#: Files of folder formats that tell of all images.
LISTS = {"voc": ("labelmap.txt",), "yolo": ("data.yaml", "images.txt"), "labelme": ()}
COUNTS = ("dropped", "noted")
NOTHING, IMAGES, LISTS_ALONE = frozenset(), frozenset({False}), frozenset({True})
EVERYTHING = IMAGES | LISTS_ALONE
VERSION = 1


class JournalWriter:
    """Write annotations one image at a time, beside a journal that says which are done.

    In a format of one file (COCO, CVAT, Label Studio) the images wait in the journal, a text file with a line
    of JSON for each, and `close` writes the file. In the others each image's files are written at once, and
    `close` adds the lists. Every file appears whole or not at all, and `close` removes the journal. A writer
    that finds a journal of the same task goes on with it; a last line that was cut short does not count.

    Parameters
    ----------
    path : path
        As in `write_annotations`. The journal is ``path`` with ``.journal`` at its end.
    format : str
        One of ``FORMATS``.
    names : sequence of str
        The file names of all images, in the order in which they are to be written.
    classes : sequence of ClassRecord
    task : mapping of JSON values
        What the predictions depend on: a journal of another task is refused.
    **options
        As in `write_annotations`.

    Attributes
    ----------
    done : dict of str to dict
        The notes of images that are written, by file name.
    report : Report

    Raises
    ------
    ValueError
        A journal of another task; two images that would have one annotation file.
    """

    def __init__(
        self,
        path,
        format: str,
        names: Sequence[str],
        *,
        classes: Sequence[ClassRecord] = (),
        task: Mapping[str, Any],
        **options,
    ):
        self.path, self.format, self.names = Path(path), format, list(names)
        self.classes, self.options = tuple(classes), options
        self.writer = writer_of(format, self.path, options)
        self.journal = self.path.with_name(f"{self.path.name}.journal")
        self.head = {"journal": VERSION, "format": format, "task": dict(task)}
        if format in LISTS:
            output_names(self._writing([ImageRecord(name) for name in self.names]))
        self.done = self._stopped()

    def __enter__(self) -> JournalWriter:
        self.journal.parent.mkdir(parents=True, exist_ok=True)
        self.lines = self.journal.open("ab")
        if not self.lines.tell():
            self._append(self.head)
        return self

    def __exit__(self, *error) -> None:
        self.lines.close()

    def add(self, image: ImageRecord, **note) -> None:
        """Write one image; ``note`` is kept in ``done``."""
        line = {"name": image.file_name, "note": note}
        if self.format in LISTS:
            report, bare = self._write([image], IMAGES), self._write([], NOTHING)
            # What a format cannot hold of the classes counts once, in `close`.
            line |= {name: dict(getattr(report, name) - getattr(bare, name)) for name in COUNTS}
        else:
            line["image"] = to_json(image)
        self._append(line)
        self.done[image.file_name] = note

    def close(self) -> Report:
        """Write what tells of all images, in the order of ``names``, and remove the journal.

        Returns what the format could not hold, and what it holds in another form, of all images.
        """
        self.lines.close()
        lines = {line["name"]: line for line in self._read(self.journal.read_bytes())[1:]}
        lines = [lines[name] for name in self.names if name in lines]
        images = [from_json(one["image"]) if "image" in one else ImageRecord(one["name"]) for one in lines]
        report = self._write(images, LISTS_ALONE if self.format in LISTS else EVERYTHING)
        for name in COUNTS:
            for line in lines:
                getattr(report, name).update(line.get(name, {}))
        self.journal.unlink()
        return report

    def _write(self, images: list[ImageRecord], saved: frozenset) -> Report:
        writing = self._writing(images, saved)
        self.writer(writing, **self.options)
        return writing.report

    def _writing(self, images: list[ImageRecord], saved: frozenset = NOTHING) -> _Chosen:
        return _Chosen(self.path, self.format, AnnotationSet(images, self.classes), saved=saved)

    # ------------------------------------------------------------------------------- the journal

    def _append(self, line: dict) -> None:
        self.lines.write(dump_json(line))
        self.lines.flush()

    def _stopped(self) -> dict[str, dict]:
        """The notes of a run that was interrupted; a line that was cut short is taken off."""
        if not self.journal.exists():
            return {}
        whole = self.journal.read_bytes()
        whole = whole[: whole.rfind(b"\n") + 1]
        if not whole:
            self.journal.unlink()
            return {}
        head, *lines = self._read(whole)
        if head != json.loads(dump_json(self.head)):
            raise ValueError(
                f"{self.journal} is of a run with another model, format or options: finish that run, or "
                "delete the file to begin anew"
            )
        with self.journal.open("r+b") as file:
            file.truncate(len(whole))
        return {line["name"]: line["note"] for line in lines}

    def _read(self, whole: bytes) -> list[dict]:
        try:
            lines = [json.loads(line) for line in whole.splitlines()]
            if not all(isinstance(line, dict) and "name" in line and "note" in line for line in lines[1:]):
                raise ValueError("a line without a name")
        except ValueError as error:
            raise ValueError(f"{self.journal} is damaged ({error}): delete it to begin anew") from None
        return lines


@dataclass(frozen=True)
class _Chosen(Writing):
    """Saves some of the files: those that tell of all images (True), those of single images (False)."""

    saved: frozenset = NOTHING

    def save(self, path: Path, data: bytes) -> None:
        if (path.parent == self.path and path.name in LISTS.get(self.format, ())) in self.saved:
            super().save(path, data)
