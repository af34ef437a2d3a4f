"""``skmtl train``: a model file from annotated images."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import _arguments as arguments
from ._arguments import answer


def add_to(commands) -> None:
    train = commands.add_parser("train", help="learn to annotate from annotated images; writes a model file")
    arguments.add_images(train)
    arguments.add_annotations(train)
    train.add_argument(
        "--out", type=Path, required=True, metavar="MODEL.skmtl", help="the model file to write"
    )
    train.add_argument(
        "--kinds",
        metavar="A,B",
        help="what to learn, of objects, instances, points, bodies, pixels, regions, tags (by default all "
        "that the annotations hold)",
    )
    train.add_argument(
        "--test-share",
        type=arguments.share,
        default=0.0,
        metavar="SHARE",
        help="share of the images to hold back; the scores on them are printed (default 0)",
    )
    train.add_argument(
        "--seed", type=arguments.seed, default=0, help="of the model and the split (default 0)"
    )
    train.add_argument(
        "--filters",
        type=arguments.count,
        metavar="N",
        help="convolutional filters of the trunk, for all kinds (by default 32 for objects, points, bodies "
        "and tags, none for instances, pixels and regions)",
    )
    train.add_argument(
        "--max-iter", type=arguments.count, default=15, metavar="N", help="epochs (default 15)"
    )
    train.add_argument(
        "--max-samples",
        type=arguments.count,
        default=40_000,
        metavar="N",
        help="cells, pixels or regions to learn from, at most (default 40000)",
    )
    train.add_argument(
        "--augment",
        choices=("none", "horizontal", "both"),
        metavar="FLIP",
        help="learn also from three copies of every image, moved, lit differently, and mirrored: none, "
        "horizontal (left and right) or both; meant for few images",
    )
    train.add_argument(
        "--rotate",
        type=arguments.number(float, 0, 180, "a number of degrees from 0 to 180"),
        metavar="DEGREES",
        help="turn the copies by up to so many degrees, either way; needs --augment (default 0)",
    )
    arguments.add_jobs(train)
    arguments.add_on_error(train)
    arguments.add_output(train)
    train.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from ..annotation import score_annotations
    from ..persistence import save_model
    from ._annotations import left_out, matched, read
    from ._images import find_images
    from ._learn import learn, predictions, split

    if options.rotate is not None and options.augment is None:
        raise ValueError("--rotate turns copies of the images: it needs --augment, such as --augment none")
    images = find_images(options.images)
    truth = read(options, options.annotations, options.format, options.option, images)
    files = {image.name: image for image in images}
    joined = matched(list(files), truth)
    known, held_out = split([(files[name], record) for name, record in joined.pairs], options)
    labeller, facts = learn(options, known, truth)
    skipped = len(known) - facts["images"]
    if held_out:
        found, judged = predictions(options, labeller, held_out)
        facts["scores"] = score_annotations(judged, found, kinds=labeller.scored)
        facts["held_back"] = len(judged)
        skipped += len(held_out) - len(judged)
    facts["left_out"] = left_out(truth, joined, skipped)
    path = save_model(labeller.model, options.out, about=facts | labeller.about())
    answer(options, facts | {"model": path}, lambda: _text(facts, path))


def _text(facts: dict, path: Path) -> str:
    from ._annotations import left_out_text
    from ._scores import scores_text

    lines = [f"learned {', '.join(facts['kinds'])} from {facts['images']} images"]
    lines += left_out_text(facts["left_out"])
    if "scores" in facts:
        lines.append(f"scores on {facts['held_back']} images held back:\n{scores_text(facts['scores'])}")
    return "\n".join([*lines, f"model: {path}"])
