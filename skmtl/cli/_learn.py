"""Learning from image files and their records."""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

from ..annotation import ImageAnnotator
from ..feature_extraction import ConvFeatureExtractor
from ..io import AnnotationSet, ImageRecord
from ..neural_network import Augment
from ..utils._progress import Progress
from ._arguments import remark
from ._images import ImageFile, PixelsOf, read_image
from ._kinds import HEADS, checked_kinds, kinds_held, part_of, vocabulary
from ._labeller import Labeller, same_type

Pair = tuple[ImageFile, ImageRecord]


def split(pairs: list[Pair], options: argparse.Namespace) -> tuple[list[Pair], list[Pair]]:
    """Those to learn from, and the share of them, drawn by the seed, to be judged by."""
    n = round(options.test_share * len(pairs))
    if not n < len(pairs):
        raise ValueError(
            f"--test-share {options.test_share:g} of {len(pairs)} images leaves none to learn from"
        )
    held = np.zeros(len(pairs), bool)
    held[np.random.default_rng(options.seed).permutation(len(pairs))[:n]] = True
    return [[pair for pair, out in zip(pairs, held, strict=True) if out == which] for which in (False, True)]


def learn(options: argparse.Namespace, pairs: list[Pair], truth: AnnotationSet) -> tuple[Labeller, dict]:
    """A fitted annotator, and the facts to keep of what it has learned from."""
    records = [record for _, record in pairs]
    kinds = checked_kinds(options.kinds, records) if options.kinds else kinds_held(records)
    heads = {kind: HEADS[kind]() for kind in kinds}
    images, parts, shapes, dtype = _read(options, pairs, heads)
    model = ImageAnnotator(
        list(heads.items()),
        _trunk(options, shapes, images.colour),
        max_samples=options.max_samples,
        max_iter=options.max_iter,
        augment=_augment(options),
        random_state=options.seed,
        n_jobs=options.jobs,
        verbose=not options.quiet,
    ).fit(images, parts)
    model.set_params(verbose=False, n_jobs=None)
    labeller = Labeller(model, *vocabulary(truth, kinds), dtype)
    facts = {
        "kinds": kinds,
        "images": len(images),
        "smallest": [min(side) for side in zip(*shapes, strict=True)],
        "largest": [max(side) for side in zip(*shapes, strict=True)],
        "objects": dict(Counter(one.label for _, record in pairs for one in record.objects if one.label)),
    }
    return labeller, facts


def _augment(options: argparse.Namespace) -> Augment | None:
    return None if options.augment is None else Augment(flip=options.augment, rotate=options.rotate or 0.0)


def _trunk(options: argparse.Namespace, shapes: list[tuple], colour: bool) -> ConvFeatureExtractor | None:
    if options.filters is None:
        return None
    return ConvFeatureExtractor(
        n_filters=options.filters,
        kernel_size=min(6, *shapes[0]),
        image_shape=(None, None, 3 if colour else 1),
        scales=(1, 2, 4, 8),
        random_state=options.seed,
    )


def _read(options: argparse.Namespace, pairs: list[Pair], heads: dict) -> tuple[PixelsOf, list, list, str]:
    """Images, what the heads learn of each, their heights and widths, the type of pixels.

    What cannot be used is found here, where its file is known.
    """
    images, parts, shapes, dtype = [], [], [], None
    with Progress(len(pairs), "read", enabled=not options.quiet) as bar:
        for image, record in pairs:
            try:
                pixels = same_type(read_image(image.path), dtype, image.path)
                part = {kind: part_of(record, kind) for kind in heads}
                for kind, head in heads.items():
                    head.read(part[kind], pixels.shape, f"{image.path}: {kind}")
                images.append(image)
                parts.append(part)
                shapes.append(pixels.shape)
                dtype = pixels.dtype.name
            except ValueError as error:
                if options.on_error == "raise":
                    raise
                remark(options, f"left out: {error}")
            bar.step(image.name)
    if not images:
        raise ValueError("no image can be used")
    colour = any(len(shape) == 3 for shape in shapes)
    return PixelsOf(images, colour), parts, [shape[:2] for shape in shapes], dtype


def predictions(
    options: argparse.Namespace, labeller: Labeller, pairs: list[Pair]
) -> tuple[list[ImageRecord], list[ImageRecord]]:
    """What the model says of images, and what is true; those that cannot be read are left out of both."""
    found, judged = [], []
    with Progress(len(pairs), "judge", enabled=not options.quiet) as bar:
        for image, record in pairs:
            try:
                found.append(labeller.tell(image.name, labeller.read(image)))
                judged.append(record)
            except ValueError as error:
                if options.on_error == "raise":
                    raise
                remark(options, f"left out: {error}")
            bar.step(image.name)
    return found, judged
