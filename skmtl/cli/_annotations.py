"""Annotation files that commands read."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..io import AnnotationSet, detect_format, read_annotations
from ._arguments import remark
from ._images import ImageFile, Matched, match, yolo_sizes


def read(
    options: argparse.Namespace,
    path: Path,
    format: str | None,
    given: Sequence[tuple[str, object]] = (),
    images: Sequence[ImageFile] = (),
    **more,
) -> AnnotationSet:
    """Annotations, with a remark on what was left out; of YOLO with the sizes of ``images``."""
    format = format or detect_format(path)
    settings = {**more, **dict(given)}
    if format == "yolo" and images:
        settings.setdefault("image_sizes", yolo_sizes(images))
    try:
        annotations = read_annotations(path, format, on_error=options.on_error, **settings)
    except TypeError as error:  # an option that the format does not have
        raise ValueError(str(error)) from None
    report = annotations.report
    if report.skipped or report.dropped:
        remark(options, f"{path}: {'; '.join(str(report).splitlines())}")
    return annotations


def matched(names: Sequence[str], annotations: AnnotationSet) -> Matched:
    """Names of images joined with records; an error where none has a partner."""
    found = match(names, annotations)
    if not found.pairs:
        raise ValueError(
            f"no image has a name that the annotations know: an image is {names[0]!r}, an annotated one "
            f"{(found.no_image or ['none'])[0]!r}"
        )
    return found


def left_out(annotations: AnnotationSet, found: Matched, skipped: int = 0) -> dict[str, int]:
    """How much was not used, by kind; nothing is left out silently."""
    report = annotations.report
    counts = {f"{what} in the annotation file": n for what, n in (report.skipped + report.dropped).items()}
    counts |= {"annotated image that is not there": len(found.no_image)}
    counts |= {"image without annotations": len(found.no_record), "image that cannot be used": skipped}
    return {what: n for what, n in counts.items() if n}


def left_out_text(counts: Mapping[str, int]) -> list[str]:
    """A line for each kind."""
    return [f"left out: {n} x {what}" for what, n in counts.items()]
