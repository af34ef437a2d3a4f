"""Annotating image after image, and what is written meanwhile."""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from ..annotation._convert import with_objects_of_map, with_outlines
from ..io import ImageRecord
from ..io._files import write_atomic
from ..io._journal import JournalWriter
from ..utils._parallel import n_threads, run_blocks
from ..utils._progress import Progress
from ._arguments import remark
from ._images import ImageFile
from ._labeller import Labeller, sure_objects


def open_writer(
    options: argparse.Namespace, labeller: Labeller, images: Sequence[ImageFile]
) -> JournalWriter:
    """The writer of the format that is asked for; it may have found what an interrupted run has left."""
    settings = dict(options.option)
    if options.format == "yolo":
        settings.setdefault("kind", _yolo_kind(labeller))
    if options.format == "label-studio":
        settings = {"source": "predictions", "model_version": options.model.stem} | settings
    task = {
        "model": hashlib.sha256(options.model.read_bytes()).hexdigest(),
        "options": settings,
        "min_score": options.min_score,
        "uncertainty": options.uncertainty is not None,
    }
    names = [image.name for image in images]
    try:
        return JournalWriter(
            options.out, options.format, names, classes=labeller.classes, task=task, **settings
        )
    except TypeError as error:  # an option that the format does not have
        raise ValueError(str(error)) from None


def _yolo_kind(labeller: Labeller) -> str:
    """Of boxes, outlines and key points what the model tells: a YOLO folder holds one of them."""
    names = {type(head).__name__ for head in labeller.model._heads().values()}
    if names & {"PoseHead", "MultiPoseHead"}:
        return "pose"
    return "segment" if names & {"InstancesHead", "PixelsHead", "RegionsHead"} else "detect"


class Job:
    """Annotates images that are not done yet; ``skipped`` says why some could not be."""

    def __init__(self, options: argparse.Namespace, labeller: Labeller, writer: JournalWriter):
        self.options, self.labeller, self.writer = options, labeller, writer
        self.skipped: dict[str, str] = {}

    def work(self, images: Sequence[ImageFile]) -> None:
        """As many images at a time as there are threads."""
        left = [image for image in images if image.name not in self.writer.done]
        step = n_threads(self.options.jobs)
        with Progress(len(images), "annotate", enabled=not self.options.quiet) as bar:
            bar.step(n=len(images) - len(left))
            for first in range(0, len(left), step):
                batch = left[first : first + step]
                for image, told in zip(batch, run_blocks(self._told, batch, step), strict=True):
                    self._keep(image, told)
                    bar.step(image.name)

    def _told(self, image: ImageFile) -> tuple[ImageRecord, dict] | ValueError:
        """The record and its note, or why there is none."""
        try:
            pixels = self.labeller.read(image)
            try:
                if self.options.uncertainty is None:
                    return self.labeller.tell(image.name, pixels), {}
                record, unsure = self.labeller.tell_unsure(image.name, pixels)
                return record, {"uncertainty": unsure}
            except ValueError as error:
                return ValueError(f"{image.path}: {error}")
        except ValueError as error:
            return error

    def _keep(self, image: ImageFile, told: tuple[ImageRecord, dict] | ValueError) -> None:
        if not isinstance(told, ValueError):
            record, note = told
            return self.writer.add(self._as_held(record), **note)
        if self.options.on_error == "raise":
            raise ValueError(f"{told}; --on-error skip leaves such images out")
        self.skipped[image.name] = str(told)
        return remark(self.options, f"left out: {told}")

    def _as_held(self, record: ImageRecord) -> ImageRecord:
        """The record in the shapes that the format has a place for."""
        record = sure_objects(record, self.options.min_score)
        if self.options.format != "voc":
            record = with_objects_of_map(record)
        return with_outlines(record) if self.options.format == "yolo" else record

    def write_uncertainty(self, path: Path) -> None:
        """Names of images and how unsure the model is of each, as CSV, the least sure one first."""
        values = {name: note["uncertainty"] for name, note in self.writer.done.items()}
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["file", "uncertainty"])
        table.writerows(sorted(values.items(), key=lambda row: (-row[1], row[0])))
        write_atomic(path, text.getvalue().encode())
