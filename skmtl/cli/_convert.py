"""``skmtl convert``: annotations in another format."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import _arguments as arguments
from ._arguments import answer


def add_to(commands) -> None:
    convert = commands.add_parser("convert", help="write annotations in another format")
    convert.add_argument("file", type=Path, help="the annotations: a file or a folder")
    formats = (*arguments.FORMATS, "coco_results")
    convert.add_argument("--from", dest="source", choices=formats, help="their format (by default found out)")
    convert.add_argument("--to", dest="target", choices=formats, required=True, help="the format to write")
    convert.add_argument(
        "--out", type=Path, required=True, metavar="PATH", help="the file or folder to write"
    )
    convert.add_argument("--images", metavar="IMAGES", help="the images, whose sizes YOLO is relative to")
    arguments.add_option(convert, "--read-option", "of the format that is read, such as corners=edges")
    arguments.add_option(convert, "--write-option", "of the format that is written")
    arguments.add_on_error(convert)
    arguments.add_output(convert)
    convert.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from ..io import write_annotations
    from ._annotations import read
    from ._images import find_images

    images = find_images(options.images) if options.images else []
    annotations = read(options, options.file, options.source, options.read_option, images)
    try:
        report = write_annotations(annotations, options.out, options.target, **dict(options.write_option))
    except TypeError as error:  # an option that the format does not have
        raise ValueError(str(error)) from None
    both = {name: dict(getattr(annotations.report, name) + getattr(report, name)) for name in _SHOWN}
    objects = sum(len(image.objects) for image in annotations)
    facts = {"images": len(annotations), "objects": objects, **both, "written": options.out}
    answer(options, facts, lambda: _text(facts))


_SHOWN = ("skipped", "dropped", "noted")


def _text(facts: dict) -> str:
    lines = [f"{facts['images']} images, {facts['objects']} objects: {facts['written']}"]
    return "\n".join(
        [*lines, *(f"{name} {n} x {what}" for name in _SHOWN for what, n in facts[name].items())]
    )
