"""``skmtl evaluate``: scores of a model, or of annotations, against true ones."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import _arguments as arguments
from ._arguments import answer, remark


def add_to(commands) -> None:
    evaluate = commands.add_parser("evaluate", help="score a model or annotations against true annotations")
    arguments.add_images(evaluate, nargs="?")
    evaluate.add_argument("--model", type=Path, metavar="MODEL.skmtl", help="the model file to score")
    evaluate.add_argument(
        "--predictions", type=Path, metavar="FILE", help="the annotations to score, in the place of a model"
    )
    evaluate.add_argument(
        "--predictions-format",
        choices=(*arguments.FORMATS, "coco_results"),
        help="their format (by default it is found out)",
    )
    arguments.add_annotations(evaluate)
    evaluate.add_argument(
        "--count-score",
        type=arguments.share,
        default=0.5,
        metavar="SCORE",
        help="count objects that are at least that sure (default 0.5)",
    )
    arguments.add_on_error(evaluate)
    arguments.add_output(evaluate)
    evaluate.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from ..annotation import score_annotations
    from ._annotations import left_out_text
    from ._scores import scores_text

    if (options.model is None) == (options.predictions is None):
        raise ValueError("give either --model and images, or --predictions")
    if options.model is not None and options.images is None:
        raise ValueError("give the images that the model of --model is to annotate")
    found, truth, kinds, unused = (_of_model if options.model is not None else _of_file)(options)
    scores = score_annotations(truth, found, kinds=kinds, count_score=options.count_score)
    facts = {"images": len(truth), "left_out": unused, "scores": scores}
    lines = [f"{len(truth)} images", *left_out_text(unused), scores_text(scores)]
    answer(options, facts, lambda: "\n".join(lines))


def _of_model(options: argparse.Namespace) -> tuple[list, list, list, dict]:
    """Predicted and true records, the kinds that the model tells, and what was left out."""
    from ._annotations import left_out, matched, read
    from ._images import find_images
    from ._labeller import Labeller
    from ._learn import predictions

    labeller, images = Labeller.load(options.model), find_images(options.images)
    truth = read(options, options.annotations, options.format, options.option, images)
    files = {image.name: image for image in images}
    joined = matched(list(files), truth)
    pairs = [(files[name], record) for name, record in joined.pairs]
    found, judged = predictions(options, labeller, pairs)
    return found, judged, labeller.scored, left_out(truth, joined, len(pairs) - len(judged))


def _of_file(options: argparse.Namespace) -> tuple[list, list, None, dict]:
    """Predicted and true records of the images that the truth has; one that lacks predictions has none."""
    from ..io import ImageRecord, detect_format
    from ._annotations import left_out, matched, read
    from ._images import find_images, was_annotated

    images = find_images(options.images) if options.images else []
    truth = read(options, options.annotations, options.format, options.option, images)
    format, more = options.predictions_format or detect_format(options.predictions), {}
    if format == "coco_results":
        more["reference"] = truth
    if format == "label-studio":
        more["source"] = "predictions"
    told = read(options, options.predictions, format, images=images, **more)
    by_name = {record.file_name: record for record in told}
    joined = matched(list(by_name), truth)
    partner = {record.file_name: by_name[name] for name, record in joined.pairs}
    if joined.no_image:
        remark(
            options, f"{len(joined.no_image)} annotated images have no predictions: nothing was found there"
        )
    judged = [one for one in truth if was_annotated(one, truth.format)]
    found = [partner.get(one.file_name, ImageRecord(one.file_name, *one.size)) for one in judged]
    return found, judged, None, left_out(truth, joined._replace(no_image=[]))
