"""``skmtl annotate``: annotation files from a model file and images."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import _arguments as arguments
from ._arguments import answer, remark


def add_to(commands) -> None:
    annotate = commands.add_parser("annotate", help="annotate images by a model file")
    arguments.add_images(annotate)
    annotate.add_argument("--model", type=Path, required=True, metavar="MODEL.skmtl", help="the model file")
    annotate.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PATH",
        help="a file for coco, cvat and label-studio, a folder for labelme, voc and yolo",
    )
    annotate.add_argument("--format", choices=arguments.FORMATS, required=True, help="what to write")
    arguments.add_option(annotate, "--option", "of that format, such as corners=edges")
    annotate.add_argument(
        "--min-score",
        type=arguments.share,
        default=0.5,
        metavar="SCORE",
        help="leave out objects that are less sure than that (default 0.5)",
    )
    annotate.add_argument(
        "--uncertainty",
        type=Path,
        metavar="FILE.csv",
        help="also write how unsure the model is of each image, the least sure one first",
    )
    arguments.add_jobs(annotate)
    arguments.add_on_error(annotate)
    arguments.add_output(annotate)
    annotate.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from ._images import find_images
    from ._labeller import Labeller
    from ._write import Job, open_writer

    labeller, images = Labeller.load(options.model), find_images(options.images)
    writer = open_writer(options, labeller, images)
    if writer.done:
        remark(options, f"goes on where it was interrupted: {len(writer.done)} images are done")
    job = Job(options, labeller, writer)
    with writer:
        try:
            job.work(images)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"{len(writer.done)} images are done; the same command goes on") from None
        if options.uncertainty is not None:
            job.write_uncertainty(options.uncertainty)
        report = writer.close()
    facts = {
        "images": len(writer.done),
        "skipped": job.skipped,
        "not held": dict(report.dropped),
        "in another form": dict(report.noted),
        "written": options.out,
    }
    answer(options, facts, lambda: _text(facts))


def _text(facts: dict) -> str:
    lines = [f"annotated {facts['images']} images: {facts['written']}"]
    if facts["skipped"]:
        lines.append(f"{len(facts['skipped'])} images were left out")
    for name, what in (("not held", "the format does not hold"), ("in another form", "in another form")):
        lines += [f"{what}: {count} x {one}" for one, count in sorted(facts[name].items())]
    return "\n".join(lines)
