"""Reading, writing and converting annotations of any format."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from . import (
    _coco_read,
    _coco_write,
    _cvat_read,
    _cvat_write,
    _label_studio_read,
    _label_studio_write,
    _labelme_read,
    _labelme_write,
    _voc_read,
    _voc_write,
    _yolo_read,
    _yolo_write,
)
from ._checks import MAX_PIXELS
from ._context import Reading, Writing
from ._detect import detect_format
from ._files import MAX_BYTES
from ._problems import Report
from ._records import AnnotationSet, ImageRecord


class _Format(NamedTuple):
    """One format: how it is read and written, and whether it is one file or a folder."""

    read: Callable
    write: Callable
    one_file: bool
    iterate: Callable | None = None


_FORMATS = {
    "coco": _Format(_coco_read.read, _coco_write.write, True),
    "coco_results": _Format(_coco_read.read_results, _coco_write.write_results, True),
    "cvat": _Format(_cvat_read.read, _cvat_write.write, True),
    "label-studio": _Format(_label_studio_read.read, _label_studio_write.write, True),
    "labelme": _Format(_labelme_read.read, _labelme_write.write, False, _labelme_read.iterate),
    "voc": _Format(_voc_read.read, _voc_write.write, False, _voc_read.iterate),
    "yolo": _Format(_yolo_read.read, _yolo_write.write, False, _yolo_read.iterate),
}
FORMATS = tuple(_FORMATS)


def read_annotations(
    path,
    format: str | None = None,
    *,
    on_error: str = "raise",
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
    **options,
) -> AnnotationSet:
    """Read a file, a folder or a list of files of annotations.

    Parameters
    ----------
    path : path or list of paths
        One file for COCO, CVAT and Label Studio; a folder, a file or a list for the others.
    format : str, default=None
        One of ``FORMATS``; by default `detect_format` finds out.
    on_error : {"raise", "skip"}, default="raise"
        What to do with an image, object or file that is damaged: stop, or leave it out and count it in
        ``annotations.report``. COCO, CVAT and Label Studio are one file: where that cannot be parsed,
        it is an error in both cases.
    max_pixels : int, default=2**28
        Images stated to be larger are refused, so that no mask is decoded that does not fit in memory.
    max_bytes : int, default=2**30
        Files that are larger are refused. A JSON file takes about ten times its size in memory.
    **options
        What the format adds: ``reference`` (coco_results), ``corners`` (voc), ``class_names``,
        ``image_sizes``, ``point_shape`` (yolo), ``keep_image_data`` (labelme), ``source``
        (label-studio); see the user guide.

    Returns
    -------
    AnnotationSet

    Raises
    ------
    FormatError
        Where a file is not what the format promises; the message names file and place.
    """
    chosen, reading = _chosen(path, format), _reading(on_error, max_pixels, max_bytes)
    kind = _FORMATS[chosen]
    target = Path(path) if kind.one_file and not isinstance(path, (list, tuple)) else path
    if kind.one_file and isinstance(target, (list, tuple)):
        raise ValueError(f"path must be one file for format {chosen!r}, got a list")
    annotations = kind.read(target, reading, **_checked_options(kind.read, options, 2, chosen))
    _note_overhang(annotations)
    return annotations


def iter_annotations(
    path,
    format: str | None = None,
    *,
    on_error: str = "raise",
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
    report: Report | None = None,
    **options,
) -> Iterator[ImageRecord]:
    """The images of `read_annotations`, one at a time.

    For VOC, YOLO and LabelMe only one image is in memory at a time; the others are one file, which is
    read first. ``report``, where given, receives the counts of what was left out.
    """
    chosen, reading = _chosen(path, format), _reading(on_error, max_pixels, max_bytes, report)
    kind = _FORMATS[chosen]
    read = kind.iterate or kind.read
    target = Path(path) if kind.one_file else path
    yield from read(target, reading, **_checked_options(read, options, 2, chosen))


def write_annotations(
    annotations: AnnotationSet | Iterable[ImageRecord], path, format: str | None = None, **options
) -> Report:
    """Write annotations; every file appears whole or not at all.

    Parameters
    ----------
    annotations : AnnotationSet or iterable of ImageRecord
    path : path
        A file for COCO, CVAT and Label Studio, a folder for VOC, YOLO and LabelMe.
    format : str, default=None
        One of ``FORMATS``; by default the one that the annotations were read from.
    **options
        What the format adds: ``corners`` (voc), ``kind`` (yolo), ``source`` and ``model_version``
        (label-studio); see the user guide.

    Returns
    -------
    Report
        The files that were written, and counts of what the format cannot hold (``dropped``) or holds
        only in another form (``noted``).

    Raises
    ------
    ValueError
        Where the format needs what is not there (the size of an image, the score of a detection), or a
        file name leads out of the folder.
    """
    if not isinstance(annotations, AnnotationSet):
        annotations = AnnotationSet(tuple(annotations))
    chosen = _known(format or annotations.format)
    writing = Writing(Path(path), chosen, annotations)
    writer_of(chosen, writing.path, options)(writing, **options)
    return writing.report


def writer_of(format: str, path: Path, options: Mapping[str, Any]) -> Callable:
    """What writes a format; ValueError or TypeError where it does not go with the path or the options."""
    kind = _FORMATS[_known(format)]
    if kind.one_file and path.is_dir():
        raise ValueError(f"path must be a file for format {format!r}, {path} is a folder")
    if not kind.one_file and path.exists() and not path.is_dir():
        raise ValueError(f"path must be a folder for format {format!r}, {path} is a file")
    _checked_options(kind.write, options, 1, format)
    return kind.write


def convert(
    source,
    target,
    to: str,
    *,
    source_format: str | None = None,
    on_error: str = "raise",
    read_options: Mapping[str, Any] | None = None,
    write_options: Mapping[str, Any] | None = None,
) -> Report:
    """Read ``source`` and write it to ``target`` in the format ``to``.

    Returns
    -------
    Report
        Counts of both ways together.
    """
    _known(to)
    annotations = read_annotations(source, source_format, on_error=on_error, **(read_options or {}))
    report = write_annotations(annotations, target, to, **(write_options or {}))
    both = Report()
    both.merge(annotations.report)
    both.merge(report)
    return both


def _known(format: str | None) -> str:
    if format is None:
        raise ValueError(f"format must be given, one of {FORMATS}: these annotations come from no file")
    name = {"label_studio": "label-studio"}.get(format, format)
    if name not in _FORMATS:
        raise ValueError(f"format must be one of {FORMATS}, got {format!r}")
    return name


def _chosen(path, format: str | None) -> str:
    return _known(format) if format is not None else detect_format(path)


def _reading(on_error: str, max_pixels: int, max_bytes: int, report: Report | None = None) -> Reading:
    if on_error not in ("raise", "skip"):
        raise ValueError(f"on_error must be 'raise' or 'skip', got {on_error!r}")
    for name, value in (("max_pixels", max_pixels), ("max_bytes", max_bytes)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a positive integer, got {value!r}")
    return Reading(on_error, max_pixels, max_bytes, report if report is not None else Report())


def _checked_options(function: Callable, options: Mapping, n_first: int, format: str) -> Mapping:
    known = list(inspect.signature(function).parameters)[n_first:]
    for name in options:
        if name not in known:
            raise TypeError(f"format {format!r} has no option {name!r}; it has {known or 'none'}")
    return options


def _note_overhang(annotations: AnnotationSet) -> None:
    """Boxes that reach out of their image by more than half a pixel are kept and counted."""
    for image in annotations:
        if image.height is None:
            continue
        for record in image.objects:
            x0, y0, x1, y1 = record.box if record.box and not record.rotation else (0, 0, 0, 0)
            if min(x0, y0) < -0.5 or x1 > image.width + 0.5 or y1 > image.height + 0.5:
                annotations.report.noted["box that reaches outside its image"] += 1
